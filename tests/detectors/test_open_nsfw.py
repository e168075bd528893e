"""open_nsfw: what it is given and what its answers become. The branch that fires is proven with made-up answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from seawall.content.pictures import Picture
from seawall.detectors.contract import Detector, LoadContext, Status, Text
from seawall.detectors.onnx_session import ModelFailed, Tensor
from seawall.detectors.open_nsfw import LOOK_AGAIN, OpenNsfw
from seawall.policy.classes import ADULT_SEXUAL
from tests.detectors.shipped_models import AnyWeights, FakeModel, opens


def pixels(width: int, height: int, value: int = 90) -> Picture:
    return Picture(np.full((height, width, 3), value, np.uint8), width, height)


def detector(*scores: float) -> tuple[OpenNsfw, FakeModel]:
    left: Iterator[float] = iter(scores)

    def answer(tensor: Tensor) -> list[Tensor]:
        score = next(left)
        return [np.array([[1 - score, score]], np.float32)]

    model = FakeModel(answer)
    made = OpenNsfw(opens({"open-nsfw.onnx": model}))
    made.load(LoadContext(AnyWeights()))
    return made, model


def test_it_keeps_the_contract() -> None:
    made = OpenNsfw()
    assert isinstance(made, Detector)
    assert (made.info.id, made.info.labels, made.info.weights_licence) == ("open-nsfw", (ADULT_SEXUAL,), "BSD-2-Clause")


def test_the_model_is_given_blue_first_less_the_mean() -> None:
    made, model = detector(0.01)
    colour = np.empty((300, 400, 3), np.uint8)
    colour[:] = (200, 100, 50)
    made.score([Picture(colour, 400, 300)])
    (tensor,) = model.given
    assert (tensor.shape, tensor.dtype) == ((1, 224, 224, 3), np.float32)
    assert tensor[0, 100, 100] == pytest.approx([50 - 104, 100 - 117, 200 - 123], abs=3)


def test_a_low_score_is_the_answer() -> None:
    made, model = detector(0.1)
    (result,) = made.score([pixels(400, 300)])
    assert result.status is Status.OK
    assert result.labels == pytest.approx({ADULT_SEXUAL: 0.1})
    assert (len(model.given), result.regions) == (1, ())


def test_near_the_threshold_the_whole_and_the_corners_are_seen_and_the_largest_counts() -> None:
    made, model = detector(LOOK_AGAIN, 0.3, 0.1, 0.9, 0.2, 0.4)
    (result,) = made.score([pixels(400, 300)])
    assert result.labels == pytest.approx({ADULT_SEXUAL: 0.9})
    assert len(model.given) == 6
    assert [region.box for region in result.regions] == [
        (0.0, 0.0, 1.0, 1.0),
        (0.0, 0.0, 0.6, 0.6),
        (0.4, 0.0, 1.0, 0.6),
        (0.0, 0.4, 0.6, 1.0),
        (0.4, 0.4, 1.0, 1.0),
    ]


def test_a_very_long_picture_is_always_seen_whole_too() -> None:
    made, model = detector(*[0.01] * 6)
    made.score([pixels(600, 200)])
    assert len(model.given) == 6


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [np.array([[np.nan, 0.5]], np.float32)],
        [np.array([[0.9, 0.9]], np.float32)],
        [np.array([[2.0, -1.0]], np.float32)],
        [np.array([[0.2, 0.3, 0.5]], np.float32)],
        [np.array([[0.5, 0.5], [0.5, 0.5]], np.float32)],
        [np.array([0.5, 0.5], np.float32)],
    ],
    ids=["none", "not a number", "no softmax", "negative", "three", "two rows", "flat"],
)
def test_an_answer_that_is_none_is_an_error_and_never_a_score(answer: list[Tensor]) -> None:
    made = OpenNsfw(opens({"open-nsfw.onnx": FakeModel(lambda tensor: answer)}))
    made.load(LoadContext(AnyWeights()))
    (result,) = made.score([pixels(100, 100)])
    assert (result.status, result.reason, dict(result.labels)) == (Status.ERROR, "bad_output", {})


def test_a_model_that_fails_is_an_error_of_that_item_alone() -> None:
    made = OpenNsfw(opens({"open-nsfw.onnx": FakeModel(_fails_on_dark)}))
    made.load(LoadContext(AnyWeights()))
    results = made.score([pixels(100, 100, 10), pixels(100, 100, 200)])
    assert [result.status for result in results] == [Status.ERROR, Status.OK]


def _fails_on_dark(tensor: Tensor) -> list[Tensor]:
    if tensor.mean() < 0:
        raise ModelFailed
    return [np.array([[1, 0]], np.float32)]


@pytest.mark.parametrize(
    ("item", "status", "reason"),
    [
        (Picture(np.zeros((640, 640, 3), np.uint8), 7072, 7072), Status.ABSTAIN, "too_large"),
        (Picture(np.zeros((31, 200, 3), np.uint8), 200, 31), Status.ABSTAIN, "too_small"),
        (Picture(np.zeros((10, 640, 3), np.uint8), 6400, 100), Status.ABSTAIN, "too_small"),
        (Picture(np.zeros((100, 100), np.uint8), 100, 100), Status.ERROR, "bad_picture"),
        (Picture(np.zeros((100, 641, 3), np.uint8), 641, 100), Status.ERROR, "bad_picture"),
        (Text("zorblax"), Status.UNSUPPORTED, "modality"),
    ],
)
def test_what_cannot_be_judged_is_said_to_be(item: Picture | Text, status: Status, reason: str) -> None:
    made, model = detector()
    (result,) = made.score([item])
    assert (result.status, result.reason, dict(result.labels), model.given) == (status, reason, {}, [])


def test_it_answers_nothing_before_it_is_loaded_and_after_it_is_closed() -> None:
    made, _ = detector(0.1)
    made.close()
    assert [each.score([pixels(99, 99)])[0].reason for each in (made, OpenNsfw())] == ["not_loaded"] * 2
