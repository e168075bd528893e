"""Canary words of this home, in front of a guard that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seawall.canary.minted import add_minted, minted_folder
from seawall.canary.pack import mint
from seawall.deploy.guard import Guard
from seawall.policy.guard import GuardAction, State

Opened = Callable[..., Guard]
Asked = Callable[..., Any]


def test_minted_words_count_as_soon_as_they_are_there_and_their_decisions_are_drills(
    opened: Opened, asked: Asked, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.deploy.guard.checking._REFRESH", 0.0)
    guard, pack = opened(), mint()
    both = asked(pack.prompt(["a", "b"]))
    assert guard.check_input(both).action is GuardAction.ALLOW
    path = add_minted(settings, pack)
    reply = guard.check_input(both)
    assert (reply.action, reply.drill, reply.category) == (GuardAction.BLOCK, True, "canary")
    alone = [guard.check_input(asked(pack.prompt([each]))).action for each in "abc"]
    assert alone == [GuardAction.ALLOW] * 3
    path.unlink()
    assert guard.check_input(both).action is GuardAction.ALLOW


def test_a_minted_file_that_cannot_be_used_fails_every_answer_until_it_is_gone(
    opened: Opened, asked: Asked, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.deploy.guard.checking._REFRESH", 0.0)
    guard = opened()
    settings.directory("canary")
    broken = minted_folder(settings.home) / "broken.yaml"
    broken.write_text("zorblax")
    reply = guard.check_input(asked("a boat"))
    assert reply.action not in (GuardAction.ALLOW, GuardAction.WARN)
    assert ("canary", "error") in {(check.name, check.status) for check in reply.checks}
    assert State.FAILED in guard.decision(reply.decision_id).facts.states
    broken.unlink()
    assert guard.check_input(asked("a boat")).action is GuardAction.ALLOW
