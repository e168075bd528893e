"""Making pictures say less, from plain pixels: grey and blurred, flat areas in dull colours, waves of a sound.

Nothing of a file comes this far but pixels of a bounded number; what leaves is encoded anew.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Pixels = npt.NDArray[np.uint8]

TILE_SIDE = 64
STYLE_SIDE = 512
_BLUR = 2.0
_RADIUS = 4
_ROUNDS = 2
_LEVELS = 12
_COLOUR = 0.4
_QUALITY = 82
_GAP = 4
_GAP_GREY = 128
_BACKGROUND, _WAVE = 245, 90


def grey(pixels: Pixels) -> Pixels:
    """Return pixels in grey."""
    return pixels if pixels.ndim == 2 else np.asarray(Image.fromarray(pixels).convert("L"))


def fitted(pixels: Pixels, side: int) -> Pixels:
    """Return pixels whose long side is at most `side`."""
    share = side / max(pixels.shape[:2])
    if share >= 1:
        return pixels
    height, width = (max(1, round(length * share)) for length in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))


def tile(pixels: Pixels) -> Pixels:
    """Return a small grey blur: at most 64 pixels long, and at most a quarter as long as the picture is."""
    side = min(TILE_SIDE, max(1, max(pixels.shape[:2]) // 4))
    small = Image.fromarray(fitted(grey(pixels), side))
    return np.asarray(small.filter(ImageFilter.GaussianBlur(_BLUR)))


def stylised(pixels: Pixels, side: int, own: int) -> Pixels:
    """Return flat areas with sharp edges in a few dull colours: the Kuwahara filter, twice.

    Args:
        pixels: Grey or RGB.
        side: Longest side.
        own: Longest side of the whole picture; what is shown is at most two thirds as long.
    """
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    side = min(side, STYLE_SIDE, max(1, own * 2 // 3))
    work = fitted(pixels, side).astype(np.float64)
    for _ in range(_ROUNDS):
        work = _kuwahara(work, _RADIUS)
    luma = work @ (0.299, 0.587, 0.114)
    dull = luma[:, :, None] + _COLOUR * (work - luma[:, :, None])
    step = 255 / (_LEVELS - 1)
    result: Pixels = np.clip(np.rint(dull / step) * step, 0, 255).astype(np.uint8)
    return result


def sheet(cells: Sequence[Pixels], columns: int) -> Pixels:
    """Return pictures side by side, in rows, with a gap between them."""
    if len(cells) == 1:
        return cells[0]
    height, width = (max(cell.shape[axis] for cell in cells) for axis in (0, 1))
    columns = min(columns, len(cells))
    rows = -(-len(cells) // columns)
    size = (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, *cells[0].shape[2:])
    whole: Pixels = np.full(size, _GAP_GREY, np.uint8)
    for place, cell in enumerate(cells):
        top, left = (place // columns) * (height + _GAP), (place % columns) * (width + _GAP)
        whole[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return whole


def wave(peaks: Sequence[int], width: int, height: int) -> Pixels:
    """Return a picture of how loud a sound is, from left to right."""
    parts = [max(part) for part in np.array_split(np.asarray(peaks), width) if len(part)]
    loud = np.repeat(np.asarray(parts, np.float64), -(-width // len(parts)))[:width]
    half = np.maximum(1, np.rint(loud / 255 * (height / 2 - 1))).astype(int)
    rows = np.abs(np.arange(height) - height // 2)[:, None]
    return np.where(rows < half[None, :], _WAVE, _BACKGROUND).astype(np.uint8)


def as_png(pixels: Pixels) -> bytes:
    """Return pixels as PNG, with nothing else in it."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", optimize=True)
    return file.getvalue()


def as_jpeg(pixels: Pixels) -> bytes:
    """Return pixels as JPEG, with nothing else in it, and with tables of its own."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()


def _kuwahara(work: npt.NDArray[np.float64], radius: int) -> npt.NDArray[np.float64]:
    """Give each pixel the mean of that one of the four squares at its corners which varies least."""
    size = radius + 1
    padded = np.pad(work, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    luma = padded @ (0.299, 0.587, 0.114)
    means = _box(padded, size)
    averages = _box(luma[:, :, None], size)[:, :, 0]
    spread = _box((luma * luma)[:, :, None], size)[:, :, 0] - averages * averages
    height, width = work.shape[:2]
    corners = [(0, 0), (0, radius), (radius, 0), (radius, radius)]
    spreads = np.stack([spread[top : top + height, left : left + width] for top, left in corners])
    best = np.argmin(spreads, axis=0)
    result = np.empty_like(work)
    for number, (top, left) in enumerate(corners):
        chosen = best == number
        result[chosen] = means[top : top + height, left : left + width][chosen]
    return result


def _box(values: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Return the mean of each square of `size`, by sums over the whole."""
    sums = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0), (0, 0)))
    total = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    result: npt.NDArray[np.float64] = total / (size * size)
    return result
