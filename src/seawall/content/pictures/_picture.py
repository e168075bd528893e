"""One picture as detectors are given it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

PICTURE_SIDE = 640
"""Longest side of the picture that detectors are given, in pixels; smaller pictures are never enlarged."""

MAX_PICTURES = 32
"""Most pictures of one item: of a video, of an animation."""

PICTURE_BYTES = 3 * PICTURE_SIDE * PICTURE_SIDE

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, or one sampled frame of a video.

    Attributes:
        pixels: uint8 (height, width, 3), RGB, upright (EXIF orientation applied), transparency on white, long side at
            most `PICTURE_SIDE`, never enlarged. Read-only.
        width: Width of the whole picture, upright, before it was made smaller.
        height: Its height.
        frame: Index of the frame in its medium, from 0.
        time_s: Moment in a video, seconds.
    """

    pixels: Pixels = field(repr=False)
    width: int
    height: int
    frame: int = 0
    time_s: float | None = None
