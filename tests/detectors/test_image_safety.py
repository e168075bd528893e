"""image-safety: what it is given, and which of its three answers become which label."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.content.pictures import Picture
from seawall.detectors.contract import Detector, LoadContext, Status
from seawall.detectors.image_safety import NSFL, ImageSafety
from seawall.detectors.onnx_session import ModelFailed, Tensor
from seawall.policy.classes import ADULT_SEXUAL
from tests.detectors.shipped_models import AnyWeights, FakeModel, opens

RED = Picture(np.broadcast_to(np.array([255, 0, 0], np.uint8), (200, 400, 3)), 400, 200)


def loaded(model: FakeModel) -> ImageSafety:
    made = ImageSafety(opens({"image-safety-classifier-s.onnx": model}))
    made.load(LoadContext(AnyWeights()))
    return made


def answering(*row: float) -> FakeModel:
    return FakeModel(lambda tensor: [np.array([row], np.float32)])


def test_it_keeps_the_contract() -> None:
    assert isinstance(ImageSafety(), Detector)
    assert ImageSafety().info.labels == (ADULT_SEXUAL, NSFL)


def test_the_whole_picture_is_given_on_a_border_of_the_mean_colour() -> None:
    model = answering(0, 0, 1)
    loaded(model).score([RED])
    (tensor,) = model.given
    assert (tensor.shape, tensor.dtype) == ((1, 3, 224, 224), np.float32)
    assert tensor[0, :, 112, 5].tolist() == [255, 0, 0]
    assert tensor[0, :, 20, 112].tolist() == [124, 116, 104]
    assert int((tensor[0, 0] == 255).sum()) == 224 * 112


def test_gore_is_told_apart_and_never_added_to_adult_content() -> None:
    (result,) = loaded(answering(0.7, 0.2, 0.1)).score([RED])
    assert result.labels == pytest.approx({ADULT_SEXUAL: 0.2, NSFL: 0.7})


def test_the_second_answer_is_adult_content() -> None:
    (result,) = loaded(answering(0.01, 0.98, 0.01)).score([RED])
    assert result.labels[ADULT_SEXUAL] == pytest.approx(0.98)


@pytest.mark.parametrize("row", [(np.nan, 0.5, 0.5), (0.9, 0.9, 0.9), (np.inf, 0, 0), (0.5, 0.5)])
def test_an_answer_that_is_none_is_an_error(row: tuple[float, ...]) -> None:
    (result,) = loaded(answering(*row)).score([RED])
    assert (result.status, result.reason) == (Status.ERROR, "bad_output")


def test_a_model_that_fails_is_an_error() -> None:
    def fail(tensor: Tensor) -> list[Tensor]:
        raise ModelFailed

    (result,) = loaded(FakeModel(fail)).score([RED])
    assert (result.status, result.reason) == (Status.ERROR, "model_failed")


def test_a_picture_too_large_or_too_small_is_not_judged() -> None:
    made = loaded(answering(0, 0, 1))
    tall = Picture(np.zeros((640, 320, 3), np.uint8), 5001, 10000)
    tiny = Picture(np.zeros((16, 16, 3), np.uint8), 16, 16)
    assert [result.reason for result in made.score([tall, tiny])] == ["too_large", "too_small"]
