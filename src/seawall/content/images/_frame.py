"""A decoded frame, given in strips of rows so that no second full-size copy is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

RECIPE = "full-luma/1"
"""Name of the decode recipe: full resolution, stored orientation, alpha dropped. See docs/decoding.md."""

DAMAGED = "damaged"
PARTIAL = "partial"
ALPHA = "alpha"

Strip = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""Rows from top to bottom: uint8 (n, width) luma, uint8 (n, width, 3) RGB, or float32 (n, width) luma 0..255."""

Strips = Callable[[], Iterator[Strip]]

_STRIP_ROWS = 256
_STRIP_BYTES = 4 << 20
_PIXEL_BYTES = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, page or icon size.

    Attributes:
        index: Place in the file, from 0; frames that were skipped leave a gap.
        width: Pixels in a row, as stored (EXIF orientation is not applied).
        height: Rows.
        flags: `damaged` if only a part of it decoded, `alpha` if it has variants.
        strips: Gives the rows. To be used up before the next frame is drawn.
        variants: `on_white` and `on_black`, strips of the frame composited so, if transparency covers more
            than a twentieth of it; the frame itself has alpha dropped.
    """

    index: int
    width: int
    height: int
    flags: frozenset[str]
    strips: Strips = field(repr=False)
    variants: Mapping[str, Strips] = field(default_factory=dict, repr=False)


def rows_per_strip(width: int) -> int:
    """Return how many rows of four-byte pixels make a strip: 256, or fewer when they are long."""
    return max(1, min(_STRIP_ROWS, _STRIP_BYTES // (_PIXEL_BYTES * width)))


def is_flat(rows: npt.NDArray[Any]) -> bool:
    """Whether every sample is the same, as when a damaged file held no picture at all."""
    return bool(rows.min() == rows.max())
