"""A fake service, canary content, and detectors made of a configuration as operators write it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from seawall.canary.draw import variants
from seawall.canary.pack import Pack
from seawall.detectors.adapters import parse_configuration
from seawall.detectors.adapters.service import Pacing, ServiceDetector
from seawall.detectors.contract import Detector, LoadContext, Picture, Text
from seawall.testing import SteppingClock
from tests.detectors.adapters.fake_service import FakeService, FakeTime


class NoWeights:
    """A store without a file."""

    def path(self, name: str, sha256: str) -> object:
        raise AssertionError(f"{name} was asked for")


CONTEXT = LoadContext(NoWeights())  # type: ignore[arg-type]


@pytest.fixture
def service() -> Iterator[FakeService]:
    fake = FakeService()
    yield fake
    fake.close()


@pytest.fixture
def service_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret that a described service is asked with."""
    monkeypatch.setenv("SEAWALL_TEST_KEY", "zorblax-key")


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


def model(yaml: str) -> Detector:
    """Make the one model of a configuration."""
    text = textwrap.indent(textwrap.dedent(yaml).strip(), "    ")
    (detector,) = parse_configuration(f"models:\n  zorblax:\n{text}\n").detectors
    return detector


@pytest.fixture
def loaded(fake_time: FakeTime) -> Iterator[Callable[[str], Detector]]:
    """Make and load models whose waits take no time; they are closed at the end."""
    opened: list[Detector] = []

    def make(yaml: str) -> Detector:
        detector = model(yaml)
        if isinstance(detector, ServiceDetector):
            detector.pacing = Pacing(fake_time.monotonic, fake_time.sleep, lambda: fake_time.chance, SteppingClock())
        detector.load(CONTEXT)
        opened.append(detector)
        return detector

    yield make
    for detector in opened:
        detector.close()


@pytest.fixture(scope="session")
def canary_picture() -> Picture:
    """A drawn canary: a paper lantern."""
    (variant,) = variants(["b"], 1, 1)
    pixels = np.asarray(variant.picture.convert("RGB").resize((320, 240)))
    return Picture(pixels, 320, 240)


@pytest.fixture(scope="session")
def canary_text() -> Text:
    """The canary sentence about a paper lantern."""
    return Text(Pack.load().prompt(["b"]), "en")
