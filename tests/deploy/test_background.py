"""Beside a guard that serves, what was recorded reaches the ledger's tree, and what is old goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from seawall.clock import to_iso
from seawall.decisions import DecisionRecord, Recorder, decision_secret
from seawall.deploy.background import Chore, Chores, open_background
from seawall.deploy.enforcement import EffectsConfigError
from seawall.errors import StoreError
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import CheckKind, GuardAction, Judgement
from seawall.settings import Settings
from seawall.store import Store

_PATIENCE = 20.0


@pytest.fixture
def settings(seawall_home: Path) -> Settings:
    """The settings of the test's home."""
    found = Settings.from_env()
    found.directory()
    return found


def _wait(until: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(int(_PATIENCE / 0.05)):
        if until():
            return
        deadline.wait(0.05)
    raise AssertionError("it did not happen in time")


def _record(recorder: Recorder, action: GuardAction, at: str) -> DecisionRecord:
    judgement = Judgement(action, None, ("rule",), "p" * 64)
    record = DecisionRecord(recorder.new_id(), at, CheckKind.INPUT, "a", action, judgement)
    recorder.record([record])
    return record


def test_recorded_decisions_reach_the_tree_and_old_ones_to_allow_go(settings: Settings) -> None:
    with Store.open(settings.database_url) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        recorder = Recorder(store, ledger, decision_secret(settings))
        old = to_iso(store.clock() - timedelta(days=31))
        allowed = _record(recorder, GuardAction.ALLOW, old)
        blocked = _record(recorder, GuardAction.BLOCK, old)
        recent = _record(recorder, GuardAction.ALLOW, recorder.now())
        assert ledger.size == 0
        with open_background(settings, store, ledger):
            _wait(lambda: ledger.size == 1 and recorder.get(allowed.id) is None)
        assert recorder.get(blocked.id) is not None
        assert recorder.get(recent.id) is not None


def test_a_chore_that_fails_is_done_again_and_keeps_no_other_from_being_done() -> None:
    seen = {"bad": 0, "good": 0}
    both = threading.Event()

    def bad() -> None:
        seen["bad"] += 1
        raise StoreError("the database is away")

    def good() -> None:
        seen["good"] += 1
        if min(seen.values()) >= 2:
            both.set()

    with Chores([Chore(0.0, bad), Chore(0.0, good)]):
        assert both.wait(_PATIENCE)


def test_effects_that_cannot_be_sent_anywhere_keep_a_server_from_starting(settings: Settings) -> None:
    (settings.home / "effects.yaml").write_text("url: ftp://example.org/\n")
    with Store.open(settings.database_url) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        with pytest.raises(EffectsConfigError), open_background(settings, store, ledger):
            pass
