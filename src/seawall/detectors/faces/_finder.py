"""Finding faces in a picture: a quick look, and a closer one where the first leaves a doubt.

The finder is shared by the detectors of a process that need faces, and remembers the last few pictures by digest, so
that each is looked at once.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

from PIL import Image

from seawall.detectors.contract import LoadContext, Picture
from seawall.detectors.faces._centerface import Box, Face, look
from seawall.detectors.onnx_session import Model, OpenModel, open_onnx
from seawall.detectors.weights import SharingStore, shipped_weight

WEIGHT = "centerface.onnx"
QUICK_SIDE = 320
"""Long side of the quick look, pixels."""

CLOSE_PIXELS = 640 * 480
"""Most pixels of the closer look."""

LEAST = 0.5
"""Least score of a face."""

SURE = 0.65
"""Least score of a face that the quick look alone can vouch for."""

SMALL = 40.0
"""A face smaller than this, in pixels of the picture, calls for the closer look: there may be others."""

NOTHING = 0.03
"""Where no point of the quick look reaches this, there is nothing to look at more closely."""

SURROUNDINGS = 64
"""Pixels around what is looked at more closely: a face is known by what is around it."""

_REMEMBERED = 32

Part = tuple[int, int, int, int]


class FaceFinder:
    """Finds faces.

    Args:
        model: The network.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._remembered: OrderedDict[bytes, tuple[Face, ...]] = OrderedDict()

    def find(self, picture: Picture) -> tuple[Face, ...]:
        """Return the faces in a picture, best first.

        Raises:
            ModelFailed: If the network fails.
        """
        key = hashlib.sha256(repr(picture.pixels.shape).encode() + picture.pixels.tobytes()).digest()
        faces = self._remembered.pop(key, None)
        if faces is None:
            faces = self._look(Image.fromarray(picture.pixels))
        self._remembered[key] = faces
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return faces

    def _look(self, image: Image.Image) -> tuple[Face, ...]:
        quick = look(self._model, image, min(1.0, QUICK_SIDE / max(image.size)), LEAST, NOTHING)
        sure = tuple(face for face in quick.faces if face.score >= SURE)
        if max(image.size) <= QUICK_SIDE or any(face.size >= SMALL for face in sure):
            return quick.faces
        close = self._closer(image, _parts(quick.doubtful, image))
        return close + tuple(face for face in sure if not any(_same(face, other) for other in close))

    def _closer(self, image: Image.Image, parts: Sequence[Part]) -> tuple[Face, ...]:
        """Look at parts of the picture at the finest scale that is affordable."""
        pixels = sum((right - left) * (bottom - top) for left, top, right, bottom in parts)
        share = min(1.0, (CLOSE_PIXELS / max(1, pixels)) ** 0.5)
        found = [
            face.moved(part[0], part[1])
            for part in parts
            for face in look(self._model, image.crop(part), share, LEAST).faces
        ]
        return tuple(sorted(found, key=lambda face: -face.score))


def _parts(boxes: Sequence[Box], image: Image.Image) -> list[Part]:
    """Return boxes with their surroundings, within the picture; those that overlap are made one."""
    parts: list[Part] = []
    for left, top, right, bottom in boxes:
        part = (
            max(0, int(left) - SURROUNDINGS),
            max(0, int(top) - SURROUNDINGS),
            min(image.width, int(right) + SURROUNDINGS),
            min(image.height, int(bottom) + SURROUNDINGS),
        )
        while over := [other for other in parts if _overlap(part, other)]:
            parts = [other for other in parts if other not in over]
            lefts, tops, rights, bottoms = zip(part, *over, strict=True)
            part = (min(lefts), min(tops), max(rights), max(bottoms))
        parts.append(part)
    return parts


def _overlap(one: Part, other: Part) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def face_finder(context: LoadContext, open_model: OpenModel = open_onnx) -> FaceFinder:
    """Return the finder of this process, opened once while any detector holds it.

    Raises:
        WeightsMissing: If the model file is not installed.
        WeightsRefused: If it is not the one that is pinned.
    """
    weight = shipped_weight(WEIGHT)

    def make() -> FaceFinder:
        return FaceFinder(open_model(context.weights.path(weight.name, weight.sha256), context.threads))

    if isinstance(context.weights, SharingStore):
        return context.weights.shared(f"{weight.sha256}/{context.threads}", make)
    return make()


def _same(one: Face, other: Face) -> bool:
    """Whether the middle of one lies in the other."""
    middle = ((one.box[0] + one.box[2]) / 2, (one.box[1] + one.box[3]) / 2)
    left, top, right, bottom = other.box
    return left <= middle[0] <= right and top <= middle[1] <= bottom
