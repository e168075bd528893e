"""vPDQ text: the frames of one video as `frame,quality,hex,timestamp` lines; values are of type vpdq."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import BadSignal
from seawall.matching.lists.formats.source import ListFile
from seawall.matching.lists.rows import BadRow, ListRow, Tally

FRAME_LINE = re.compile(r"[0-9]{1,12},\s*([0-9]{1,3}),\s*([0-9A-Fa-f]{64}),\s*[0-9]{1,12}(?:\.[0-9]{1,12})?")


def parse_vpdq(file: ListFile, types: SignalTypes, tally: Tally) -> Iterator[ListRow]:
    """Yield a row for each frame, with its quality."""
    kind = types["vpdq"]
    for number, text in file.lines(tally):
        match = FRAME_LINE.fullmatch(text)
        if match is None:
            tally.reject(BadRow.FIELDS, number)
            continue
        try:
            yield ListRow(kind.name, kind.parse(match[2]), quality=int(match[1]))
        except BadSignal:
            tally.reject(BadRow.MALFORMED, number)
