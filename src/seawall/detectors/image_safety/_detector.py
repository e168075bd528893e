"""image-safety-classifier-s: adult sexual content as a second, unrelated network sees it.

The classes of its softmax shut each other out, so a picture of violence can hide what else it shows: `nsfl` is given
beside `adult_sexual` and never added to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from seawall.detectors.contract import Info, Input, LoadContext, Modality, Result, ScoreKind, Task
from seawall.detectors.framing import RECIPE, are_probabilities, fitting, gradient, letterbox, planes
from seawall.detectors.onnx_session import Model, ModelFailed, OpenModel, open_onnx
from seawall.detectors.weights import shipped_weight
from seawall.policy.classes import ADULT_SEXUAL

WEIGHT = "image-safety-classifier-s.onnx"
NSFL = "nsfl"
"""Own label: score 0..1 of gore and the like ("not safe for life")."""

_SIDE = 224
_BORDER = (124, 116, 104)  # the mean that the graph takes off: a border of it is nothing to the network


class ImageSafety:
    """Scores `adult_sexual` and `nsfl`.

    Args:
        open_model: Opens the model file; tests give their own.
    """

    def __init__(self, open_model: OpenModel = open_onnx) -> None:
        self._open = open_model
        self._model: Model | None = None

    @property
    def info(self) -> Info:
        """What it says of itself."""
        weight = shipped_weight(WEIGHT)
        return Info(
            id="image-safety",
            version="1",
            task=Task.ADULT_CONTENT,
            modalities=frozenset({Modality.IMAGE}),
            labels=(ADULT_SEXUAL, NSFL),
            score_kind=ScoreKind.PROBABILITY,
            code_licence="Apache-2.0",
            weights_licence=weight.licence,
            weights={weight.name: weight.sha256},
            weights_origin=weight.origin,
            training_data_note=weight.training_data,
            known_incidents=weight.incidents,
            input_spec=f"{RECIPE}; bilinear into 224x224, letterboxed on the mean colour, RGB 0..255, NCHW; "
            "adult_sexual is the second of (NSFL, NSFW, SFW), nsfl the first",
            limits_note="recall unknown; a picture that is both violent and sexual may score as violent alone; "
            "a harmless picture scores 0.03 to 0.1",
        )

    def load(self, context: LoadContext) -> None:
        """Open the model."""
        weight = shipped_weight(WEIGHT)
        self._model = self._open(context.weights.path(weight.name, weight.sha256), context.threads)

    def close(self) -> None:
        """Let go of the model."""
        self._model = None

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item."""
        return [self._answer(item) for item in items]

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return running colours, which are nothing."""
        return [(gradient(), Result.ok({ADULT_SEXUAL: 0.034, NSFL: 0.034}))]

    def _answer(self, item: Input) -> Result:
        picture = fitting(item)
        if isinstance(picture, Result):
            return picture
        if self._model is None:
            return Result.error("not_loaded")
        try:
            outputs = self._model.run(planes(letterbox(Image.fromarray(picture.pixels), _SIDE, _BORDER)))
        except ModelFailed:
            return Result.error("model_failed")
        if not outputs or len(outputs[0]) != 1 or not are_probabilities(outputs[0], 3):
            return Result.error("bad_output")
        nsfl, sexual, _ = (min(1.0, max(0.0, float(value))) for value in outputs[0][0])
        return Result.ok({ADULT_SEXUAL: sexual, NSFL: nsfl})
