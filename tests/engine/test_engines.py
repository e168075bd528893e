"""One behaviour over every engine: each shard's outcome exactly once, whatever dies."""

from __future__ import annotations

import os
import signal
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from seawall.engine import Engine, InlineEngine, Lost, ProcessEngine


class Square:
    """Squares a number."""

    def __call__(self, shard: int) -> int:
        return shard * shard

    def close(self) -> None:
        """Nothing is held."""


class Fragile(Square):
    """Dies by SIGKILL on some shards: once, or each time."""

    def __init__(self, marks: Path, always: int | None) -> None:
        self._marks = marks
        self._always = always

    def __call__(self, shard: int) -> int:
        mark = self._marks / str(shard)
        if shard == self._always or (shard % 5 == 0 and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(shard)


class Broken(Square):
    """Raises."""

    def __call__(self, shard: int) -> int:
        raise ValueError("no such shard")


@pytest.fixture(params=["inline", "processes"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return InlineEngine() if request.param == "inline" else ProcessEngine(2)


def test_every_shard_has_one_outcome(engine: Engine) -> None:
    outcomes = list(engine.run(Square, range(20)))
    assert sorted((each.shard, each.result) for each in outcomes) == [(n, n * n) for n in range(20)]


def test_no_shards_end_at_once(engine: Engine) -> None:
    assert list(engine.run(Square, [])) == []


def test_an_error_of_the_work_is_raised_here(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no such shard"):
        list(engine.run(Broken, range(3)))


@pytest.mark.crash
def test_killed_workers_cost_no_shard(tmp_path: Path) -> None:
    outcomes = list(ProcessEngine(2).run(partial(Fragile, tmp_path, None), range(12)))
    assert sorted((each.shard, each.result) for each in outcomes) == [(n, n * n) for n in range(12)]


@pytest.mark.crash
def test_a_shard_that_kills_its_worker_each_time_is_lost_alone(tmp_path: Path) -> None:
    outcomes = list(ProcessEngine(2).run(partial(Fragile, tmp_path, 7), range(10)))
    results = {each.shard: each.result for each in outcomes}
    assert Counter(each.shard for each in outcomes) == Counter(range(10))
    assert results.pop(7) == Lost(3)
    assert results == {n: n * n for n in range(10) if n != 7}
