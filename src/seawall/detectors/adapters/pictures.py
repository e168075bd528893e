"""Pictures as they are sent to a model: JPEG, the same bytes each time, never larger than asked, never enlarged."""

from __future__ import annotations

import math

import numpy as np

from seawall.detectors.contract import Picture

JPEG_QUALITY = 90
MEDIA_TYPE = "image/jpeg"


def to_jpeg(picture: Picture, most_pixels: int | None = None) -> bytes:
    """Return a picture as JPEG; nothing of the file that it came from is in it."""
    import simplejpeg

    pixels = np.ascontiguousarray(_within(picture, most_pixels))
    data: bytes = simplejpeg.encode_jpeg(
        pixels, quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling="444", fastdct=False
    )
    return data


def size_within(width: int, height: int, most_pixels: int | None) -> tuple[int, int]:
    """Return the size of a picture after it was made to have at most so many pixels."""
    if most_pixels is None or width * height <= most_pixels:
        return width, height
    share = math.sqrt(most_pixels / (width * height))
    # A picture one pixel wide or high does not get smaller with its share.
    height = max(1, min(math.floor(height * share), most_pixels))
    width = max(1, min(math.floor(width * share), most_pixels // height))
    return width, height


def _within(picture: Picture, most_pixels: int | None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    from PIL import Image

    height, width = picture.pixels.shape[:2]
    size = size_within(width, height, most_pixels)
    if size == (width, height):
        return picture.pixels
    return np.asarray(Image.fromarray(picture.pixels).resize(size, Image.Resampling.BICUBIC))
