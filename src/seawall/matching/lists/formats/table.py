"""CSV as `threatexchange dataset -P --csv` prints: signal_type,signal_str,collab,category,tags.

Labels of a row are its category and its tags (separated by blanks). A column `quality` is read where present.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from seawall.errors import ListFormatError
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import BadSignal
from seawall.matching.lists.formats.source import ListFile
from seawall.matching.lists.rows import BadRow, ListRow, Tally

REQUIRED = ("signal_type", "signal_str")


def columns_of(line: str) -> list[str]:
    """Return the column names that a header line writes."""
    return [name.strip().strip('"').lower() for name in line.split(",")]


def parse_table(file: ListFile, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    """Yield the rows of a CSV list.

    Raises:
        ListFormatError: If the header does not name the required columns.
    """
    numbers = _Numbers(file.lines(tally))
    header = columns_of(next(numbers, ""))
    if not set(REQUIRED) <= set(header):
        raise ListFormatError(f"{file.path.name} is not a hash list: its header lacks {' or '.join(REQUIRED)}")
    reader = csv.reader(numbers)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error:
            tally.reject(BadRow.FIELDS, numbers.last)
            continue
        if fields is None:
            return
        row = dict(zip(header, (text.strip() for text in fields), strict=False))
        yield from _row(row, numbers.last, types, tally)


def _row(row: dict[str, str], number: int, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    name, text = row.get("signal_type", "").lower(), row.get("signal_str", "")
    quality = row.get("quality", "")
    if not name or not text or (quality and not (quality.isascii() and quality.isdigit() and len(quality) <= 3)):
        tally.reject(BadRow.FIELDS, number)
        return
    if name not in types:
        tally.skip(name)
        return
    try:
        value = types[name].parse(text)
    except BadSignal:
        tally.reject(BadRow.MALFORMED, number)
        return
    labels = (*row.get("category", "").split(), *row.get("tags", "").split())
    yield ListRow(name, value, labels=tuple(dict.fromkeys(labels)), quality=int(quality) if quality else None)


class _Numbers(Iterator[str]):
    """Texts of numbered lines, remembering the last number; the CSV reader sees only its own count."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self.last = 0

    def __next__(self) -> str:
        self.last, text = next(self._lines)
        return text + "\n"
