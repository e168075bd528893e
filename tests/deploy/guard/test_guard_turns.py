"""Who does the work: an event loop does what is quickly done itself, and is never kept waiting by what is not."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from seawall.deploy.guard import Guard, GuardOptions
from seawall.deploy.guard import engine as engine_module
from seawall.policy.guard import GuardAction, State
from seawall.settings import Settings
from tests.deploy.guard.guard_stand_ins import CANARIES, WAIT, Hanging, Records, StubScorer

Opened = Callable[..., Guard]
Asked = Callable[..., Any]


class Watched(Records):
    """Notes whose thread records, and how long it takes."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.threads: list[threading.Thread] = []
        self.seconds = 0.0

    def record(self, records: Any, *, wait: bool = True) -> Any:
        standing = super().record(records, wait=wait)
        self.threads.append(threading.current_thread())
        time.sleep(self.seconds)
        return standing


@pytest.fixture
def watched(opened: Opened, asked: Asked) -> tuple[Guard, Watched]:
    guard = opened()
    checking = guard._checking
    records = Watched(checking._neighbours.records)
    object.__setattr__(checking._neighbours, "records", records)
    guard.check_input(asked("a boat"))
    records.threads.clear()
    records.batches.clear()
    return guard, records


def test_what_comes_together_is_recorded_together_by_the_loop_itself(
    watched: tuple[Guard, Watched], asked: Asked
) -> None:
    guard, records = watched

    async def many() -> list[Any]:
        return await asyncio.gather(*(guard.input(asked("a boat", account=f"a{n}")) for n in range(20)))

    replies = asyncio.run(many())
    assert {reply.action for reply in replies} == {GuardAction.ALLOW}
    assert records.batches == [20]
    assert records.threads == [threading.main_thread()]
    assert all(guard.decision(reply.decision_id) is not None for reply in replies)


def test_long_texts_are_left_to_the_engine(watched: tuple[Guard, Watched], asked: Asked) -> None:
    guard, records = watched
    assert asyncio.run(guard.input(asked("a boat " * 4000))).action is GuardAction.ALLOW
    assert threading.main_thread() not in records.threads


def test_a_locked_database_keeps_the_answer_and_not_the_loop(
    watched: tuple[Guard, Watched], asked: Asked, settings: Settings
) -> None:
    guard, records = watched
    other = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)

    async def turns() -> tuple[Any, float]:
        other.execute("BEGIN IMMEDIATE")
        asking = asyncio.create_task(guard.input(asked("a boat")))
        longest = 0.0
        for _ in range(30):
            begun = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - begun)
        assert not asking.done(), "nothing is answered before it is recorded"
        other.execute("ROLLBACK")
        return await asyncio.wait_for(asking, WAIT), longest

    reply, longest = asyncio.run(turns())
    other.close()
    assert reply.action is GuardAction.ALLOW
    assert guard.decision(reply.decision_id) is not None
    assert records.threads, "recorded after all"
    assert threading.main_thread() not in records.threads
    assert longest < 1.0, "a loop that waited would have waited for seconds"


def test_after_a_slow_turn_the_engine_takes_over(
    watched: tuple[Guard, Watched], asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_PAUSE", 60.0)
    guard, records = watched
    records.seconds = 2 * engine_module.PROMPT_SECONDS

    async def two() -> None:
        await guard.input(asked("a boat"))
        await guard.input(asked("a boat"))

    asyncio.run(two())
    first, second = records.threads
    assert first is threading.main_thread()
    assert second is not first


def test_a_pair_asked_in_a_loop_is_refused(watched: tuple[Guard, Watched], asked: Asked) -> None:
    guard, records = watched
    pair = asyncio.run(guard.input(asked(CANARIES.prompt(("a", "b")))))
    assert (pair.action, pair.drill) == (GuardAction.BLOCK, True)
    assert sum(records.batches) == 1


def test_a_loop_and_threads_may_ask_at_once(watched: tuple[Guard, Watched], asked: Asked) -> None:
    guard, records = watched
    answers: list[Any] = []

    def ask(name: str) -> None:
        answers.extend(guard.check_input(asked("a boat", account=name)) for _ in range(20))

    async def many() -> list[Any]:
        found = []
        for turn in range(20):
            found += await asyncio.gather(*(guard.input(asked("a boat", account=f"l{turn}.{n}")) for n in range(5)))
        return found

    threads = [threading.Thread(target=ask, args=(f"t{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    replies = asyncio.run(many())
    for thread in threads:
        thread.join(WAIT)
    assert len({reply.decision_id for reply in [*answers, *replies]}) == 160 == sum(records.batches)
    assert guard.waiting == 0


def test_what_hangs_has_timed_out_also_if_a_loop_asked(opened: Opened, asked: Asked) -> None:
    hanging = Hanging()
    guard = opened(GuardOptions(deadline=0.3), scorers=lambda: StubScorer(hanging))
    reply = asyncio.run(asyncio.wait_for(guard.input(asked("a boat")), WAIT))
    hanging.released.set()
    assert reply.action is GuardAction.BLOCK
    record = guard.decision(reply.decision_id)
    assert record is not None
    assert record.facts is not None
    assert record.facts.states == {State.TIMED_OUT}


def test_closing_does_not_wait_for_what_a_loop_has_finished(watched: tuple[Guard, Watched], asked: Asked) -> None:
    guard, _ = watched
    closing = threading.Thread(target=guard.close)

    async def close_between() -> Any:
        asking = asyncio.create_task(guard.input(asked("a boat")))

        def close() -> None:
            closing.start()
            time.sleep(0.2)

        # Runs after the check has come, and before the loop looks at it.
        asyncio.get_running_loop().call_soon(close)
        return await asking

    assert asyncio.run(close_between()).action is GuardAction.ALLOW
    begun = time.monotonic()
    closing.join(WAIT)
    assert time.monotonic() - begun < 5.0
