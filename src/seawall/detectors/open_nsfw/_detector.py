"""open_nsfw: adult sexual content in photographs, as Yahoo's network of 2016 sees it.

Near the threshold, and for very long pictures, the whole picture and its corners are looked at too, since the customary
crop squashes a picture and leaves out its border; the largest score counts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from seawall.detectors.contract import (
    Info,
    Input,
    LoadContext,
    Modality,
    Region,
    Result,
    ScoreKind,
    Task,
)
from seawall.detectors.framing import RECIPE, are_probabilities, fitting, gradient, letterbox
from seawall.detectors.onnx_session import Model, ModelFailed, OpenModel, Tensor, open_onnx
from seawall.detectors.weights import shipped_weight
from seawall.policy.classes import ADULT_SEXUAL

WEIGHT = "open-nsfw.onnx"
LOOK_AGAIN = 0.2
"""From this score on, the whole and the corners are looked at too."""

LONG = 2.5
"""So are they in a picture whose long side is so many times the short one: squashed, it says little."""

_RESIZED, _CROPPED = 256, 224
_JPEG_QUALITY = 75
_CORNER = 0.6
_CORNERS = tuple((x, y, x + _CORNER, y + _CORNER) for y in (0.0, 1 - _CORNER) for x in (0.0, 1 - _CORNER))
_WHOLE = (0.0, 0.0, 1.0, 1.0)
_MEAN_BGR = np.array([104, 117, 123], np.float32)
_BORDER = (123, 117, 104)

Box = tuple[float, float, float, float]


class OpenNsfw:
    """Scores `adult_sexual`.

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
            id="open-nsfw",
            version="1",
            task=Task.ADULT_CONTENT,
            modalities=frozenset({Modality.IMAGE}),
            labels=(ADULT_SEXUAL,),
            score_kind=ScoreKind.PROBABILITY,
            code_licence="Apache-2.0",
            weights_licence=weight.licence,
            weights={weight.name: weight.sha256},
            weights_origin=weight.origin,
            training_data_note=weight.training_data,
            known_incidents=weight.incidents,
            input_spec=f"{RECIPE}; bilinear to 256x256, middle 224x224, JPEG quality {_JPEG_QUALITY} and back, BGR "
            f"minus (104, 117, 123), NHWC; from {LOOK_AGAIN} on, or where the long side is {LONG} times the short "
            "one, also the letterboxed whole and four corners of 60 %: the largest counts",
            limits_note="recall unknown; photographs of the web only: drawn, rendered and much generated content is "
            "outside of what it was made for",
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
        return [(gradient(), Result.ok({ADULT_SEXUAL: 0.0}))]

    def _answer(self, item: Input) -> Result:
        picture = fitting(item)
        if isinstance(picture, Result):
            return picture
        if self._model is None:
            return Result.error("not_loaded")
        image = Image.fromarray(picture.pixels)
        try:
            first = self._score(self._model, _customary(image))
            if first < LOOK_AGAIN and max(image.size) < LONG * min(image.size):
                return Result.ok({ADULT_SEXUAL: first})
            seen = [(_WHOLE, first), (_WHOLE, self._score(self._model, _letterboxed(image)))]
            seen += [(box, self._score(self._model, _customary(_cut(image, box)))) for box in _CORNERS]
        except ModelFailed:
            return Result.error("model_failed")
        except _BadOutput:
            return Result.error("bad_output")
        regions = [Region(box, ADULT_SEXUAL, score) for box, score in seen[1:]]
        return Result.ok({ADULT_SEXUAL: max(score for _, score in seen)}, regions)

    @staticmethod
    def _score(model: Model, tensor: Tensor) -> float:
        outputs = model.run(tensor)
        if not outputs or len(outputs[0]) != 1 or not are_probabilities(outputs[0], 2):
            raise _BadOutput
        return min(1.0, max(0.0, float(outputs[0][0, 1])))


class _BadOutput(Exception):
    """The model's answer is none."""


def _customary(image: Image.Image) -> Tensor:
    edge = (_RESIZED - _CROPPED) // 2
    resized = image.resize((_RESIZED, _RESIZED), Image.Resampling.BILINEAR)
    return _tensor(resized.crop((edge, edge, edge + _CROPPED, edge + _CROPPED)))


def _letterboxed(image: Image.Image) -> Tensor:
    return _tensor(letterbox(image, _CROPPED, _BORDER))


def _cut(image: Image.Image, box: Box) -> Image.Image:
    left, right = (round(x * image.width) for x in box[::2])
    top, bottom = (round(y * image.height) for y in box[1::2])
    return image.crop((left, top, right, bottom))


def _tensor(image: Image.Image) -> Tensor:
    """Return what the network takes. It was trained on JPEGs; without one in between, scores move by up to 0.12."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    with Image.open(buffer, formats=("JPEG",)) as again:
        red, green, blue = again.split()
    planes = (np.asarray(plane, np.float32) - mean for plane, mean in zip((blue, green, red), _MEAN_BGR, strict=True))
    return np.stack(list(planes), axis=2)[None]
