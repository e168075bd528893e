"""The public stand-in detector answers as a test says, here and in a confined process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from seawall.detectors.contract import Detector, Input, Modality, Picture, Result, Text
from seawall.testing import StandInDetector, scores_of

Even = Callable[..., Picture]


def test_it_gives_the_scores_that_a_function_of_the_picture_gives(even: Even) -> None:
    detector = StandInDetector(
        lambda item: {"adult_sexual": float(item.pixels.mean() / 255)} if isinstance(item, Picture) else {}
    )
    assert isinstance(detector, Detector)
    dark, light, text = scores_of(detector, [even(51), even(102), Text("boat")])
    assert dark.labels == pytest.approx({"adult_sexual": 0.2})
    assert light.labels == pytest.approx({"adult_sexual": 0.4})
    assert text.labels == {}


def test_it_can_abstain_and_have_labels_and_a_name_of_its_own(even: Even) -> None:
    detector = StandInDetector(
        lambda item: Result.abstain("too_dark"), id="mine", labels=["heron"], modalities=[Modality.IMAGE]
    )
    assert (detector.info.id, detector.info.labels) == ("mine", ("heron",))
    assert scores_of(detector, [even(1)]) == [Result.abstain("too_dark")]


def test_what_the_host_would_not_pass_on_is_an_error_here_too(even: Even) -> None:
    assert scores_of(StandInDetector(lambda item: {"zorblax": 1.0}), [even(1)])[0].reason == "bad_answer"
    assert scores_of(StandInDetector(lambda item: {"adult_sexual": np.nan}), [even(1)])[0].reason == "bad_answer"


class _Short(StandInDetector):
    def score(self, items: Sequence[Input]) -> list[Result]:
        return []


def test_a_detector_that_gives_too_few_answers_is_told(even: Even) -> None:
    with pytest.raises(AssertionError, match="one answer for each item"):
        scores_of(_Short(lambda item: {}), [even(1)])
