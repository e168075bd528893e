"""From Pillow's pixel modes to strips: every mode gives what its 8-bit RGB twin would.

Bands of rows are cropped and converted one at a time, so that no second full-size picture exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from seawall.content.images._frame import Strip, Strips, rows_per_strip
from seawall.errors import UnsupportedMedia

_SIXTEEN_BIT = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_DEEP = frozenset({"I", "F"})
_BITS_PER_SAMPLE = 258
_SAMPLE_FORMAT = 339


def mode_strips(im: Image.Image) -> Strips:
    """Return what gives the strips of a loaded picture, alpha dropped.

    Raises:
        UnsupportedMedia: If no conversion of its mode is known.
    """
    if im.mode in _SIXTEEN_BIT:
        top = 4095.0 if _tiff_tag(im, _BITS_PER_SAMPLE) == 12 else 65_535.0
        return _scaled_strips(im, 0.0, top)
    if im.mode in _DEEP:
        return _deep_strips(im)
    convert = _CONVERSIONS.get(im.mode)
    if convert is None:
        raise UnsupportedMedia("pixels of this kind are not decoded")
    return lambda: (convert(band) for band in bands(im))


def bands(im: Image.Image) -> Iterator[Image.Image]:
    """Yield the picture in bands of rows, from top to bottom."""
    rows = rows_per_strip(im.width)
    for top in range(0, im.height, rows):
        yield im.crop((0, top, im.width, min(top + rows, im.height)))


def _bytes(band: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(band, np.uint8)


def _rgb(band: Image.Image) -> Strip:
    # A stated transparent colour is of no use once alpha is dropped, and a wrong one makes Pillow fail.
    band.info.pop("transparency", None)
    return _bytes(band.convert("RGB"))


def _lab(band: Image.Image) -> Strip:
    return _bytes(_lab_transform()(band))


@cache
def _lab_transform() -> Callable[[Image.Image], Image.Image]:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")

    def apply(band: Image.Image) -> Image.Image:
        converted = ImageCms.applyTransform(band, transform)
        if converted is None:
            raise UnsupportedMedia("L*a*b* pixels are not decoded")
        return converted

    return apply


_CONVERSIONS: Mapping[str, Callable[[Image.Image], Strip]] = {
    "1": lambda band: _bytes(band.convert("L")),
    "L": _bytes,
    "LA": lambda band: _bytes(band.getchannel(0)),
    "La": lambda band: _bytes(band.convert("LA").getchannel(0)),
    "P": _rgb,
    "PA": lambda band: _bytes(band.convert("RGBA").convert("RGB")),
    "RGB": _bytes,
    "RGBX": _rgb,
    "RGBA": _rgb,
    "RGBa": lambda band: _bytes(band.convert("RGBA").convert("RGB")),
    "CMYK": _rgb,
    "YCbCr": lambda band: _bytes(band.getchannel(0)),
    "HSV": _rgb,
    "LAB": _lab,
}


def _scaled_strips(im: Image.Image, low: float, high: float) -> Strips:
    """Map the range from `low` to `high` to 0..255."""
    scale = 255.0 / (high - low) if high > low else 0.0

    def strips() -> Iterator[Strip]:
        for samples in _samples(im):
            # Double precision: the difference of two large integers must not be rounded away.
            luma = (np.nan_to_num(samples.astype(np.float64), posinf=high, neginf=low) - low) * scale
            yield np.clip(luma, 0, 255).astype(np.float32)

    return strips


def _samples(im: Image.Image) -> Iterator[npt.NDArray[np.generic]]:
    unsigned = im.mode == "I" and _tiff_tag(im, _BITS_PER_SAMPLE) == 32 and _tiff_tag(im, _SAMPLE_FORMAT) in (None, 1)
    for band in bands(im):
        samples = np.asarray(band)
        yield samples.view(np.uint32) if unsigned else samples


def _deep_strips(im: Image.Image) -> Strips:
    """Scale integers of 32 bits and floats by the range that they use.

    PDQ does not depend on the scale; the nearest customary range (1, 8 bits, 16 bits) keeps brightness as it was.
    """
    low, high = np.inf, -np.inf
    for samples in _samples(im):
        known = samples[np.isfinite(samples)]
        if known.size:
            low, high = min(low, float(known.min())), max(high, float(known.max()))
    if low > high:
        return _scaled_strips(im, 0.0, 0.0)
    if im.format == "PPM" and im.mode == "I":
        return _scaled_strips(im, 0.0, 65_535.0)
    tops = (1.0, 255.0, 65_535.0) if im.mode == "F" else (255.0, 65_535.0)
    if low >= 0:
        for top in tops:
            if high <= top:
                return _scaled_strips(im, 0.0, top)
    return _scaled_strips(im, low, high)


def _tiff_tag(im: Image.Image, tag: int) -> int | None:
    """Return the first value of a TIFF tag, if the picture comes from a TIFF that states it."""
    value = getattr(im, "tag_v2", {}).get(tag)
    first = value[0] if isinstance(value, tuple) and value else value
    return first if isinstance(first, int) else None
