"""Faces: from the network's maps to boxes, when a closer look is taken, and what detectors share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seawall.content.pictures import Picture
from seawall.detectors.contract import Detector, LoadContext, Status
from seawall.detectors.faces import FACES, Faces, face_finder
from seawall.detectors.onnx_session import Tensor
from seawall.detectors.weights import InstalledWeights
from tests.detectors.shipped_models import AnyWeights, FakeModel, loaded_detectors, opens, photo, picture

SIDE = 48.0
EMPTY = Picture(np.zeros((480, 640, 3), np.uint8), 640, 480)

Drawn = tuple[float, float, float, float]
"""Middle, size and score of a face, in pixels of what the network is shown."""


def maps(tensor: Tensor, *faces: Drawn) -> list[Tensor]:
    """Return what the network says of a picture with these faces."""
    rows, columns = tensor.shape[2] // 4, tensor.shape[3] // 4
    heat, size, offset, points = (np.zeros((1, n, rows, columns), np.float32) for n in (1, 2, 2, 10))
    for x, y, side, score in faces:
        row, column = int(y / 4), int(x / 4)
        heat[0, 0, row, column] = score
        size[0, :, row, column] = math.log(side / 4)
        offset[0, :, row, column] = (y / 4 - row - 0.5, x / 4 - column - 0.5)
        points[0, :, row, column] = [0.4, 0.3, 0.4, 0.7, 0.6, 0.5, 0.8, 0.35, 0.8, 0.65]  # y before x
    return [heat, size, offset, points]


def loaded(answer: Callable[[Tensor], list[Tensor]]) -> tuple[Faces, FakeModel]:
    model = FakeModel(answer)
    made = Faces(opens({"centerface.onnx": model}))
    made.load(LoadContext(AnyWeights()))
    return made, model


def test_it_keeps_the_contract() -> None:
    assert isinstance(Faces(), Detector)
    assert Faces().info.labels == (FACES,)


def test_a_face_is_where_the_maps_say() -> None:
    made, model = loaded(lambda tensor: maps(tensor, (100, 80, SIDE, 0.9)))
    (result,) = made.score([EMPTY])
    assert result.labels == {FACES: 1.0}
    (region,) = result.regions
    left, top, right, bottom = region.box
    assert (left * 640, top * 480, right * 640, bottom * 480) == pytest.approx((152, 112, 248, 208), abs=0.1)
    assert region.score == pytest.approx(0.9)
    assert region.attrs["eye_distance"] == pytest.approx(0.4 * 2 * SIDE, abs=0.1)
    assert region.attrs["eye1_x"] * 640 == pytest.approx(152 + 0.3 * 96, abs=0.1)
    assert region.attrs["eye1_y"] * 480 == pytest.approx(112 + 0.4 * 96, abs=0.1)
    assert [tensor.shape for tensor in model.given] == [(1, 3, 256, 320)]


def test_of_faces_that_overlap_the_best_is_kept() -> None:
    made, _ = loaded(lambda tensor: maps(tensor, (100, 80, SIDE, 0.8), (104, 80, SIDE, 0.9), (220, 80, SIDE, 0.7)))
    (result,) = made.score([EMPTY])
    assert [round(region.score, 2) for region in result.regions] == [0.9, 0.7]


def test_where_nothing_stirs_there_is_no_closer_look() -> None:
    made, model = loaded(maps)
    (result,) = made.score([EMPTY])
    assert (result.status, dict(result.labels), len(model.given)) == (Status.OK, {FACES: 0.0}, 1)


def closer(*faces: Drawn) -> Callable[[Tensor], list[Tensor]]:
    """Answer the quick look with a stir at (100, 80), and a closer one with these faces."""
    return lambda tensor: maps(tensor, (100, 80, 10, 0.1)) if tensor.shape[3] == 320 else maps(tensor, *faces)


def test_a_doubt_is_looked_at_closely_at_full_scale_and_only_there() -> None:
    made, model = loaded(closer((70, 70, 16, 0.8)))
    (result,) = made.score([EMPTY])
    assert model.given[1].shape == (1, 3, 160, 160)
    (region,) = result.regions
    # The part begins 64 pixels before the stir's cell, which is at (200, 160).
    middle = (region.box[0] + region.box[2]) * 320, (region.box[1] + region.box[3]) * 240
    assert middle == pytest.approx((200 - 64 + 70, 160 - 64 + 70), abs=0.1)


def test_an_unsure_face_has_to_be_seen_again() -> None:
    made, model = loaded(lambda tensor: maps(tensor, (100, 80, SIDE, 0.55)) if tensor.shape[3] == 320 else maps(tensor))
    (result,) = made.score([EMPTY])
    assert (result.labels, len(model.given)) == ({FACES: 0.0}, 2)


def test_a_small_face_that_is_sure_is_kept_beside_what_the_closer_look_finds() -> None:
    made, _ = loaded(
        lambda tensor: maps(tensor, (100, 80, 12, 0.9)) if tensor.shape[3] == 320 else maps(tensor, (20, 20, 16, 0.7))
    )
    assert made.score([EMPTY])[0].labels == {FACES: 2.0}


def test_a_small_picture_is_looked_at_once_and_never_enlarged() -> None:
    made, model = loaded(lambda tensor: maps(tensor, (50, 50, 20, 0.55)))
    assert made.score([Picture(np.zeros((100, 200, 3), np.uint8), 200, 100)])[0].labels == {FACES: 1.0}
    assert [tensor.shape for tensor in model.given] == [(1, 3, 128, 224)]


def test_a_face_in_the_added_border_is_none() -> None:
    made, _ = loaded(lambda tensor: maps(tensor, (215, 115, 10, 0.9)))
    assert made.score([Picture(np.zeros((100, 200, 3), np.uint8), 200, 100)])[0].labels == {FACES: 0.0}


@pytest.mark.parametrize("spoilt", [0, 1, 2, 3])
def test_maps_that_are_no_numbers_or_missing_are_an_error(spoilt: int) -> None:
    def answer(tensor: Tensor) -> list[Tensor]:
        found = maps(tensor, (100, 80, SIDE, 0.9))
        found[spoilt][0, 0, 0, 0] = np.nan
        return found

    assert loaded(answer)[0].score([EMPTY])[0].reason == "model_failed"
    assert loaded(lambda tensor: maps(tensor)[:spoilt])[0].score([EMPTY])[0].reason == "model_failed"


def test_a_size_beyond_all_measure_does_no_harm() -> None:
    def answer(tensor: Tensor) -> list[Tensor]:
        found = maps(tensor, (100, 80, SIDE, 0.9))
        found[1][0, :, 20, 25] = 1e30
        return found

    (region,) = loaded(answer)[0].score([EMPTY])[0].regions
    assert region.box == (0.0, 0.0, 1.0, 1.0)


def test_a_picture_is_looked_at_once_for_all_detectors_of_a_store(tmp_path: Path) -> None:
    model = FakeModel(maps)
    (tmp_path / "centerface.onnx").write_bytes(b"")
    store = InstalledWeights([tmp_path])
    store.path = lambda name, sha256: Path(name)  # type: ignore[method-assign]
    context = LoadContext(store)
    one, other = (face_finder(context, opens({"centerface.onnx": model})) for _ in range(2))
    assert one is other
    one.find(EMPTY)
    other.find(Picture(EMPTY.pixels.copy(), 640, 480))
    assert len(model.given) == 1


@pytest.mark.parametrize("place", [(40, 40), (400, 300)])
def test_a_small_adult_face_in_a_large_picture_is_found_where_it_is(place: tuple[int, int]) -> None:
    found = loaded_detectors()["faces"]
    near = photo("astronaut.png").crop((120, 0, 330, 240)).resize((63, 72), Image.Resampling.BILINEAR)
    scene = photo("coffee.png").resize((640, 427))
    scene.paste(near, place)
    (result,) = found.score([picture(scene)])
    (region,) = result.regions
    middle = (region.box[0] + region.box[2]) * 320, (region.box[1] + region.box[3]) * 213.5
    assert middle == pytest.approx((place[0] + 32, place[1] + 36), abs=8)
