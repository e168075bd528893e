"""CenterFace: from a picture at one scale to boxes and five points each. Nothing here says whose face it is.

Source: Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from seawall.detectors.framing import planes, shrunk
from seawall.detectors.onnx_session import Model, ModelFailed, Tensor

STRIDE = 4
"""Pixels of the input to one cell of the output."""

_MULTIPLE = 32
_TILE = 8
_MOST_CELLS = 2000
_MOST_FACES = 200
_OVERLAP = 0.3

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face, in pixels of the picture.

    Attributes:
        box: Left, top, right, bottom; may reach beyond the picture.
        score: How sure the network is, 0..1.
        points: Eye, eye, nose, corner of the mouth, corner of the mouth; left to right in an upright face.
    """

    box: Box
    score: float
    points: tuple[Point, Point, Point, Point, Point]

    @property
    def size(self) -> float:
        """Its longer side, pixels."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    def moved(self, right: float, down: float) -> Face:
        """Return it in a picture of which this one was a part."""
        x0, y0, x1, y1 = self.box
        first, second, nose, one, other = ((x + right, y + down) for x, y in self.points)
        return Face((x0 + right, y0 + down, x1 + right, y1 + down), self.score, (first, second, nose, one, other))

    @property
    def eye_distance(self) -> float:
        """Distance between the eyes, pixels."""
        (x0, y0), (x1, y1) = self.points[:2]
        return float(np.hypot(x1 - x0, y1 - y0))


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a picture found.

    Attributes:
        faces: Faces from the asked score on, best first.
        doubtful: Where anything reached the lower score: boxes of a few cells each, in pixels.
    """

    faces: tuple[Face, ...]
    doubtful: tuple[Box, ...]


def look(model: Model, image: Image.Image, share: float, least: float, doubt: float = 1.0) -> Look:
    """Look for faces at one scale.

    Args:
        model: The network.
        image: The picture.
        share: Scale at which it is shown, at most 1.
        least: Least score of a face.
        doubt: Score from which on a place is doubtful.

    Raises:
        ModelFailed: If the network fails, or its answer is none.
    """
    width, height = (max(1, round(length * share)) for length in image.size)
    # Proportions are kept, since a squashed face is another face; the border is black, as in training.
    shown = np.zeros((_up(height), _up(width), 3), np.uint8)
    small = image if image.size == (width, height) else shrunk(image, width, height)
    shown[:height, :width] = np.asarray(small)
    heat, sizes, offsets, points = _outputs(model.run(planes(shown)), shown.shape[0], shown.shape[1])
    rows, columns = np.nonzero(heat >= least)
    scores = heat[rows, columns]
    order = np.argsort(-scores, kind="stable")[:_MOST_CELLS]
    rows, columns, scores = rows[order], columns[order], scores[order]
    scale = np.array([image.width / width, image.height / height])
    boxes, marks = _decoded(rows, columns, sizes, offsets, points)
    boxes *= np.tile(scale, 2)
    marks *= scale
    faces = tuple(_face(boxes[at], float(scores[at]), marks[at]) for at in _apart(boxes))
    doubtful = _places(heat[: _cells(height), : _cells(width)] >= doubt, scale * STRIDE)
    return Look(tuple(face for face in faces if _within(face, image)), doubtful)


def _places(marked: npt.NDArray[np.bool_], cell: npt.NDArray[np.float64]) -> tuple[Box, ...]:
    """Return boxes around the cells that are marked, those of a tile in one, given the width and height of a cell."""
    rows, columns = np.nonzero(marked)
    tiles = rows // _TILE * marked.shape[1] + columns // _TILE
    boxes = []
    for tile in np.unique(tiles):
        down, across = rows[tiles == tile], columns[tiles == tile]
        left, right = float(across.min() * cell[0]), float((across.max() + 1) * cell[0])
        boxes.append((left, float(down.min() * cell[1]), right, float((down.max() + 1) * cell[1])))
    return tuple(boxes)


def _cells(length: int) -> int:
    return -(-length // STRIDE)


def _up(length: int) -> int:
    return -(-length // _MULTIPLE) * _MULTIPLE


def _outputs(outputs: list[Tensor], height: int, width: int) -> list[Tensor]:
    """Return score, size, offset and points per cell, each with its channels first.

    Raises:
        ModelFailed: If they are not of the shape of the input, or not numbers.
    """
    cells = (height // STRIDE, width // STRIDE)
    expected = [(1, channels, *cells) for channels in (1, 2, 2, 10)]
    if [output.shape for output in outputs] != expected or not all(np.isfinite(output).all() for output in outputs):
        raise ModelFailed("the face model's answer is none")
    heat, sizes, offsets, points = (output[0] for output in outputs)
    return [np.clip(heat[0], 0, 1), sizes, offsets, points]


def _decoded(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], sizes: Tensor, offsets: Tensor, points: Tensor
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return boxes (n, 4) and points (n, 5, 2), in pixels of the input. The network gives y before x."""
    cell = np.stack([columns, rows], axis=1)
    extent = np.exp(np.clip(sizes[::-1, rows, columns].T.astype(np.float64), -10, 10)) * STRIDE
    middle = (cell + offsets[::-1, rows, columns].T + 0.5) * STRIDE
    corner = middle - extent / 2
    marks = points[:, rows, columns].T.reshape(-1, 5, 2)[:, :, ::-1].astype(np.float64)
    return np.hstack([corner, corner + extent]), marks * extent[:, None] + corner[:, None]


def _apart(boxes: npt.NDArray[np.float64]) -> list[int]:
    """Return the boxes, best first, that do not overlap a better one."""
    kept: list[int] = []
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    left = np.ones(len(boxes), bool)
    for at in range(len(boxes)):
        if not left[at]:
            continue
        kept.append(at)
        if len(kept) == _MOST_FACES:
            break
        common = np.minimum(boxes[at, 2:], boxes[:, 2:]) - np.maximum(boxes[at, :2], boxes[:, :2])
        shared = np.prod(np.clip(common, 0, None), axis=1)
        left &= shared < _OVERLAP * (areas[at] + areas - shared)
    return kept


def _face(box: npt.NDArray[np.float64], score: float, marks: npt.NDArray[np.float64]) -> Face:
    left, top, right, bottom = (float(value) for value in box)
    first, second, nose, one, other = ((float(x), float(y)) for x, y in marks)
    return Face((left, top, right, bottom), score, (first, second, nose, one, other))


def _within(face: Face, image: Image.Image) -> bool:
    """Whether any of it is in the picture rather than in the border that was added."""
    left, top, right, bottom = face.box
    return left < image.width and top < image.height and right > 0 and bottom > 0
