"""What a PDQ value is: its form, the hashes of flat and tiny pictures, orientations and distances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seawall.hashing.pdq import ORIENTATIONS, PdqHash, distance, pdq_array

Draw = Callable[..., np.ndarray]

TURNS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "original": lambda a: a,
    "rotate90": lambda a: np.rot90(a),
    "rotate180": lambda a: np.rot90(a, 2),
    "rotate270": lambda a: np.rot90(a, 3),
    "flipx": lambda a: a[::-1],
    "flipy": lambda a: a[:, ::-1],
    "flipplus1": lambda a: a.swapaxes(0, 1),
    "flipminus1": lambda a: np.rot90(a, 2).swapaxes(0, 1),
}


def test_the_hash_has_eight_orientations_of_32_bytes_the_first_being_the_value(draw: Draw, backend: str) -> None:
    result = pdq_array(draw(1, 200, 300), backend=backend)

    assert len(result.value) == 32
    assert [len(value) for value in result.dihedral] == [32] * len(ORIENTATIONS)
    assert result.dihedral[0] == result.value
    assert result.hex() == result.value.hex()
    assert 0 <= result.quality <= 100


def test_half_of_the_bits_are_set_in_every_orientation(draw: Draw, backend: str) -> None:
    for value in pdq_array(draw(2, 333, 222), backend=backend).dihedral:
        assert int.from_bytes(value).bit_count() == 128


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_an_orientation_is_the_hash_of_the_turned_picture(orientation: str, vectors: Path, backend: str) -> None:
    with Image.open(vectors / "images" / "bridge-mods" / "aaa-orig.jpg") as image:
        pixels = np.asarray(image)
    predicted = pdq_array(pixels, backend=backend).dihedral[ORIENTATIONS.index(orientation)]

    assert distance(predicted, pdq_array(TURNS[orientation](pixels), backend=backend).value) <= 12


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_turning_the_sampled_grid_turns_the_hash_exactly(seed: int, backend: str) -> None:
    rng = np.random.default_rng(seed)
    grid = rng.integers(0, 256, (64, 64), np.uint8)
    predicted = dict(zip(ORIENTATIONS, pdq_array(grid, backend=backend).dihedral, strict=True))

    for orientation, turn in TURNS.items():
        assert predicted[orientation] == pdq_array(turn(grid), backend=backend).value


def test_the_original_alone_is_the_same_value(draw: Draw, backend: str) -> None:
    pixels = draw(4, 100, 100)
    full, alone = pdq_array(pixels, backend=backend), pdq_array(pixels, backend=backend, dihedral=False)

    assert alone == PdqHash(full.value, full.quality, (full.value,))


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
@pytest.mark.parametrize("shape", [(64, 64), (100, 33), (517, 1031), (2000, 7), (300, 300, 3)])
def test_a_flat_picture_has_quality_zero_and_a_constant_hash(shape: tuple[int, ...], level: int, backend: str) -> None:
    result = pdq_array(np.full(shape, level, np.uint8), backend=backend)

    assert result == PdqHash(bytes(32), 0, (bytes(32),) * 8)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (4, 4), (4, 900), (900, 4), (4, 4, 3), (1, 70, 3)])
def test_a_picture_with_a_side_below_five_has_quality_zero(shape: tuple[int, ...], backend: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    assert pdq_array(pixels, backend=backend) == PdqHash(bytes(32), 0, (bytes(32),) * 8)


def test_very_long_pictures_are_hashed(backend: str) -> None:
    strip = np.random.default_rng(0).integers(0, 256, (5, 200_000), np.uint8)

    assert pdq_array(strip, backend=backend).quality > 0
    assert pdq_array(strip.T, backend=backend).value == pdq_array(np.ascontiguousarray(strip.T), backend=backend).value


def test_a_picture_is_two_or_three_dimensional(backend: str) -> None:
    for shape in ((), (30,), (2, 30, 30, 3)):
        with pytest.raises(ValueError, match="dimensions"):
            pdq_array(np.zeros(shape, np.uint8), backend=backend)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_the_distance_counts_differing_bits(a: bytes, b: bytes) -> None:
    expected = sum((x ^ y).bit_count() for x, y in zip(a, b, strict=True))

    assert distance(a, b) == distance(b, a) == expected
    assert distance(a, a) == 0


@pytest.mark.parametrize("pair", [(bytes(31), bytes(32)), (bytes(32), bytes(33)), (b"", b"")])
def test_the_distance_of_other_lengths_is_an_error(pair: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        distance(*pair)


def test_a_hash_cannot_be_changed() -> None:
    value = PdqHash(bytes(32), 0, (bytes(32),))

    with pytest.raises(FrozenInstanceError):
        value.quality = 100  # type: ignore[misc]  # the point of the test
