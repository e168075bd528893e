"""A recorder with a clock that tests move, in each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seawall.decisions import DecisionRecord, Recorder
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import CheckKind, GuardAction, Judgement
from seawall.store import Store


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def moment() -> Moment:
    """The clock of the store."""
    return Moment()


@pytest.fixture
def store(migrated_url: str, moment: Moment) -> Iterator[Store]:
    """An empty store."""
    with Store.open(migrated_url, clock=moment) as store:
        yield store


@pytest.fixture
def ledger(store: Store, tmp_path: Path) -> Ledger:
    """The ledger of the store."""
    return Ledger.open(store, KeyFile(tmp_path / "keys"))


@pytest.fixture
def recorder(store: Store, ledger: Ledger) -> Recorder:
    """A recorder without hooks."""
    return Recorder(store, ledger, b"s" * 32)


@pytest.fixture
def made(recorder: Recorder) -> Callable[..., DecisionRecord]:
    """Make a decision that was not recorded yet."""

    def make(action: str = "allow", **fields: Any) -> DecisionRecord:
        judgement = Judgement(
            GuardAction(action), None, (f"rule-{action}",), "p" * 64, drill=fields.pop("drill", False)
        )
        fields = {"account": "a-1", "kind": CheckKind.INPUT, "digest": "d" * 64, "judgement": judgement} | fields
        return DecisionRecord(id=recorder.new_id(), at=recorder.now(), action=GuardAction(action), **fields)

    return make
