"""The pictures in an icon, each as a file of its own: Pillow would decode the largest before its size is known."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from seawall.errors import MediaError

_HEADER = struct.Struct("<HHH")
_ENTRY = struct.Struct("<BBBBHHII")
_PNG = b"\x89PNG\r\n\x1a\n"
_DIB = struct.Struct("<Iii")
_DIB_HEADER_BYTES = 40
_SPARE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class IconImage:
    """One picture of an icon.

    Attributes:
        format: Pillow's name of its format.
        data: A file with this picture alone.
        size: Width and height, where Pillow would decode the picture to know them.
    """

    format: str
    data: memoryview
    size: tuple[int, int] | None = None


def icon_images(data: memoryview) -> Iterator[IconImage | None]:
    """Yield the pictures in the order of the directory; None for one that makes no sense.

    Raises:
        MediaError: If there is no directory.
    """
    if len(data) < _HEADER.size + _ENTRY.size:
        raise MediaError("the ICO file ends too early")
    _, _, count = _HEADER.unpack_from(data)
    if count == 0:
        raise MediaError("the ICO file holds no picture")
    for index in range(count):
        at = _HEADER.size + _ENTRY.size * index
        if at + _ENTRY.size > len(data):
            yield None
            return
        entry = _ENTRY.unpack_from(data, at)
        size, offset = entry[6], entry[7]
        picture = data[offset : offset + size]
        if len(picture) < size or size < _DIB.size:
            yield None
        elif picture[: len(_PNG)] == _PNG:
            yield IconImage("PNG", picture)
        else:
            yield _bitmap(picture, entry)


def _bitmap(picture: memoryview, entry: tuple[int, ...]) -> IconImage | None:
    """Return an icon with this bitmap alone."""
    header_bytes, width, both_heights = _DIB.unpack_from(picture)
    height = both_heights // 2  # of the picture and of its mask
    if header_bytes < _DIB_HEADER_BYTES or width < 1 or height < 1:
        return None
    if len(picture) > 8 * (width + 4) * height + _SPARE_BYTES:
        return None
    head = _HEADER.pack(0, 1, 1) + _ENTRY.pack(*entry[:6], len(picture), _HEADER.size + _ENTRY.size)
    return IconImage("ICO", memoryview(head + bytes(picture)), (width, height))
