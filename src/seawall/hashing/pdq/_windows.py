"""The linear operator of PDQ: which samples of an axis each of the 64 outputs takes, and with which weights.

A box filter applied twice and then sampled is one weighted window an output. Windows that no edge cuts share one
triangle; cut windows have their own weights, renormalised as the reference does. The C kernel makes the same tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

GRID = 64
"""Side of the sampled picture."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luma."""

_CACHED_AXES = 256
_LONGEST_CACHED = 32_768
"""Tables of longer axes are made anew: 256 cached ones of at most this length stay below 20 MB in all."""


@dataclass(frozen=True, slots=True)
class AxisPlan:
    """The 64 windows of one axis.

    Attributes:
        bounds: int64 (3, 64): first sample, number of samples and row of `weights` for each output.
        weights: float64 (kinds, longest window): weights from the first sample of the window on, zeros after.
        scale: Factor common to all weights.
    """

    bounds: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    scale: float


def axis_plan(size: int, channels: int) -> AxisPlan:
    """Return the windows over `size` pixels of 1 sample, or of 3 with the weights of the luma."""
    return _cached(size, channels) if size <= _LONGEST_CACHED else _make(size, channels)


def _make(size: int, channels: int) -> AxisPlan:
    bounds, weights, box = _windows(size)
    if channels == len(LUMA):
        weights = (weights[:, :, None] * np.array(LUMA)).reshape(len(weights), -1)
        bounds[:2] *= channels
    return AxisPlan(bounds, weights, 1.0 / (box * box))


_cached = lru_cache(maxsize=_CACHED_AXES)(_make)


def _windows(size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], int]:
    """Return (bounds, weights, box width) for an axis of `size` samples; weights are numerators over box squared."""
    box = (size + 2 * GRID - 1) // (2 * GRID)
    right = (box + 2) // 2 - 1
    left = box - 1 - right
    centre = (2 * np.arange(GRID) + 1) * size // (2 * GRID)
    first = np.maximum(centre - 2 * left, 0)
    last = np.minimum(centre + 2 * right, size - 1)
    length = last - first + 1
    full = 2 * box - 1
    kind = np.zeros(GRID, np.int64)
    cut = np.flatnonzero(length < full)
    kind[cut] = np.arange(1, len(cut) + 1)
    ramp = np.arange(1, full + 1)
    weights = np.zeros((1 + len(cut), full))
    weights[0] = np.minimum(ramp, ramp[::-1])
    for row, output in enumerate(cut, 1):
        weights[row, : length[output]] = _cut_window(size, int(centre[output]), box, left, right)
    return np.stack([first, length, kind]), weights, box


def _cut_window(size: int, centre: int, box: int, left: int, right: int) -> npt.NDArray[np.float64]:
    """Return the weights of a window that an edge cuts: each of the two boxes averages over what is left of it."""
    inner = np.arange(max(centre - left, 0), min(centre + right, size - 1) + 1)
    begin = np.maximum(inner - left, 0)
    end = np.minimum(inner + right, size - 1) + 1
    share = box * box / ((end - begin) * len(inner))
    steps = np.zeros(end[-1] - begin[0] + 1)
    np.add.at(steps, begin - begin[0], share)
    np.subtract.at(steps, end - begin[0], share)
    return np.cumsum(steps)[:-1]
