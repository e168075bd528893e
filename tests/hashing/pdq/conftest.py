"""Every PDQ test runs on every backend that this machine has; pictures are drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from seawall.hashing.pdq import available_backends

Draw = Callable[..., np.ndarray]


@pytest.fixture(scope="session", params=available_backends())
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def draw() -> Draw:
    """A function that draws a benign picture: gradients, discs and bars under a little noise, RGB uint8."""

    def picture(seed: int, height: int, width: int, noise: float = 6.0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        canvas = np.empty((height, width, 3), np.float32)
        for channel in range(3):
            slope_y, slope_x = rng.uniform(-120, 120, 2)
            canvas[..., channel] = 128 + slope_y * (y / height - 0.5) + slope_x * (x / width - 0.5)
        for _ in range(12):
            centre_y, centre_x = rng.uniform(0, height), rng.uniform(0, width)
            radius = rng.uniform(0.05, 0.25) * max(height, width)
            inside = (y - centre_y) ** 2 + (x - centre_x) ** 2 < radius**2
            canvas[inside] = 0.4 * canvas[inside] + 0.6 * rng.uniform(0, 255, 3)
        canvas += rng.normal(0, noise, canvas.shape)
        return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)

    return picture
