"""The orientation that EXIF states; nothing else of EXIF is read."""

from __future__ import annotations

import struct

ORIENTATION_TAG = 0x0112
UPRIGHT = 1
_SHORT = 3
_MAX_ENTRIES = 512
_PREFIX = b"Exif\0\0"


def orientation(exif: bytes | memoryview) -> int:
    """Return the orientation, 1..8, of an EXIF block with or without its prefix; 1 if it states none."""
    block = bytes(exif[: 1 << 16])
    block = block.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(min(count, _MAX_ENTRIES)):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, start + 2 + 12 * entry)
            if tag == ORIENTATION_TAG:
                return checked(value) if kind == _SHORT else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


def checked(value: object) -> int:
    """Return `value` if it is an orientation, 1 otherwise."""
    return value if isinstance(value, int) and 1 <= value <= 8 else UPRIGHT
