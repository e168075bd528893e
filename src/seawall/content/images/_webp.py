"""The size of a WebP's canvas, read before the decoder takes memory for it.

Source: RFC 9649.
"""

from __future__ import annotations

from seawall.errors import MediaError

_START_CODE = b"\x9d\x01\x2a"
_LOSSLESS = 0x2F
_FOURTEEN_BITS = 0x3FFF


def webp_size(data: memoryview) -> tuple[int, int]:
    """Return width and height.

    Raises:
        MediaError: If the first chunk is not that of a WebP.
    """
    head = bytes(data[:30])
    chunk = head[12:16]
    if chunk == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if chunk == b"VP8L" and len(head) >= 25 and head[20] == _LOSSLESS:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & _FOURTEEN_BITS) + 1, (bits >> 14 & _FOURTEEN_BITS) + 1
    if chunk == b"VP8 " and len(head) >= 30 and head[23:26] == _START_CODE:
        sides = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        return sides[0] & _FOURTEEN_BITS, sides[1] & _FOURTEEN_BITS
    raise MediaError("the WEBP header makes no sense")
