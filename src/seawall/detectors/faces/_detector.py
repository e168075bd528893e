"""Faces: how many, and where. Used to see that a picture shows a person at all; it knows nobody."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.detectors.contract import (
    Info,
    Input,
    LoadContext,
    Modality,
    Picture,
    Region,
    Result,
    ScoreKind,
    Task,
)
from seawall.detectors.faces._centerface import Face
from seawall.detectors.faces._finder import (
    LEAST,
    NOTHING,
    QUICK_SIDE,
    SMALL,
    SURE,
    WEIGHT,
    FaceFinder,
    face_finder,
)
from seawall.detectors.framing import RECIPE, fitting, gradient
from seawall.detectors.onnx_session import ModelFailed, OpenModel, open_onnx
from seawall.detectors.weights import shipped_weight

FACES = "faces"
"""Own label: number of faces in a picture."""

FACE = "face"
"""Label of a region."""

FINDING = (
    f"{RECIPE}; RGB 0..255, NCHW, sides padded to multiples of 32; long side {QUICK_SIDE} first; unless that finds a "
    f"face of score {SURE} and {SMALL:.0f} px, the parts where it scores {NOTHING} again at full scale, up to 640x480 "
    f"pixels; faces score {LEAST} or more"
)
"""How faces are found, in words."""


class Faces:
    """Counts `faces`.

    Args:
        open_model: Opens the model file; tests give their own.
    """

    def __init__(self, open_model: OpenModel = open_onnx) -> None:
        self._open = open_model
        self._finder: FaceFinder | None = None

    @property
    def info(self) -> Info:
        """What it says of itself."""
        weight = shipped_weight(WEIGHT)
        return Info(
            id="faces",
            version="1",
            task=Task.FACES,
            modalities=frozenset({Modality.IMAGE}),
            labels=(FACES,),
            score_kind=ScoreKind.ORDINAL,
            code_licence="Apache-2.0",
            weights_licence=weight.licence,
            weights={weight.name: weight.sha256},
            weights_origin=weight.origin,
            training_data_note=weight.training_data,
            known_incidents=weight.incidents,
            input_spec=FINDING,
            limits_note="no face is not no person: backs, bodies, covered, drawn, upside-down and small faces "
            "(under about 20 px) are missed",
        )

    def load(self, context: LoadContext) -> None:
        """Open the model, or share the one that is open."""
        self._finder = face_finder(context, self._open)

    def close(self) -> None:
        """Let go of the model."""
        self._finder = None

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item."""
        return [self._answer(item) for item in items]

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return running colours, which are nobody."""
        return [(gradient(), Result.ok({FACES: 0.0}))]

    def _answer(self, item: Input) -> Result:
        picture = fitting(item)
        if isinstance(picture, Result):
            return picture
        if self._finder is None:
            return Result.error("not_loaded")
        try:
            faces = self._finder.find(picture)
        except ModelFailed:
            return Result.error("model_failed")
        return Result.ok({FACES: float(len(faces))}, [face_region(face, picture) for face in faces])


def face_region(face: Face, picture: Picture, **attrs: float) -> Region:
    """Return a face as a region, with its eyes as shares of the picture and their distance in its pixels."""
    height, width = picture.pixels.shape[:2]
    left, right = (min(1.0, max(0.0, x / width)) for x in face.box[::2])
    top, bottom = (min(1.0, max(0.0, y / height)) for y in face.box[1::2])
    (x0, y0), (x1, y1) = face.points[:2]
    eyes = {"eye1_x": x0 / width, "eye1_y": y0 / height, "eye2_x": x1 / width, "eye2_y": y1 / height}
    return Region((left, top, right, bottom), FACE, face.score, {**eyes, "eye_distance": face.eye_distance, **attrs})
