"""Plain lists: one hexadecimal value a line.

Blocks of equally long lines, which is nearly every such file, are decoded as arrays; any other block line by line.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import BadSignal, SignalType
from seawall.matching.lists.formats.source import MAX_LINE, ListFile
from seawall.matching.lists.rows import BadRow, ListRow, Tally, ValueBlock

TYPE_OF_DIGITS = {64: "pdq", 32: "md5", 40: "sha1"}
"""Type of a value by its number of hexadecimal digits, when nobody says. 64 digits are also SHA-256 and BLAKE3."""

_BLOCK = 1 << 22
_NOT_HEX = 255
_NIBBLES = np.full(256, _NOT_HEX, np.uint8)
for _digit in range(16):
    _NIBBLES[[ord(f"{_digit:x}"), ord(f"{_digit:X}")]] = _digit


def parse_plain(
    file: ListFile, types: SignalTypes, tally: Tally, type_name: str | None
) -> Iterator[ListRow | ValueBlock]:
    """Yield the rows of a plain list.

    Args:
        file: The file.
        types: Known signal types.
        tally: Counts bad rows and inferred types.
        type_name: Type of every value; None infers it from each value's length.
    """
    wanted = types[type_name] if type_name else None
    if file.encoding == "utf-16":
        for number, text in file.lines(tally):
            yield from _line(text, number, types, tally, wanted)
        return
    for first, block in _blocks(file, tally):
        values = _uniform(block)
        kind = None if values is None else wanted or _inferred(values.shape[1], types)
        if values is not None and kind is not None and kind.width == values.shape[1]:
            if wanted is None:
                tally.inferred[kind.name] += len(values)
            yield ValueBlock(kind.name, values)
            continue
        for offset, line in enumerate(block.decode("utf-8", "replace").split("\n")):
            yield from _line(line, first + offset, types, tally, wanted)


def _inferred(width: int, types: SignalTypes) -> SignalType | None:
    name = TYPE_OF_DIGITS.get(2 * width)
    return types[name] if name else None


def _line(text: str, number: int, types: SignalTypes, tally: Tally, wanted: SignalType | None) -> Iterator[ListRow]:
    token = text.split("#", 1)[0].strip()
    if not token:
        return
    kind = wanted
    if kind is None:
        name = TYPE_OF_DIGITS.get(len(token))
        if name is None:
            tally.reject(BadRow.UNKNOWN_LENGTH, number)
            return
        kind = types[name]
    try:
        value = kind.parse(token)
    except BadSignal:
        tally.reject(BadRow.MALFORMED, number)
        return
    if wanted is None:
        tally.inferred[kind.name] += 1
    yield ListRow(kind.name, value)


def _blocks(file: ListFile, tally: Tally) -> Iterator[tuple[int, bytes]]:
    """Yield (number of the first line, whole lines ended by LF); lines longer than `MAX_LINE` are tallied."""
    number, rest, overlong = 1, b"", False
    with file.path.open("rb") as stream:
        if file.encoding == "utf-8-sig":
            stream.seek(3)
        while chunk := stream.read(_BLOCK):
            data = rest + chunk
            if data.endswith(b"\r"):  # its LF may be the first byte of the next chunk
                data += stream.read(1)
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if overlong:
                _, newline, data = data.partition(b"\n")
                if not newline:
                    rest = b""
                    continue
                overlong, number = False, number + 1
            whole, newline, rest = data.rpartition(b"\n")
            if newline:
                yield number, whole + newline
                number += whole.count(b"\n") + 1
            if len(rest) > MAX_LINE:
                tally.reject(BadRow.TOO_LONG, number)
                rest, overlong = b"", True
    if rest:
        yield number, rest + b"\n"


def _uniform(block: bytes) -> NDArray[np.uint8] | None:
    """Return the values of a block whose lines are all hexadecimal and equally long, else None."""
    stride = block.index(b"\n") + 1
    if stride < 3 or stride % 2 == 0 or len(block) % stride:
        return None
    table = np.frombuffer(block, np.uint8).reshape(-1, stride)
    if not (table[:, -1] == ord("\n")).all():
        return None
    nibbles = _NIBBLES[table[:, :-1]]
    if (nibbles == _NOT_HEX).any():
        return None
    return (nibbles[:, 0::2] << 4 | nibbles[:, 1::2]).astype(np.uint8, copy=False)
