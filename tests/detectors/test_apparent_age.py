"""Apparent age: which faces are judged, what the distribution becomes, and what is never claimed.

The network's answers are made up here; no picture of a person is used but the adults of the sample wheels.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from seawall.content.pictures import Picture
from seawall.detectors.apparent_age import MOST_JUDGED, ApparentAge
from seawall.detectors.contract import Detector, LoadContext, Result, Status
from seawall.detectors.onnx_session import Tensor
from seawall.policy.classes import CHILD_DEPICTION, PERSONS, PERSONS_ABSTAINED, UNDER_21
from tests.detectors.shipped_models import AnyWeights, FakeModel, opens

GREY = Picture(np.full((320, 320, 3), 120, np.uint8), 320, 320)
FRONT = [0.4, 0.3, 0.4, 0.7, 0.6, 0.5, 0.8, 0.35, 0.8, 0.65]
"""Five points of a face from the front as the face network gives them, y before x, as shares of its size."""

PROFILE = [0.4, 0.3, 0.4, 0.7, 0.6, 0.95, 0.8, 0.35, 0.8, 0.65]
UPSIDE_DOWN = [0.6, 0.3, 0.6, 0.7, 0.4, 0.5, 0.2, 0.35, 0.2, 0.65]

Drawn = tuple[float, float, float, float, list[float]]


def face_maps(*faces: Drawn) -> Callable[[Tensor], list[Tensor]]:
    def answer(tensor: Tensor) -> list[Tensor]:
        rows, columns = tensor.shape[2] // 4, tensor.shape[3] // 4
        found = [np.zeros((1, n, rows, columns), np.float32) for n in (1, 2, 2, 10)]
        for x, y, side, score, points in faces:
            row, column = int(y / 4), int(x / 4)
            found[0][0, 0, row, column] = score
            found[1][0, :, row, column] = math.log(side / 4)
            found[3][0, :, row, column] = points
        return found

    return answer


def ages(**shares: float) -> Tensor:
    """Return a distribution: `y40=0.5` puts half on 40 years; the rest is on 50."""
    row = np.zeros(81, np.float32)
    for name, share in shares.items():
        row[int(name[1:])] += share
    row[50] += 1 - row.sum()
    return row


def judged(faces: list[Drawn], *rows: Tensor, item: Picture = GREY) -> tuple[Result, FakeModel]:
    model = FakeModel(lambda tensor: [np.stack(rows)])
    made = ApparentAge(opens({"age-v1.onnx": model, "centerface.onnx": FakeModel(face_maps(*faces))}))
    made.load(LoadContext(AnyWeights()))
    (result,) = made.score([item])
    return result, model


def test_it_keeps_the_contract() -> None:
    info = ApparentAge().info
    assert isinstance(ApparentAge(), Detector)
    assert info.labels == (CHILD_DEPICTION, UNDER_21, PERSONS, PERSONS_ABSTAINED)
    assert set(info.weights) == {"age-v1.onnx", "centerface.onnx"}


def test_no_face_gives_zeros_and_asks_nothing_of_the_age_model() -> None:
    result, model = judged([])
    assert result.labels == {CHILD_DEPICTION: 0, UNDER_21: 0, PERSONS: 0, PERSONS_ABSTAINED: 0}
    assert not model.given


def test_the_shares_of_the_years_are_added_up() -> None:
    result, _ = judged([(160, 160, 120, 0.9, FRONT)], ages(y12=0.1, y17=0.2, y18=0.05, y20=0.05, y21=0.1))
    (region,) = result.regions
    assert region.attrs["p_under_13"] == pytest.approx(0.1)
    assert region.attrs["p_under_18"] == pytest.approx(0.3)
    assert region.attrs["p_under_21"] == pytest.approx(0.4)
    assert region.attrs["expected_age"] == pytest.approx(
        0.1 * 12 + 0.2 * 17 + 0.05 * 38 + 0.1 * 21 + 0.5 * 50, abs=0.01
    )
    assert result.labels == pytest.approx({CHILD_DEPICTION: 0.3, UNDER_21: 0.4, PERSONS: 1, PERSONS_ABSTAINED: 0})


def test_the_person_who_looks_youngest_counts() -> None:
    faces = [(80, 160, 100, 0.9, FRONT), (240, 160, 90, 0.9, FRONT)]
    result, model = judged(faces, ages(y40=1), ages(y20=0.6))
    assert result.labels == pytest.approx({CHILD_DEPICTION: 0, UNDER_21: 0.6, PERSONS: 2, PERSONS_ABSTAINED: 0})
    assert model.given[0].shape == (2, 3, 64, 64)


@pytest.mark.parametrize(
    ("face", "reason"),
    [
        ((160, 160, 59, 0.9, FRONT), "small"),
        ((160, 160, 120, 0.55, FRONT), "unsure"),
        ((160, 160, 120, 0.9, PROFILE), "turned"),
        ((160, 160, 120, 0.9, UPSIDE_DOWN), "turned"),
        ((8, 160, 120, 0.9, FRONT), "cut_off"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_face_that_cannot_be_judged_is_counted_apart_and_never_as_adult(face: Drawn, reason: str) -> None:
    result, model = judged([face], ages(y40=1))
    assert result.status is Status.OK
    assert (result.labels[PERSONS], result.labels[PERSONS_ABSTAINED]) == (0, 1)
    assert (result.regions[0].attrs["abstained"], result.regions[0].attrs[reason]) == (1, 1)
    assert not model.given
    assert not {name for name in result.regions[0].attrs if name.startswith(("p_", "expected"))}


def test_in_a_crowd_the_largest_are_judged_and_the_rest_counted() -> None:
    picture = Picture(np.zeros((640, 640, 3), np.uint8), 640, 640)
    faces = [(24.0 + 64 * column, 40.0 + 64 * row, 31.0, 0.9, FRONT) for row in range(4) for column in range(5)]
    result, model = judged(faces, *[ages(y40=1)] * MOST_JUDGED, item=picture)
    assert (result.labels[PERSONS], result.labels[PERSONS_ABSTAINED]) == (MOST_JUDGED, 20 - MOST_JUDGED)
    assert len(model.given[0]) == MOST_JUDGED


@pytest.mark.parametrize(
    "row", [np.full(81, np.nan, np.float32), np.ones(81, np.float32), np.zeros(81, np.float32), np.ones(80) / 80]
)
def test_an_answer_that_is_no_distribution_is_an_error(row: Tensor) -> None:
    result, _ = judged([(160, 160, 120, 0.9, FRONT)], row)
    assert (result.status, result.reason, dict(result.labels)) == (Status.ERROR, "bad_output", {})


def test_fewer_rows_than_faces_are_an_error() -> None:
    result, _ = judged([(80, 160, 100, 0.9, FRONT), (240, 160, 90, 0.9, FRONT)], ages(y40=1))
    assert result.reason == "bad_output"


@pytest.mark.parametrize("side", [70.0, 120.0, 300.0])
@pytest.mark.parametrize("turned_by", [0, 30, -30])
def test_the_eyes_come_to_their_places_at_every_size_and_turn(side: float, turned_by: int) -> None:
    """Marks the eyes of an empty picture with two dots, and finds them in what the age model is given."""
    angle = math.radians(turned_by)
    turn = complex(math.cos(angle), math.sin(angle))
    points = [0.5 + turn * (complex(x, y) - (0.5 + 0.5j)) for y, x in zip(FRONT[::2], FRONT[1::2], strict=True)]
    points = [point + 0.5j for point in points]
    pixels = np.zeros((320, 320, 3), np.uint8)
    dot = max(1, round(side / 40))
    for eye in points[:2]:
        x, y = (162 - side / 2 + side * eye.real, 162 - side / 2 + side * eye.imag)
        pixels[round(y) - dot : round(y) + dot, round(x) - dot : round(x) + dot] = 255
    flat = [value for point in points for value in (point.imag, point.real)]
    result, model = judged([(160, 160, side, 0.9, flat)], ages(y40=1), item=Picture(pixels, 320, 320))
    assert result.labels[PERSONS] == 1
    chip = model.given[0][0, 0] * 256 + 122.782
    for half, (x, y) in ((chip[:, :32], (19.5, 19.3)), (chip[:, 32:], (43.6 - 32, 19.3))):
        rows, columns = np.indices(half.shape) + 0.5
        weight = half / half.sum()
        assert ((columns * weight).sum(), (rows * weight).sum()) == pytest.approx((x, y), abs=0.7)


def test_a_chip_is_in_red_green_blue_less_the_mean() -> None:
    pixels = np.asarray(Image.new("RGB", (320, 320), (200, 100, 50)))
    _, model = judged([(160, 160, 120, 0.9, FRONT)], ages(y40=1), item=Picture(pixels, 320, 320))
    expected = [(200 - 122.782) / 256, (100 - 117.001) / 256, (50 - 104.298) / 256]
    assert model.given[0][0, :, 32, 32].tolist() == pytest.approx(expected, abs=1e-5)
