"""Typed lines, as the local_file exchange of `threatexchange` reads: `type value`, one pair a line."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import BadSignal
from seawall.matching.lists.formats.source import ListFile
from seawall.matching.lists.rows import BadRow, ListRow, Tally


def parse_typed(file: ListFile, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    """Yield the rows of a file of typed lines; types that are not installed are tallied."""
    for number, text in file.lines(tally):
        name, *value = text.split(None, 1)
        name = name.lower()
        if not value:
            tally.reject(BadRow.FIELDS, number)
        elif name not in types:
            tally.skip(name)
        else:
            try:
                yield ListRow(name, types[name].parse(value[0]))
            except BadSignal:
                tally.reject(BadRow.MALFORMED, number)
