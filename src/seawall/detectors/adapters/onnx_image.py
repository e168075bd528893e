"""A classifier of pictures in an ONNX file, prepared as its authors prepared theirs.

The file is pinned by its digest. Its output is checked before it counts: what is no probability is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from seawall.detectors.adapters._onnx_file import ModelFile
from seawall.detectors.adapters._section import Section
from seawall.detectors.adapters.description import Description, read_labels
from seawall.detectors.contract import Detector, Info, Input, LoadContext, Modality, Result, Runs
from seawall.detectors.framing import fitting
from seawall.detectors.onnx_session import ModelFailed

_SLACK = 1e-3

Row = npt.NDArray[np.float64]


class Resize(StrEnum):
    """How a picture gets the model's size."""

    SQUASH = "squash"
    """To the size, whatever becomes of its proportions."""
    LETTERBOX = "letterbox"
    """Whole, its proportions kept, with a border."""
    CENTRE_CROP = "centre_crop"
    """The shorter side to `crop_from`, then the middle."""


class Filter(StrEnum):
    """How pixels are made of others."""

    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


class Layout(StrEnum):
    """Order of the input's dimensions."""

    NCHW = "NCHW"
    NHWC = "NHWC"


class Channels(StrEnum):
    """Order of the colours."""

    RGB = "RGB"
    BGR = "BGR"


