"""Cutting out a face as the age network expects it: 64 pixels square, the eyes level and in their places.

A face that cannot be shown so is not judged: it gives the reason instead.

Source: dlib's `get_face_chip_details` with a padding of 0.2 for where the eyes belong.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from PIL import Image

from seawall.detectors.faces import Face
from seawall.detectors.onnx_session import Tensor

SIDE = 64
EYES = (complex(19.5, 19.3), complex(43.6, 19.3))
"""Where the eyes belong in the chip."""

LEAST_EYE_DISTANCE = 24.0
"""Pixels of the picture between the eyes. Below it the chip would be enlarged, and the network would judge blur."""

LEAST_SCORE = 0.6
MOST_TURN = 0.4
"""How far the nose may be from the middle of the eyes, as a share of their distance: a turn of about 35 degrees."""

MOST_DROP = 1.6
"""How far the mouth may be below the eyes, in eye distances: 1 in a face from the front, above 2 in a profile."""

LEAST_INSIDE = 0.8
"""Least share of the chip that the picture covers."""

_MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32)


class Unjudged(StrEnum):
    """Why a face's age is not judged."""

    SMALL = "small"
    UNSURE = "unsure"
    TURNED = "turned"
    CUT_OFF = "cut_off"


def unjudged(face: Face, image: Image.Image) -> Unjudged | None:
    """Return why a face's age cannot be judged, or None if it can."""
    if face.eye_distance < LEAST_EYE_DISTANCE:
        return Unjudged.SMALL
    if face.score < LEAST_SCORE:
        return Unjudged.UNSURE
    if _is_turned(face):
        return Unjudged.TURNED
    if _share_inside(face, image) < LEAST_INSIDE:
        return Unjudged.CUT_OFF
    return None


def chip(face: Face, image: Image.Image) -> Image.Image:
    """Return the face, 64 pixels square; what lies beyond the picture is black."""
    turn, place = _frame(face)
    # A large face is made smaller by whole pixels first: sampling alone would leave most of them out.
    factor = max(1, int(abs(turn)))
    left, top = 0, 0
    if factor > 1:
        corners = [turn * complex(x, y) + place for x in (0, SIDE) for y in (0, SIDE)]
        left, right = _between([corner.real for corner in corners], image.width)
        top, bottom = _between([corner.imag for corner in corners], image.height)
        image = image.reduce(factor, (left, top, right, bottom))
    turn /= factor
    place = (place - complex(left, top)) / factor
    across = (turn.real, -turn.imag, place.real, turn.imag, turn.real, place.imag)
    return image.transform((SIDE, SIDE), Image.Transform.AFFINE, across, Image.Resampling.BILINEAR)


def tensor(chips: list[Image.Image]) -> Tensor:
    """Return chips as the network takes them."""
    pixels = np.stack([np.asarray(each, np.float32) for each in chips])
    return np.ascontiguousarray(((pixels - _MEAN_RGB) / 256).transpose(0, 3, 1, 2))


def _frame(face: Face) -> tuple[complex, complex]:
    """Return turn and place of the map `picture = turn * chip + place`, points as complex numbers."""
    first, second = (complex(*point) for point in face.points[:2])
    turn = (second - first) / (EYES[1] - EYES[0])
    return turn, first - turn * EYES[0]


def _is_turned(face: Face) -> bool:
    """Whether nose and mouth are not where they are in a face from the front, seen from the line of the eyes."""
    first, second, nose, one, other = (complex(*point) for point in face.points)
    eyes = second - first
    middle = (first + second) / 2
    turned = ((nose - middle) / eyes).real
    drop = ((one + other) / 2 - middle) / eyes
    return abs(turned) > MOST_TURN or not 0 < drop.imag <= MOST_DROP


def _share_inside(face: Face, image: Image.Image) -> float:
    turn, place = _frame(face)
    at = (np.arange(16) + 0.5) * (SIDE / 16)
    points = turn * (at[None, :] + 1j * at[:, None]) + place
    inside = (points.real >= 0) & (points.real < image.width) & (points.imag >= 0) & (points.imag < image.height)
    return float(inside.mean())


def _between(places: list[float], length: int) -> tuple[int, int]:
    """Return where a stretch begins and ends, within 0 and length, at least one pixel long."""
    begin = min(max(int(min(places)) - 1, 0), length - 1)
    return begin, max(begin + 1, min(int(max(places)) + 2, length))
