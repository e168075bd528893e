"""A PNG without what viewers pass over: they show a picture whose comments are broken, so it has to be hashed too.

Source: W3C, Portable Network Graphics (Third Edition), section 5.
"""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"})
_HEAD = struct.Struct(">I4s")
_CHECKSUM_BYTES = 4


def mended_png(data: memoryview) -> bytes | None:
    """Return the chunks that make up the picture, their checksums put right; None if there is no picture data."""
    parts = [_SIGNATURE]
    at = len(_SIGNATURE)
    seen = False
    while at + _HEAD.size <= len(data):
        length, name = _HEAD.unpack_from(data, at)
        if not name.isalpha():
            break
        body = data[at + _HEAD.size : at + _HEAD.size + length]
        if name in _PICTURE:
            checksum = zlib.crc32(body, zlib.crc32(name))
            parts += (_HEAD.pack(len(body), name), bytes(body), checksum.to_bytes(_CHECKSUM_BYTES, "big"))
            seen = seen or name == b"IDAT"
        if name == b"IEND":
            break
        at += _HEAD.size + length + _CHECKSUM_BYTES
    return b"".join(parts) if seen else None
