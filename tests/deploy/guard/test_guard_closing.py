"""A guard that is closed by the loop whose checks it has not begun: they are finished, and nobody waits in vain."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from seawall.deploy.guard import Guard
from seawall.deploy.guard import engine as engine_module
from seawall.policy.guard import GuardAction
from tests.deploy.guard.guard_stand_ins import WAIT

Opened = Callable[..., Guard]
Asked = Callable[..., Any]


@pytest.fixture
def guard(opened: Opened, asked: Asked) -> Guard:
    guard = opened()
    guard.check_input(asked("a boat"))
    return guard


def test_closed_by_its_own_loop_it_finishes_what_had_come(guard: Guard, asked: Asked) -> None:
    async def closed_at_once() -> tuple[Any, float]:
        asking = asyncio.create_task(guard.input(asked("a boat")))
        await asyncio.sleep(0)
        assert guard._engine.waiting == 1
        begun = time.monotonic()
        guard.close()
        took = time.monotonic() - begun
        return await asyncio.wait_for(asking, WAIT), took

    reply, took = asyncio.run(closed_at_once())
    assert reply.action is GuardAction.ALLOW
    assert took < engine_module.GRACE
    assert guard._engine.waiting == 0


def test_closed_after_its_check_was_given_up_it_does_not_wait_for_it(guard: Guard, asked: Asked) -> None:
    async def given_up() -> float:
        asking = asyncio.create_task(guard.input(asked("a boat")))
        await asyncio.sleep(0)
        asking.cancel()
        begun = time.monotonic()
        guard.close()
        return time.monotonic() - begun

    assert asyncio.run(given_up()) < engine_module.GRACE


def test_closed_by_another_thread_under_load_every_check_is_answered_or_refused(guard: Guard, asked: Asked) -> None:
    from seawall.deploy.guard.errors import GuardUnavailable

    closing = threading.Event()

    async def many() -> list[Any]:
        found: list[Any] = []
        for turn in range(200):
            asking = [guard.input(asked("a boat", account=f"{turn}.{n}")) for n in range(4)]
            found += await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), WAIT)
            if turn == 3:
                closing.set()
            if isinstance(found[-1], GuardUnavailable):
                break
        return found

    thread = threading.Thread(target=lambda: (closing.wait(WAIT), guard.close()))
    thread.start()
    answers = asyncio.run(many())
    thread.join(WAIT)
    assert not thread.is_alive()
    refused = [each for each in answers if isinstance(each, BaseException)]
    assert all(isinstance(each, GuardUnavailable) for each in refused)
    assert all(each.action is GuardAction.ALLOW for each in answers if not isinstance(each, BaseException))
    assert guard._engine.waiting == 0