class Activation(StrEnum):
    """What makes probabilities of the output; `none` if it holds them already."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    NONE = "none"


class Join(StrEnum):
    """How several outputs make one class: a sum for outputs that exclude each other, else the largest."""

    SUM = "sum"
    MAX = "max"


_FILTERS: Final = {Filter.BILINEAR: Image.Resampling.BILINEAR, Filter.BICUBIC: Image.Resampling.BICUBIC}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a picture becomes the model's input.

    Attributes:
        size: Side of the square, in pixels.
        resize: How the picture gets that size.
        crop_from: Shorter side before the middle is cut out.
        resample: How pixels are made of others.
        border: Colour of a letterbox's border, RGB.
        scale: Each value is multiplied with this first.
        mean: Then this is taken away, in the order of the channels.
        std: Then it is divided by this.
        layout: Order of the dimensions.
        channels: Order of the colours.
    """

    size: int
    resize: Resize
    crop_from: int
    resample: Filter
    border: tuple[int, int, int]
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: Layout
    channels: Channels

    def tensor(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return a batch of one picture."""
        values: npt.NDArray[np.float32] = np.asarray(self._sized(Image.fromarray(pixels)), np.float32)
        if self.channels is Channels.BGR:
            values = values[:, :, ::-1]
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        values = ((values * np.float32(self.scale) - mean) / std).astype(np.float32, copy=False)
        if self.layout is Layout.NCHW:
            values = values.transpose(2, 0, 1)
        return np.ascontiguousarray(values[None])

    def _sized(self, image: Image.Image) -> Image.Image:
        square, how = (self.size, self.size), _FILTERS[self.resample]
        if self.resize is Resize.SQUASH:
            return image.resize(square, how)
        if self.resize is Resize.CENTRE_CROP:
            # The middle is cut out before it is resized: a very long picture would become huge the other way round.
            side = min(image.size) * self.size / self.crop_from
            left, top = ((length - side) / 2 for length in image.size)
            return image.resize(square, how, box=(left, top, left + side, top + side))
        share = self.size / max(image.size)
        width, height = (max(1, min(self.size, round(length * share))) for length in image.size)
        whole = Image.new("RGB", square, self.border)
        whole.paste(image.resize((width, height), how), ((self.size - width) // 2, (self.size - height) // 2))
        return whole


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the model's output says.

    Attributes:
        classes: The model's own names, in the order of its output.
        labels: Classes by those names; what is not here is not reported.
        activation: What makes probabilities of the output.
        join: How several outputs make one class.
    """

    classes: tuple[str, ...]
    labels: Mapping[str, str]
    activation: Activation
    join: Join

    def scores(self, output: npt.NDArray[np.generic]) -> dict[str, float] | None:
        """Return the score of every class; None if the output is not what it should be."""
        if output.size != len(self.classes) or any(length != 1 for length in output.shape[:-1]):
            return None
        row = self._probabilities(np.asarray(output, np.float64).reshape(-1))
        if not np.isfinite(row).all() or (row < -_SLACK).any() or (row > 1 + _SLACK).any():
            return None
        found: dict[str, float] = {}
        for name, value in zip(self.classes, row.tolist(), strict=True):
            if name in self.labels:
                before = found.get(self.labels[name], 0.0)
                found[self.labels[name]] = before + value if self.join is Join.SUM else max(before, value)
        return {label: min(1.0, max(0.0, score)) for label, score in found.items()}

    def _probabilities(self, row: Row) -> Row:
        if not np.isfinite(row).all():
            return np.full_like(row, np.nan)
        if self.activation is Activation.SOFTMAX:
            powers: Row = np.exp(row - row.max())
            row = powers / powers.sum()
        elif self.activation is Activation.SIGMOID:
            row = 1 / (1 + np.exp(-row.clip(-500, 500)))
        return row


def read(section: Section, description: Description) -> Detector:
    """Make the detector that a model of the configuration asks for.

    Raises:
        ConfigurationError: If a key is not as it must be.
    """
    path, sha256 = section.path("path"), section.digest("sha256")
    if description.weights_licence is None:
        raise section.wrong("weights_licence", "is missing: the SPDX id of the model file's licence")
    recipe = _recipe(section)
    meaning = _meaning(section)
    source = section.text_or_none("input")
    output: str | int = section.value("output") if section.has("output") else 0
    if isinstance(output, bool) or not isinstance(output, str | int) or (isinstance(output, int) and output < 0):
        raise section.wrong("output", "is a name or a number from 0")
    info = description.info(
        labels=meaning.labels.values(),
        modalities=(Modality.IMAGE,),
        weights={path.name: sha256},
        input_spec=f"{recipe.channels.value} {recipe.layout.value} {recipe.size}, {recipe.resize.value}, "
        f"{recipe.resample.value}, times {recipe.scale:g}, minus {list(recipe.mean)}, by {list(recipe.std)}",
        offline=True,
        deterministic=True,
        runs=Runs.CONFINED,
    )
    return OnnxImage(info, path, recipe, meaning, source=source, output=output)


class OnnxImage:
    """Runs a model file.

    Args:
        info: What the detector says of itself.
        path: The file; `info.weights` has its digest.
        recipe: How a picture becomes its input.
        meaning: What its output says.
        source: Name of the input; the model's only one if None.
        output: Name or place of the output.

    Attributes:
        recipe: How a picture becomes the model's input.
    """

    def __init__(
        self,
        info: Info,
        path: Path,
        recipe: Recipe,
        meaning: Meaning,
        *,
        source: str | None = None,
        output: str | int = 0,
    ) -> None:
        self._info = info
        self._path = path
        self.recipe = recipe
        self._meaning = meaning
        self._source = source
        self._output = output
        self._model: ModelFile | None = None

    @property
    def info(self) -> Info:
        """What it says of itself."""
        return self._info

    @property
    def files(self) -> Mapping[str, Path]:
        """Where its model files are, by digest: they are the operator's, and in no weight store."""
        return {self._info.weights[self._path.name]: self._path}

    def load(self, context: LoadContext) -> None:
        """Open the file.

        Raises:
            WeightsMissing: If there is none.
            WeightsRefused: If it is another, or cannot be run here.
            ModelRefused: If it has another input or output.
        """
        digest = self._info.weights[self._path.name]
        self._model = ModelFile(
            self._path, digest, threads=context.threads, input_name=self._source, output=self._output
        )

    def close(self) -> None:
        """Let go of the model."""
        self._model = None

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return none: what an operator's model should answer is not known here."""
        return ()

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item, in order; each is run alone, so that no answer depends on its neighbours."""
        return [self._answer(item) for item in items]

    def _answer(self, item: Input) -> Result:
        picture = fitting(item)
        if isinstance(picture, Result):
            return picture
        if self._model is None:
            return Result.error("not_loaded")
        try:
            scores = self._meaning.scores(self._model.run(self.recipe.tensor(picture.pixels)))
        except ModelFailed:
            return Result.error("model_failed")
        return Result.error("bad_output") if scores is None else Result.ok(scores)


def _recipe(section: Section) -> Recipe:
    size = section.whole("size", least=16, most=1024)
    border = section.numbers("border", (127, 127, 127), count=3, least=0, most=255)
    std = section.numbers("std", (1.0, 1.0, 1.0), count=3, least=1e-6, most=1e6)
    return Recipe(
        size=size,
        resize=section.choice("resize", Resize),
        crop_from=section.whole("crop_from", size, least=size, most=2048),
        resample=section.choice("resample", Filter, Filter.BILINEAR),
        border=(int(border[0]), int(border[1]), int(border[2])),
        scale=section.number("scale", 1 / 255, least=1e-9, most=1e3),
        mean=section.numbers("mean", (0.0, 0.0, 0.0), count=3, least=-1e6, most=1e6),
        std=std,
        layout=section.choice("layout", Layout, Layout.NCHW),
        channels=section.choice("channels", Channels, Channels.RGB),
    )


def _meaning(section: Section) -> Meaning:
    classes = section.texts("classes")
    labels = read_labels(section, "labels")
    activation = section.choice("activation", Activation)
    if not classes or len(set(classes)) != len(classes) or not set(labels) <= set(classes):
        raise section.wrong("classes", "are the model's own names, each once, and those of labels among them")
    if len(classes) == 1 and activation is Activation.SOFTMAX:
        raise section.wrong("activation", "makes 1 of a single output, whatever it says")
    return Meaning(classes, labels, activation, section.choice("join", Join, _join(activation)))


def _join(activation: Activation) -> Join:
    return Join.SUM if activation is Activation.SOFTMAX else Join.MAX
