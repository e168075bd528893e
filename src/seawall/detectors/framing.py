"""Getting a picture into the shape that a model takes: pinned recipes, as a different resize is a different score."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from seawall.detectors.contract import PICTURE_SIDE, Input, Picture, Result
from seawall.detectors.onnx_session import Tensor

LARGEST_PIXELS = 50_000_000
"""Most pixels of a whole picture; from a larger one too little is left of small things."""

SMALLEST_SIDE = 32
"""Shortest side, in pixels, of which a model can say anything."""

RECIPE = f"upright RGB of at most {PICTURE_SIDE} px"


def fitting(item: Input) -> Picture | Result:
    """Return an item that an image detector looks at, or why it does not."""
    if not isinstance(item, Picture):
        return Result.unsupported("modality")
    pixels = item.pixels
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or max(pixels.shape[:2]) > PICTURE_SIDE:
        return Result.error("bad_picture")
    if item.width * item.height > LARGEST_PIXELS:
        return Result.abstain("too_large")
    if min(item.width, item.height, *pixels.shape[:2]) < SMALLEST_SIDE:
        return Result.abstain("too_small")
    return item


def letterbox(image: Image.Image, side: int, border: tuple[int, int, int]) -> Image.Image:
    """Return the whole picture in the middle of a square, its proportions kept."""
    share = side / max(image.size)
    width, height = (max(1, min(side, round(length * share))) for length in image.size)
    square = Image.new("RGB", (side, side), border)
    square.paste(shrunk(image, width, height), ((side - width) // 2, (side - height) // 2))
    return square


def shrunk(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return a picture of this size: whole pixels first, then bilinear; twice as fast as bilinear alone."""
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)


def planes(image: Image.Image | npt.NDArray[np.uint8]) -> Tensor:
    """Return RGB pixels as a float32 batch of one with the channels first."""
    return np.ascontiguousarray(np.asarray(image, np.float32).transpose(2, 0, 1)[None])


def gradient() -> Picture:
    """Return a picture of colours that run into each other: an example that is nothing and nobody."""
    across, down = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    return Picture(np.stack([across, down, 255 - across], axis=2), 256, 256)


def are_probabilities(rows: Tensor, classes: int) -> bool:
    """Whether every row is finite, within 0..1 and sums to 1, as a softmax gives it."""
    if rows.ndim != 2 or rows.shape[1] != classes or not np.isfinite(rows).all():
        return False
    within = bool((rows >= -1e-4).all() and (rows <= 1 + 1e-4).all())
    return within and bool((np.abs(rows.sum(axis=1) - 1) <= 1e-2).all())
