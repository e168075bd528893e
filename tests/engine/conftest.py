"""One real Ray cluster for all tests of engines."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.ray_fixture import RayCluster, ray_cluster


@pytest.fixture(scope="session")
def _started() -> Iterator[RayCluster]:
    with ray_cluster(cpus=2) as cluster:
        yield cluster


@pytest.fixture
def cluster(_started: RayCluster, monkeypatch: pytest.MonkeyPatch) -> RayCluster:
    """A running cluster with two CPUs, which this process may join."""
    for name, value in _started.environment.items():
        monkeypatch.setenv(name, value)
    return _started


@pytest.fixture(scope="module")
def joined(_started: RayCluster) -> Iterator[RayCluster]:
    """The cluster, which this process has joined as a program does that uses Ray itself: joining takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _started.environment.items():
            patch.setenv(name, value)
        import ray

        ray.init(_started.address, log_to_driver=False, logging_level=logging.ERROR)
        try:
            yield _started
        finally:
            ray.shutdown()
