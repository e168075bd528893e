"""Protocol-buffer messages as lists of fields: enough to edit a model file without a library that understands it.

What is not edited is written back byte for byte, so the same file and the same edit always give the same bytes.

Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterable

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Field = tuple[int, int, bytes | memoryview]
"""Number, wire type, and value: content for BYTES, the encoded value for the others."""


class Malformed(ValueError):
    """The bytes are no protocol-buffer message."""


def fields(message: bytes | memoryview) -> list[Field]:
    """Split a message into its fields, in order.

    Raises:
        Malformed: If it ends within a field, or a field is of an unknown kind.
    """
    view = memoryview(message)
    found: list[Field] = []
    at = 0
    while at < len(view):
        key, at = read_varint(view, at)
        kind = key & 7
        start = at
        if kind == VARINT:
            _, at = read_varint(view, at)
        elif kind == BYTES:
            length, start = read_varint(view, at)
            at = start + length
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
        else:
            raise Malformed("field of an unknown kind")
        if at > len(view):
            raise Malformed("field runs beyond the end")
        found.append((key >> 3, kind, view[start:at]))
    return found


def written(message: Iterable[Field]) -> bytes:
    """Return the message that has these fields."""
    parts: list[bytes | memoryview] = []
    for number, kind, value in message:
        parts.append(varint(number << 3 | kind))
        if kind == BYTES:
            parts.append(varint(len(value)))
        parts.append(value)
    return b"".join(parts)


def read_varint(view: memoryview, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place after it.

    Raises:
        Malformed: If it does not end, or is longer than 64 bits.
    """
    value = shift = 0
    while True:
        if at >= len(view) or shift > 63:
            raise Malformed("number does not end")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def varint(value: int) -> bytes:
    """Return a number as it is written."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def texts(message: Iterable[Field], number: int) -> list[str]:
    """Return the strings of a repeated field."""
    return [bytes(value).decode() for found, kind, value in message if found == number and kind == BYTES]
