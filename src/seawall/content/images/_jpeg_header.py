"""What a JPEG's header says: size, colour and orientation, read without decoding.

The colour rules are those of libjpeg, so that its luma output is asked for only where luma is stored.

Source: ITU-T T.81, annex B; libjpeg's `default_decompress_parms`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seawall.content.images._exif import UPRIGHT, orientation
from seawall.errors import MediaError, UnsupportedMedia

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP14 = 0xE0, 0xE1, 0xEE
_STANDALONE = frozenset({0x01, _SOI, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DCT_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_MAX_GARBAGE = 1 << 16
_MAX_SEGMENTS = 10_000
_RGB_IDS = b"RGB"


class JpegColour(StrEnum):
    """How a JPEG stores colour."""

    GRAY = "gray"
    YCBCR = "ycbcr"
    RGB = "rgb"
    FOUR = "four"
    """CMYK or YCCK."""


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """The header of a JPEG.

    Attributes:
        width: Pixels in a row.
        height: Rows.
        colour: How colour is stored.
        has_luma: Whether the file stores 8-bit luma by the DCT, so that it can be decoded alone.
        orientation: What EXIF says, 1..8.
    """

    width: int
    height: int
    colour: JpegColour
    has_luma: bool
    orientation: int


@dataclass(slots=True)
class _Seen:
    """What the segments before the first scan have said."""

    frame: tuple[int, bytes] | None = None
    jfif: bool = False
    adobe_transform: int | None = None
    orientation: int = UPRIGHT


def read_jpeg_header(data: memoryview) -> JpegHeader:
    """Return what the segments before the first scan say.

    Raises:
        MediaError: If there is no frame header, or it makes no sense.
        UnsupportedMedia: If it has a number of components that stands for no colour.
    """
    seen = _Seen()
    at = 2
    for _ in range(_MAX_SEGMENTS):
        marker, at = _next_marker(data, at)
        if marker in _STANDALONE:
            continue
        if marker in (_EOI, _SOS):
            break
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            raise MediaError("the file ends within the JPEG header")
        _read_segment(seen, marker, bytes(data[at + 2 : at + length]))
        at += length
    if seen.frame is None:
        raise MediaError("the JPEG has no frame header")
    return _judge(*seen.frame, seen)


def _next_marker(data: memoryview, at: int) -> tuple[int, int]:
    """Return the next marker and the place after it, as libjpeg finds it: past garbage and fill bytes."""
    end = min(len(data), at + _MAX_GARBAGE)
    while at + 1 < end:
        if data[at] == 0xFF and data[at + 1] not in (0x00, 0xFF):
            return data[at + 1], at + 2
        at += 1
    raise MediaError("the file ends within the JPEG header")


def _read_segment(seen: _Seen, marker: int, body: bytes) -> None:
    if marker in _FRAMES:
        if seen.frame is not None:
            raise MediaError("the JPEG has two frame headers")
        seen.frame = marker, body
    elif marker == _APP0 and len(body) >= 12 and body.startswith(b"JFIF\0"):
        seen.jfif = True
    elif marker == _APP14 and len(body) >= 12 and body.startswith(b"Adobe"):
        seen.adobe_transform = body[11]
    elif marker == _APP1 and seen.orientation == UPRIGHT and body.startswith(b"Exif\0\0"):
        seen.orientation = orientation(body)


def _judge(marker: int, frame: bytes, seen: _Seen) -> JpegHeader:
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise MediaError("the JPEG's frame header is too short")
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    colour = _colour(frame[5], bytes(frame[6 + 3 * component] for component in range(frame[5])), seen)
    eight_bit = frame[0] == 8 and marker in _DCT_FRAMES
    has_luma = eight_bit and colour in (JpegColour.GRAY, JpegColour.YCBCR)
    return JpegHeader(width, height, colour, has_luma, seen.orientation)


def _colour(components: int, ids: bytes, seen: _Seen) -> JpegColour:
    if components == 1:
        return JpegColour.GRAY
    if components == 4:
        return JpegColour.FOUR
    if components != 3:
        raise UnsupportedMedia(f"a JPEG with {components} components is not decoded")
    if seen.jfif:
        return JpegColour.YCBCR
    if seen.adobe_transform is not None:
        return JpegColour.RGB if seen.adobe_transform == 0 else JpegColour.YCBCR
    return JpegColour.RGB if ids == _RGB_IDS else JpegColour.YCBCR
