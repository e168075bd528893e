"""Transparency: how much of a picture it covers, and the picture on white and on black."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image

from seawall.content.images._frame import Strip, Strips
from seawall.content.images._modes import bands

COVERAGE = 0.05
"""Share of pixels above which transparency counts."""

_OPAQUE = 250
"""Alpha from which a pixel looks opaque."""

_CONVERTIBLE = frozenset({"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa"})
_SHADES = MappingProxyType({"on_white": (255, 255, 255), "on_black": (0, 0, 0)})


def alpha_variants(im: Image.Image) -> Mapping[str, Strips]:
    """Return the strips of a loaded picture on white and on black; empty if it is as good as opaque."""
    if im.mode not in _CONVERTIBLE or not im.has_transparency_data:
        return {}
    _repair_colour_key(im)
    see_through = sum(sum(band.getchannel("A").histogram()[:_OPAQUE]) for band in _rgba_bands(im))
    if see_through <= COVERAGE * im.width * im.height:
        return {}
    return {name: _composited(im, shade) for name, shade in _SHADES.items()}


def _rgba_bands(im: Image.Image) -> Iterator[Image.Image]:
    for band in bands(im):
        yield band if band.mode == "RGBA" else band.convert("RGBA")


def _composited(im: Image.Image, shade: tuple[int, int, int]) -> Strips:
    def strips() -> Iterator[Strip]:
        for band in _rgba_bands(im):
            ground = Image.new("RGB", band.size, shade)
            ground.paste(band, mask=band.getchannel("A"))
            yield np.asarray(ground, np.uint8)

    return strips


def _repair_colour_key(im: Image.Image) -> None:
    """Reduce a transparent colour of 16 bits a channel to the 8 that Pillow keeps of the pixels."""
    key = im.info.get("transparency")
    if im.mode == "RGB" and isinstance(key, tuple) and max(key) > 255:
        im.info["transparency"] = tuple(channel >> 8 for channel in key)
