"""Generated pictures and small tools that the decoding tests share."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pdqhash
import pytest
from PIL import Image

from seawall.content.images import Frame, open_images

Array = npt.NDArray[Any]
Encode = Callable[..., bytes]
HashOf = Callable[[Any], int]


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """A generated picture: hills of colour, a disc and a bar, some grain."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:300, 0:400] / 100.0
    hills = sum(
        rng.uniform(0.3, 1) * np.sin(rng.uniform(1, 6) * x + rng.uniform(1, 6) * y + rng.uniform(0, 6))
        for _ in range(8)
    )
    disc = ((x - 2.6) ** 2 + (y - 1.1) ** 2 < 0.4) * 1.6
    bar = (np.abs(x - 0.8) < 0.15) * -1.4
    light = hills / 2 + disc + bar
    rgb = np.stack([140 + 50 * light, 125 + 55 * light + 12 * np.sin(2 * x), 110 + 45 * light - 15 * np.cos(y)], -1)
    return Image.fromarray(np.clip(rgb + rng.normal(0, 3, rgb.shape), 0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def encode() -> Encode:
    """`encode(picture, format, **options)` gives the bytes of a file."""

    def encoded(picture: Image.Image, format_name: str, **options: Any) -> bytes:
        target = io.BytesIO()
        picture.save(target, format_name, **options)
        return target.getvalue()

    return encoded


@pytest.fixture(scope="session")
def hash_of() -> HashOf:
    """`hash_of(frame | array | picture)` gives the oracle's hash of full-resolution RGB, as an integer."""

    def hashed(shown: Any) -> int:
        pixels = assemble(shown.strips) if isinstance(shown, Frame) else np.asarray(shown)
        if pixels.dtype != np.uint8:
            pixels = np.rint(pixels).astype(np.uint8)
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[:, :, None], 3, 2)
        bits, _ = pdqhash.compute(np.ascontiguousarray(pixels))
        return int("".join("1" if bit else "0" for bit in bits), 2)

    return hashed


@pytest.fixture(scope="session")
def frames_of() -> Callable[..., list[Array]]:
    """`frames_of(data)` gives the pixels of every frame."""

    def decoded(data: bytes, **options: Any) -> list[Array]:
        with open_images(data, **options) as reader:
            return [assemble(frame.strips) for frame in reader.frames()]

    return decoded


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the module whose functions tests run in the sandbox."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return "entries_for_sandbox"


def assemble(strips: Callable[[], Any]) -> Array:
    """Join strips to one array."""
    return np.concatenate(list(strips()))
