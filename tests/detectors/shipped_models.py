"""The shipped detectors on the harmless photographs of the sample wheels, and fakes that answer as a test chooses."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from seawall.content.pictures import PICTURE_SIDE, Picture
from seawall.detectors.apparent_age import ApparentAge
from seawall.detectors.contract import Detector, LoadContext
from seawall.detectors.errors import WeightsMissing
from seawall.detectors.faces import Faces
from seawall.detectors.image_safety import ImageSafety
from seawall.detectors.onnx_session import Model, Tensor
from seawall.detectors.open_nsfw import OpenNsfw
from seawall.detectors.weights import installed_weights, shipped_weights

ADULTS = ("astronaut.png", "camera.png")
OBJECTS = (
    "brick.png",
    "cell.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "color.png",
    "grass.png",
    "gravel.png",
    "horse.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "logo.png",
    "microaneurysms.png",
    "moon.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "page.png",
    "phantom.png",
    "retina.jpg",
    "rocket.jpg",
    "text.png",
    "china.jpg",
    "flower.jpg",
)


def photo(name: str) -> Image.Image:
    """Return a photograph that lies inside a sample wheel; nothing is ever downloaded."""
    folder = files("sklearn.datasets.images") if name in {"china.jpg", "flower.jpg"} else files("skimage.data")
    with (folder / name).open("rb") as file, Image.open(file) as image:
        return image.convert("RGB")


def picture(image: Image.Image) -> Picture:
    """Return an image as detectors are given it."""
    share = min(1.0, PICTURE_SIDE / max(image.size))
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    pixels = np.asarray(image.resize(size, Image.Resampling.BILINEAR) if share < 1 else image)
    return Picture(pixels, image.width, image.height)


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """Return an image as a JPEG of this quality gives it back."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as again:
        return again.convert("RGB")


TRANSFORMS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda image: image,
    "mirrored": ImageOps.mirror,
    "turned by 90": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "inverted": ImageOps.invert,
    "JPEG of quality 20": lambda image: jpeg(image, 20),
    "padded to three times": lambda image: ImageOps.expand(image, image.size),
    "middle half": lambda image: image.crop(
        (image.width // 4, image.height // 4, image.width - image.width // 4, image.height - image.height // 4)
    ),
    "a quarter of its size": lambda image: image.resize((image.width // 4, image.height // 4)),
    "blended with a colour": lambda image: Image.blend(image, Image.new("RGB", image.size, (200, 150, 120)), 0.4),
}


def shipped_detectors() -> Iterator[Detector]:
    """Give the four, not loaded."""
    yield from (OpenNsfw(), ImageSafety(), Faces(), ApparentAge())


def loaded_detectors() -> dict[str, Detector]:
    """Return the four by name, ready; say so where the model files are missing, and fail in CI."""
    store = installed_weights()
    context = LoadContext(store)
    try:
        for weight in shipped_weights().values():
            store.path(weight.name, weight.sha256)
    except WeightsMissing:
        if os.environ.get("CI") == "true":
            pytest.fail("the model files are missing, and CI must run these tests: seawall detectors fetch")
        pytest.skip("shipped models not run: install them with 'seawall detectors fetch'")
    detectors = {each.info.id: each for each in shipped_detectors()}
    for each in detectors.values():
        each.load(context)
    return detectors


class AnyWeights:
    """A store whose files are only names."""

    def path(self, name: str, sha256: str) -> Path:
        assert len(sha256) == 64
        return Path(name)


class FakeModel:
    """A model that answers as it is told, and keeps what it was given."""

    def __init__(self, answer: Callable[[Tensor], list[Tensor]]) -> None:
        self.given: list[Tensor] = []
        self._answer = answer

    def run(self, tensor: Tensor) -> list[Tensor]:
        self.given.append(tensor)
        return self._answer(tensor)


def opens(models: dict[str, Model]) -> Callable[[Path, int], Model]:
    """Return what opens these models by file name."""
    return lambda path, threads: models[path.name]
