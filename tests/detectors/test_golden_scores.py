"""Scores of the shipped models on harmless photographs are pinned: another resize, model or runtime shows here first.

The tolerance is 0.02: processors round differently in the last bits (AVX2, AVX-512, NEON), and a JPEG within the
preprocessing turns that into a step of a grey level here and there; a changed recipe moves scores by 0.05 and more.
`golden.json` is written by `python -m tests.detectors.test_golden_scores`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from seawall.detectors.contract import Detector, Status
from tests.detectors.shipped_models import ADULTS, OBJECTS, loaded_detectors, photo, picture

GOLDEN = Path(__file__).parents[1] / "data" / "detectors" / "golden.json"
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def detectors() -> dict[str, Detector]:
    return loaded_detectors()


def scores(detectors: Mapping[str, Detector], name: str) -> dict[str, dict[str, float]]:
    item = picture(photo(name))
    results = {id_: detector.score([item])[0] for id_, detector in detectors.items()}
    assert all(result.status is Status.OK for result in results.values())
    return {id_: {label: round(score, 4) for label, score in each.labels.items()} for id_, each in results.items()}


@pytest.mark.parametrize("name", [*ADULTS, *OBJECTS])
def test_scores_are_those_that_are_pinned(detectors: dict[str, Detector], name: str) -> None:
    expected = json.loads(GOLDEN.read_text())[name]
    found = scores(detectors, name)
    assert found.keys() == expected.keys()
    for id_, labels in expected.items():
        assert found[id_] == pytest.approx(labels, abs=TOLERANCE), id_


def test_the_same_picture_scores_the_same_again_alone_and_among_others(detectors: dict[str, Detector]) -> None:
    items = [picture(photo(name)) for name in ("astronaut.png", "coffee.png", "china.jpg")]
    for id_, first in detectors.items():
        again = loaded_detectors()[id_]
        assert first.score(items) == again.score(items[::-1])[::-1] == [first.score([item])[0] for item in items]


def test_examples_give_what_they_say(detectors: dict[str, Detector]) -> None:
    for detector in detectors.values():
        for item, expected in detector.examples():
            found = detector.score([item])[0]
            assert found.status is expected.status
            assert found.labels == pytest.approx(dict(expected.labels), abs=TOLERANCE)


if __name__ == "__main__":
    ready = loaded_detectors()
    GOLDEN.write_text(json.dumps({name: scores(ready, name) for name in (*ADULTS, *OBJECTS)}, indent=1) + "\n")
