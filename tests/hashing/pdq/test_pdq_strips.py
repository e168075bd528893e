"""Strips: any split of a picture into blocks of rows gives the hash of the whole."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.hashing.pdq import PdqAccumulator, pdq_array
from seawall.hashing.pdq._windows import axis_plan

Draw = Callable[..., np.ndarray]


@settings(max_examples=80, deadline=None)
@given(data=st.data(), height=st.integers(5, 700), width=st.integers(5, 300), rgb=st.booleans())
def test_any_split_gives_the_hash_of_the_whole(
    backend: str, data: st.DataObject, height: int, width: int, rgb: bool
) -> None:
    shape = (height, width, 3) if rgb else (height, width)
    pixels = np.random.default_rng(height * 1000 + width).integers(0, 256, shape, np.uint8)
    cuts = sorted(data.draw(st.lists(st.integers(0, height), max_size=12)))

    accumulator = PdqAccumulator(height, width, backend=backend)
    for begin, end in zip([0, *cuts], [*cuts, height], strict=True):
        accumulator.add_rows(pixels[begin:end])

    assert accumulator.finish() == pdq_array(pixels, backend=backend)


def test_one_row_at_a_time_gives_the_hash_of_the_whole(draw: Draw, backend: str) -> None:
    pixels = draw(1, 1100, 300)
    accumulator = PdqAccumulator(1100, 300, backend=backend)
    for row in pixels:
        accumulator.add_rows(row[None])

    assert accumulator.finish() == pdq_array(pixels, backend=backend)


def test_rows_wider_than_a_tile_are_hashed_like_narrow_ones(backend: str) -> None:
    narrow = np.random.default_rng(8).integers(0, 256, (200, 150, 3), np.uint8)
    wide = np.repeat(narrow, 128, axis=1)
    luma = wide @ np.array([0.299, 0.587, 0.114])

    ours = pdq_array(wide, backend=backend)

    assert ours == pdq_array(luma.astype(np.float32), backend="numpy")


@settings(max_examples=60, deadline=None)
@given(height=st.integers(129, 40_000), boundary=st.integers(1, 40_000))
def test_at_most_one_window_spans_two_strips(height: int, boundary: int) -> None:
    first, length, _ = axis_plan(height, 1).bounds

    assert np.count_nonzero((first < boundary) & (boundary < first + length)) <= 1


def test_views_of_a_larger_array_are_hashed_like_their_copies(draw: Draw, backend: str) -> None:
    pixels = draw(2, 300, 400)
    padded = np.zeros((300, 450, 4), np.uint8)
    padded[:, 20:420, :3] = pixels
    views = {
        "strided rows": (padded[:, 20:420, 1], pixels[..., 1]),
        "rgb out of rgba": (padded[:, 20:420, :3], pixels),
        "every second column": (pixels[:, ::2, 0], pixels[:, ::2, 0].copy()),
        "reversed rows": (pixels[::-1], pixels[::-1].copy()),
        "reversed columns": (pixels[:, ::-1], pixels[:, ::-1].copy()),
        "reversed channels": (pixels[..., ::-1], pixels[..., ::-1].copy()),
        "column-major": (np.asfortranarray(pixels), pixels),
    }

    for name, (view, copy) in views.items():
        assert pdq_array(view, backend=backend) == pdq_array(copy, backend=backend), name


def test_unaligned_float_rows_are_hashed_like_aligned_ones(draw: Draw, backend: str) -> None:
    luma = draw(5, 90, 77)[..., 0].astype(np.float32)
    packed = np.zeros(luma.nbytes + 1, np.uint8)
    packed[1:] = luma.view(np.uint8).ravel()
    unaligned = packed[1:].view(np.float32).reshape(luma.shape)

    assert not unaligned.flags.aligned
    assert pdq_array(unaligned, backend=backend) == pdq_array(luma, backend=backend)


@pytest.mark.parametrize("shape", [(2000, 2000, 3), (60, 200_000), (200_000, 60)])
def test_no_second_full_size_buffer_is_made(shape: tuple[int, ...], backend: str) -> None:
    pixels = np.zeros(shape, np.uint8)
    pdq_array(np.zeros((10, 10), np.uint8), backend=backend)

    tracemalloc.start()
    try:
        pdq_array(pixels, backend=backend)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # A float32 luma of the picture would take 16 or 48 MB.
    assert peak < (14e6 if backend == "numpy" else 1e6)


def test_the_input_is_never_written(draw: Draw, backend: str) -> None:
    pixels = draw(6, 200, 200)
    kept = pixels.copy()
    pixels.flags.writeable = False

    pdq_array(pixels, backend=backend)

    assert np.array_equal(pixels, kept)


@pytest.mark.parametrize("missing", [1, 40])
def test_missing_rows_are_an_error(backend: str, missing: int) -> None:
    accumulator = PdqAccumulator(40, 30, backend=backend)
    accumulator.add_rows(np.zeros((40 - missing, 30), np.uint8))

    with pytest.raises(ValueError, match=rf"{40 - missing} of 40 rows"):
        accumulator.finish()


def test_surplus_rows_are_an_error(backend: str) -> None:
    accumulator = PdqAccumulator(40, 30, backend=backend)
    accumulator.add_rows(np.zeros((39, 30), np.uint8))

    with pytest.raises(ValueError, match="more than 40 rows"):
        accumulator.add_rows(np.zeros((2, 30), np.uint8))


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((4, 29), np.uint8),
        np.zeros((4, 30, 4), np.uint8),
        np.zeros((4, 30, 1), np.uint8),
        np.zeros((30,), np.uint8),
        np.zeros((1, 4, 30, 3), np.uint8),
        np.zeros((4, 30), np.uint16),
        np.zeros((4, 30), np.float64),
        np.zeros((4, 30), np.dtype(np.float32).newbyteorder()),
        np.zeros((4, 30), bool),
    ],
    ids=lambda rows: f"{rows.shape}-{rows.dtype}",
)
def test_rows_of_another_shape_or_type_are_an_error(backend: str, rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="rows"):
        PdqAccumulator(40, 30, backend=backend).add_rows(rows)


def test_gray_and_rgb_blocks_do_not_mix(backend: str) -> None:
    accumulator = PdqAccumulator(40, 30, backend=backend)
    accumulator.add_rows(np.zeros((4, 30), np.uint8))

    with pytest.raises(ValueError, match="before"):
        accumulator.add_rows(np.zeros((4, 30, 3), np.uint8))


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 10)])
def test_a_picture_without_pixels_is_an_error(backend: str, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        PdqAccumulator(*size, backend=backend)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_float_luma_that_is_not_finite_is_an_error(backend: str, bad: float) -> None:
    luma = np.full((64, 64), 7, np.float32)
    luma[9, 9] = bad

    with pytest.raises(ValueError, match="not finite"):
        pdq_array(luma, backend=backend)
