"""The index tests run on every backend that this machine has, and against an oracle that shares no code with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from seawall.matching.index import available_backends

Triples = list[tuple[int, int, int]]


@contextmanager
def using(backend: str) -> Iterator[None]:
    """Make and open indexes with one backend."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEAWALL_INDEX_BACKEND", backend)
        yield


@pytest.fixture(params=available_backends())
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each backend in turn."""
    with using(request.param):
        yield request.param


@pytest.fixture(name="using", scope="session")
def _using() -> Callable[[str], object]:
    return using


def random_codes(count: int, seed: int) -> NDArray[np.uint8]:
    """Codes without structure."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32), np.uint8)


def near(queries: NDArray[np.uint8], codes: NDArray[np.uint8], radius: int) -> Triples:
    """Compare every query with every code."""
    found = []
    for number, query in enumerate(queries.reshape(-1, 32)):
        distances = np.bitwise_count(codes ^ query).sum(axis=1, dtype=int)
        found += [(number, row, int(distances[row])) for row in np.flatnonzero(distances <= radius).tolist()]
    return found


@pytest.fixture(scope="session")
def oracle() -> Callable[..., Triples]:
    """Brute force."""
    return near


@pytest.fixture(scope="session")
def codes_of_seed() -> Callable[[int, int], NDArray[np.uint8]]:
    """Random codes."""
    return random_codes


@pytest.fixture(scope="session")
def triples() -> Callable[[tuple[NDArray[np.generic], ...]], list[tuple[int, ...]]]:
    """Turn the arrays of a search into tuples."""
    return lambda columns: list(zip(*(column.tolist() for column in columns), strict=True))
