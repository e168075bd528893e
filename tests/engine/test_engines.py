"""One behaviour over every engine: each shard's outcome exactly once, whatever dies."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from seawall.engine import MAX_TRIES, Engine, InlineEngine, Lost, ProcessEngine, RayEngine
from seawall.errors import StorageFull

WORKERS = 2


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


class Full(Square):
    """Raises an error of seawall's."""

    def __call__(self, shard: int) -> int:
        raise StorageFull("no space left", hint="free some")


class Counted(Square):
    """Writes down when it is made, and when it is closed."""

    def __init__(self, marks: Path) -> None:
        self._marks = marks
        self._note("made")

    def close(self) -> None:
        """Write it down."""
        self._note("closed")

    def _note(self, event: str) -> None:
        with (self._marks / event).open("a") as file:
            file.write(f"{os.getpid()}\n")


@pytest.fixture(params=["inline", "processes", "ray"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "inline":
        return InlineEngine()
    return _several(request)


@pytest.fixture(params=["processes", "ray"])
def several(request: pytest.FixtureRequest) -> Engine:
    """An engine whose workers are other processes."""
    return _several(request)


def _several(request: pytest.FixtureRequest) -> Engine:
    if request.param == "processes":
        return ProcessEngine(WORKERS)
    request.getfixturevalue("joined")
    return RayEngine("auto", workers=WORKERS)


def test_every_shard_has_one_outcome(engine: Engine) -> None:
    outcomes = list(engine.run(Square, range(20)))
    assert sorted((each.shard, each.result) for each in outcomes) == [(n, n * n) for n in range(20)]


def test_no_shards_end_at_once(engine: Engine) -> None:
    assert list(engine.run(Square, [])) == []


def test_an_error_of_the_work_is_raised_here(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no such shard"):
        list(engine.run(Broken, range(3)))


def test_an_error_with_a_hint_keeps_it(engine: Engine) -> None:
    with pytest.raises(StorageFull) as raised:
        list(engine.run(Full, range(3)))
    assert (raised.value.message, raised.value.hint) == ("no space left", "free some")


def test_a_plan_is_consumed_no_faster_than_it_is_worked_on(engine: Engine) -> None:
    drawn = 0

    def plan() -> Iterator[int]:
        nonlocal drawn
        for number in range(60):
            drawn += 1
            yield number

    for done, _ in enumerate(engine.run(Square, plan()), 1):
        assert drawn - done <= 2 * WORKERS


def test_the_work_is_made_once_in_each_process_and_closed(engine: Engine, tmp_path: Path) -> None:
    assert len(list(engine.run(partial(Counted, tmp_path), range(30)))) == 30
    made, closed = ((tmp_path / name).read_text().split() for name in ("made", "closed"))
    assert 1 <= len(made) <= WORKERS
    assert Counter(made) == Counter(closed) == Counter(set(made))


def test_a_run_that_is_given_up_ends(engine: Engine) -> None:
    outcomes = engine.run(Square, iter(range(10**9)))
    assert next(iter(outcomes)).result in {0, 1, 4, 9}
    outcomes.close()  # type: ignore[attr-defined] - engines are generators


@pytest.mark.crash
def test_killed_workers_cost_no_shard(several: Engine, tmp_path: Path) -> None:
    outcomes = list(several.run(partial(Fragile, tmp_path, None), range(12)))
    assert sorted((each.shard, each.result) for each in outcomes) == [(n, n * n) for n in range(12)]


@pytest.mark.crash
def test_a_shard_that_kills_its_worker_each_time_is_lost_alone(several: Engine, tmp_path: Path) -> None:
    outcomes = list(several.run(partial(Fragile, tmp_path, 7), range(10)))
    results = {each.shard: each.result for each in outcomes}
    assert Counter(each.shard for each in outcomes) == Counter(range(10))
    assert results.pop(7) == Lost(MAX_TRIES)
    assert results == {n: n * n for n in range(10) if n != 7}
