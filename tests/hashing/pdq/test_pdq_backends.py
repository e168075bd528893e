"""Backends: the compiled variants and the NumPy twin agree, and any of them can be forced."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.hashing.pdq import PdqAccumulator, available_backends, distance, kernel_name, pdq_array

Draw = Callable[..., np.ndarray]


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation without the compiled kernel."""
    import seawall.hashing.pdq as package
    from seawall.hashing.pdq import _backend

    monkeypatch.setitem(sys.modules, "seawall.hashing.pdq._kernel", None)
    monkeypatch.delattr(package, "_kernel", raising=False)
    monkeypatch.delenv(_backend.ENVIRONMENT, raising=False)
    _backend._load.cache_clear()
    yield
    _backend._load.cache_clear()


@settings(max_examples=120, deadline=None)
@given(
    height=st.one_of(st.integers(5, 400), st.sampled_from([5, 63, 64, 65, 127, 128, 129])),
    width=st.one_of(st.integers(5, 400), st.sampled_from([5, 63, 64, 65, 127, 128, 129, 1999])),
    rgb=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_backend_gives_the_same_hash(height: int, width: int, rgb: bool, seed: int) -> None:
    shape = (height, width, 3) if rgb else (height, width)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    *compiled, twin = (pdq_array(pixels, backend=name) for name in available_backends())

    for result in compiled:
        assert result.quality == twin.quality
        # Windows cut by an edge are summed in float32: a coefficient within 1e-5 of the median may change sides.
        assert distance(result.value, twin.value) <= 2


@pytest.mark.parametrize(
    "shape", [(5, 5), (5, 2000), (2000, 5), (64, 64), (63, 65), (129, 127), (128, 4999), (3001, 70)]
)
def test_every_backend_agrees_at_the_edge_sizes(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)

    assert len({pdq_array(pixels, backend=name) for name in available_backends()}) == 1


@pytest.mark.parametrize("kind", ["gradient", "stripes", "checks", "symmetric", "one dot"])
def test_every_backend_agrees_where_many_coefficients_are_zero(kind: str) -> None:
    y, x = np.mgrid[0:300, 0:420]
    pixels = {
        "gradient": x * 255 // 419,
        "stripes": (y // 11 % 2) * 255,
        "checks": ((x // 20 + y // 20) % 2) * 200,
        "symmetric": 255 - np.minimum(255, np.abs(2 * x - 419)),
        "one dot": ((x - 100) ** 2 + (y - 90) ** 2 < 900) * 255,
    }[kind].astype(np.uint8)

    assert len({pdq_array(pixels, backend=name) for name in available_backends()}) == 1


def test_threads_share_a_kernel(draw: Draw, backend: str) -> None:
    pictures = [draw(seed, 200 + seed, 300) for seed in range(8)]
    expected = [pdq_array(picture, backend=backend) for picture in pictures]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda picture: pdq_array(picture, backend=backend), pictures)) == expected


def test_the_fastest_backend_serves_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEAWALL_PDQ_BACKEND", raising=False)
    assert kernel_name() == available_backends()[0]

    for name in available_backends():
        assert kernel_name(name) == name
        monkeypatch.setenv("SEAWALL_PDQ_BACKEND", name)
        assert kernel_name() == name


def test_a_backend_that_cannot_serve_is_an_error() -> None:
    with pytest.raises(ValueError, match="'c/abacus' is not available here"):
        PdqAccumulator(10, 10, backend="c/abacus")


@pytest.mark.usefixtures("no_kernel")
def test_without_the_compiled_kernel_the_twin_serves_and_says_so(draw: Draw) -> None:
    assert available_backends() == ("numpy",)
    assert kernel_name() == "numpy"
    assert pdq_array(draw(1, 150, 150)).quality > 0
    with pytest.raises(ValueError, match="'c' is not available here"):
        kernel_name("c")


def test_the_compiled_kernel_is_there_in_continuous_integration(ci: bool) -> None:
    compiled = [name for name in available_backends() if name.startswith("c/")]

    assert not ci or "c/portable" in compiled


@pytest.mark.skipif(available_backends() == ("numpy",), reason="the kernel was not compiled")
def test_the_compiled_kernel_refuses_buffers_that_do_not_fit() -> None:
    from seawall.hashing.pdq import _kernel

    good = {
        "variant": "portable",
        "rows": np.zeros((150, 201), np.uint8),
        "first_row": 6,
        "height": 200,
        "channels": 3,
        "partial": np.zeros(201, np.float32),
        "grid": np.zeros((64, 64)),
    }
    _kernel.add(*good.values())  # type: ignore[arg-type]  # values of a mapping

    bad = [
        ("variant", "abacus"),
        ("rows", np.zeros((150, 202), np.uint8)),
        ("rows", np.zeros((150, 402), np.uint8)[:, ::2]),
        ("rows", np.zeros((150, 201), np.int16)),
        ("rows", np.zeros((150, 0), np.uint8)),
        ("first_row", -3),
        ("first_row", 51),
        ("first_row", 2**40),
        ("height", -1),
        ("height", 2**40),
        ("channels", 0),
        ("channels", 2),
        ("partial", np.zeros(200, np.float32)),
        ("grid", np.zeros((64, 63))),
    ]
    for name, value in bad:
        with pytest.raises(ValueError):
            _kernel.add(*{**good, name: value}.values())  # type: ignore[arg-type]  # wrong on purpose
