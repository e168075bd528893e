"""Fidelity to the reference library, pdqhash, on pictures of many sizes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pdqhash
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.hashing.pdq import PdqHash, distance, pdq_array

Draw = Callable[..., np.ndarray]


def reference(pixels: np.ndarray) -> PdqHash:
    """What pdqhash says of an RGB picture."""
    vectors, quality = pdqhash.compute_dihedral(np.ascontiguousarray(pixels).view(np.int8).view(np.uint8))
    hashes = tuple(np.packbits(np.asarray(vector, np.uint8)).tobytes() for vector in vectors)
    return PdqHash(hashes[0], quality, hashes)


def test_the_rgb_path_is_the_reference_on_drawn_pictures(draw: Draw, backend: str) -> None:
    sizes = [(480, 640), (1000, 701), (513, 511), (300, 1200), (127, 128), (129, 130), (97, 1031), (64, 65)]
    differences = []
    for seed in range(48):
        pixels = draw(seed, *sizes[seed % len(sizes)])
        ours, theirs = pdq_array(pixels, backend=backend), reference(pixels)
        differences.append(distance(ours.value, theirs.value))
        assert abs(ours.quality - theirs.quality) <= 1
        assert all(distance(a, b) <= 2 for a, b in zip(ours.dihedral, theirs.dihedral, strict=True))

    assert max(differences) <= 2
    assert differences.count(0) >= len(differences) - 1


SIDES = st.integers(17, 300)
"""A side of 8 or 16 makes whole rows of coefficients exactly zero, whose bits are rounding noise in the reference."""


@settings(max_examples=60, deadline=None)
@given(height=SIDES, width=SIDES, seed=st.integers(0, 2**32 - 1))
def test_the_rgb_path_is_the_reference_on_noise_of_any_size(backend: str, height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    ours, theirs = pdq_array(pixels, backend=backend), reference(pixels)

    assert distance(ours.value, theirs.value) <= 2
    assert abs(ours.quality - theirs.quality) <= 1


@pytest.mark.parametrize(
    "shape", [(5, 5), (5, 2000), (2000, 5), (64, 64), (63, 65), (127, 127), (128, 128), (129, 129)]
)
def test_the_edge_sizes_are_those_of_the_reference(shape: tuple[int, int], backend: str) -> None:
    pixels = np.random.default_rng(sum(shape)).integers(0, 256, (*shape, 3), np.uint8)

    assert distance(pdq_array(pixels, backend=backend).value, reference(pixels).value) <= 1


def test_a_gray_picture_has_the_hash_of_its_rgb_copy(draw: Draw, backend: str) -> None:
    gray = draw(3, 411, 623)[..., 1]
    rgb = np.repeat(gray[..., None], 3, axis=2)

    ours, copied = pdq_array(gray, backend=backend), pdq_array(rgb, backend=backend)

    assert distance(ours.value, copied.value) <= 1
    assert distance(ours.value, reference(rgb).value) <= 1
    assert ours.quality == copied.quality


def test_float_luma_and_float_rgb_give_the_hash_of_the_bytes(draw: Draw, backend: str) -> None:
    pixels = draw(4, 350, 500)
    luma = (pixels @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
    expected = pdq_array(pixels, backend=backend)

    for same in (luma, pixels.astype(np.float32)):
        assert distance(pdq_array(same, backend=backend).value, expected.value) <= 1
