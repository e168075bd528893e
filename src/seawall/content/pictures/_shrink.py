"""Making a frame small, in colour and upright. Runs in the decode process.

A JPEG is decoded in colour at a scale that the DCT gives for nothing, and taken as it comes where that is close enough;
every other format comes in strips at full resolution. Scaling changes pixels, so it is never used for hashes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from seawall.content.images import Frame, Strip, open_images
from seawall.content.images._jpeg_header import read_jpeg_header
from seawall.content.limits import Limits
from seawall.content.media import Sniffed
from seawall.content.pictures._picture import PICTURE_SIDE, Picture, Pixels

LIMITS = Limits(max_pixels=50_000_000, max_frames=400, max_total_pixels=100_000_000, max_seconds=20.0)
"""Larger pictures are left out: detectors abstain from them."""

KEPT_FRAMES = 8
"""Pictures of an animation or of a file of many pages."""

CLOSE_ENOUGH = 512
"""Long side from which a JPEG that the DCT made smaller is not made exactly `PICTURE_SIDE` long."""

_EIGHTHS = 8
_MIRRORED = frozenset({2, 4, 5, 7})
_QUARTER_TURNS = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}
"""Turns to the left, after mirroring, that undo what EXIF states."""


def small_pictures(data: memoryview, kind: Sniffed) -> tuple[list[Picture], frozenset[str]]:
    """Return the pictures of an image file, evenly spread over its frames, and what is true of the file.

    Raises:
        MediaError: If nothing decodes.
        TooLarge: If it has more than 50 megapixels.
    """
    if kind.format == "jpeg" and (quick := _quick_jpeg(data)) is not None:
        return [quick], frozenset()
    kept: list[Picture] = []
    stride = 1
    with open_images(data, kind=kind, limits=LIMITS) as reader:
        for place, frame in enumerate(reader.frames()):
            if place % stride:
                continue
            if len(kept) == KEPT_FRAMES:
                kept = kept[::2]
                stride *= 2
                if place % stride:
                    continue
            kept.append(_picture(_from_frame(frame), frame.width, frame.height, reader.orientation, frame.index))
        return kept, reader.flags


def shrunk(pixels: Pixels) -> Pixels:
    """Return RGB pixels whose long side is at most `PICTURE_SIDE`."""
    share = PICTURE_SIDE / max(pixels.shape[:2])
    if share >= 1:
        return pixels
    height, width = (max(1, round(side * share)) for side in pixels.shape[:2])
    small = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small)


def _quick_jpeg(data: memoryview) -> Picture | None:
    """Return an undamaged JPEG of three or one components; None leaves it to the general reader."""
    header = read_jpeg_header(data)
    LIMITS.check_size(header.width, header.height)
    if not header.has_luma:
        return None
    try:
        import simplejpeg

        eighths = _scale(max(header.width, header.height))
        least = {"min_height": _scaled(header.height, eighths), "min_width": _scaled(header.width, eighths)}
        pixels = simplejpeg.decode_jpeg(data, "RGB", **least)
    except (ImportError, ValueError):
        return None
    return _picture(shrunk(pixels), header.width, header.height, header.orientation, 0)


def _scale(side: int) -> int:
    """Return in how many eighths to decode a long side: those that are close enough, or else too many."""
    fitting = min(_EIGHTHS, PICTURE_SIDE * _EIGHTHS // side)
    close = fitting == _EIGHTHS or fitting * side >= CLOSE_ENOUGH * _EIGHTHS
    return fitting if close else fitting + 1


def _scaled(side: int, eighths: int) -> int:
    return -(-side * eighths // _EIGHTHS)


def _from_frame(frame: Frame) -> Pixels:
    strips = frame.variants.get("on_white", frame.strips)
    whole = np.empty((frame.height, frame.width, 3), np.uint8)
    top = 0
    for rows in _coloured(strips()):
        whole[top : top + len(rows)] = rows
        top += len(rows)
    return shrunk(whole)


def _coloured(strips: Iterator[Strip]) -> Iterator[Pixels]:
    """Give luma as grey."""
    for strip in strips:
        if strip.ndim == 3:
            yield strip.astype(np.uint8, copy=False)
        else:
            grey = np.rint(strip).astype(np.uint8) if strip.dtype != np.uint8 else strip
            yield np.broadcast_to(grey[:, :, None], (*grey.shape, 3))


def _picture(small: Pixels, width: int, height: int, orientation: int, frame: int) -> Picture:
    if orientation in _MIRRORED:
        small = small[:, ::-1]
    small = np.rot90(small, _QUARTER_TURNS.get(orientation, 0))
    if orientation >= 5:
        width, height = height, width
    return Picture(small, width, height, frame)
