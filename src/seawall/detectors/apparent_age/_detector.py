"""Apparent age: how likely it is that a person shown looks younger than 13, 18, 21. Never a number of years.

It can raise an alarm and cannot clear anybody: a person whose face cannot be judged is counted as such, and a picture
without a face says nothing of who is in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from seawall.detectors.apparent_age._chips import LEAST_EYE_DISTANCE, Unjudged, chip, tensor, unjudged
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
from seawall.detectors.faces import FINDING, Face, FaceFinder, face_finder, face_region
from seawall.detectors.framing import are_probabilities, fitting, gradient
from seawall.detectors.onnx_session import Model, ModelFailed, OpenModel, Tensor, open_onnx
from seawall.detectors.weights import shipped_weight
from seawall.policy.classes import CHILD_DEPICTION, PERSONS, PERSONS_ABSTAINED, UNDER_21

WEIGHT, FACE_WEIGHT = "age-v1.onnx", "centerface.onnx"
CLASSES = 81
"""Ages 0 to 80, a year each."""

MOST_JUDGED = 16
"""Most faces of a picture whose age is judged, largest first; the others count as not judged."""

_YEARS = np.array([0.25, *range(1, CLASSES)], np.float64)


class ApparentAge:
    """Scores `child_depiction` and `under_21`; counts `persons` and `persons_abstained`.

    Args:
        open_model: Opens a model file; tests give their own.
    """

    def __init__(self, open_model: OpenModel = open_onnx) -> None:
        self._open = open_model
        self._finder: FaceFinder | None = None
        self._model: Model | None = None

    @property
    def info(self) -> Info:
        """What it says of itself."""
        weight, faces = shipped_weight(WEIGHT), shipped_weight(FACE_WEIGHT)
        return Info(
            id="apparent-age",
            version="1",
            task=Task.APPARENT_AGE,
            modalities=frozenset({Modality.IMAGE}),
            labels=(CHILD_DEPICTION, UNDER_21, PERSONS, PERSONS_ABSTAINED),
            score_kind=ScoreKind.PROBABILITY,
            code_licence="Apache-2.0",
            weights_licence=f"{weight.licence} AND {faces.licence}",
            weights={each.name: each.sha256 for each in (weight, faces)},
            weights_origin=f"age: {weight.origin}; faces: {faces.origin}",
            training_data_note=f"age: {weight.training_data}; faces: {faces.training_data}",
            known_incidents=weight.incidents + faces.incidents,
            input_spec=f"faces: {FINDING}; then each of at least {LEAST_EYE_DISTANCE:.0f} px between the eyes, not "
            "turned away, 64x64 with the eyes in their places, (RGB - mean) / 256, NCHW; 81 classes, a year each",
            limits_note="recall unknown; no face found gives zeros and is not 'no child'; wrong most often for "
            "teenagers, darker skin, poor light, make-up, drawn and generated faces; never use it to clear a person",
        )

    def load(self, context: LoadContext) -> None:
        """Open both models, or share the face model that is open."""
        weight = shipped_weight(WEIGHT)
        self._model = self._open(context.weights.path(weight.name, weight.sha256), context.threads)
        self._finder = face_finder(context, self._open)

    def close(self) -> None:
        """Let go of the models."""
        self._model = self._finder = None

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item."""
        return [self._answer(item) for item in items]

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return running colours, which are nobody."""
        nobody = {CHILD_DEPICTION: 0.0, UNDER_21: 0.0, PERSONS: 0.0, PERSONS_ABSTAINED: 0.0}
        return [(gradient(), Result.ok(nobody))]

    def _answer(self, item: Input) -> Result:
        picture = fitting(item)
        if isinstance(picture, Result):
            return picture
        if self._model is None or self._finder is None:
            return Result.error("not_loaded")
        try:
            faces = self._finder.find(picture)
            image = Image.fromarray(picture.pixels)
            judged, others = _sorted(faces, image)
            ages = self._ages(self._model, [chip(face, image) for face in judged])
        except ModelFailed:
            return Result.error("model_failed")
        if ages is None:
            return Result.error("bad_output")
        regions = [_judged_region(face, picture, row) for face, row in zip(judged, ages, strict=True)]
        labels = {
            CHILD_DEPICTION: max((region.attrs["p_under_18"] for region in regions), default=0.0),
            UNDER_21: max((region.attrs["p_under_21"] for region in regions), default=0.0),
            PERSONS: float(len(judged)),
            PERSONS_ABSTAINED: float(len(others)),
        }
        return Result.ok(labels, [*regions, *(face_region(face, picture, **attrs) for face, attrs in others)])

    @staticmethod
    def _ages(model: Model, chips: list[Image.Image]) -> Tensor | None:
        """Return a row of probabilities per chip, or None if the answer is none."""
        if not chips:
            return np.empty((0, CLASSES), np.float32)
        outputs = model.run(tensor(chips))
        if not outputs or len(outputs[0]) != len(chips) or not are_probabilities(outputs[0], CLASSES):
            return None
        return outputs[0]


def _sorted(faces: Sequence[Face], image: Image.Image) -> tuple[list[Face], list[tuple[Face, dict[str, float]]]]:
    """Return the faces to judge, largest first, and the others with why not."""
    judged: list[Face] = []
    others: list[tuple[Face, dict[str, float]]] = []
    for face in sorted(faces, key=lambda face: -face.eye_distance):
        reason = unjudged(face, image)
        if reason is None and len(judged) < MOST_JUDGED:
            judged.append(face)
        else:
            others.append((face, {"abstained": 1.0, (reason or Unjudged.SMALL).value: 1.0}))
    return judged, others


def _judged_region(face: Face, picture: Picture, probabilities: Tensor) -> Region:
    """Return a face with what its age is likely to be. The expected age is for rules; no page shows it."""
    row = probabilities.astype(np.float64)
    row = np.clip(row, 0, 1) / row.sum()
    under = {f"p_under_{years}": min(1.0, float(row[:years].sum())) for years in (13, 18, 21)}
    return face_region(face, picture, **under, expected_age=float(row @ _YEARS))
