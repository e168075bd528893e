"""Stores of each kind with a clock that tests move, exposures that tests state, and cases out of nothing."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from seawall.cases.model import (
    Case,
    CaseDecision,
    CaseState,
    Door,
    Item,
    ItemKind,
    Label,
    Outcome,
    Severity,
    SubjectKind,
    Verdict,
)
from seawall.clock import to_iso
from seawall.ledger import KeyFile, Ledger
from seawall.maintain.review import Wellness, load_floor
from seawall.store import Store
from seawall.store.tables import ledger_event
from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing.model import Exposure

REVIEWER = "1" * 32
COLLEAGUE = "2" * 32
_numbers = itertools.count(1)


def new_id() -> str:
    """Return an id that no other has."""
    return f"{next(_numbers):032x}"


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **lengths: float) -> None:
        self.now += timedelta(**lengths)


class Shown:
    """A record of viewing that tests write."""

    def __init__(self, clock: Hands) -> None:
        self.clock = clock
        self.all: list[Exposure] = []

    def show(
        self,
        user: str = REVIEWER,
        *,
        rung: Rung = Rung.FULL,
        severity: int = 4,
        visible_ms: int = 0,
        sound: bool = False,
        sha256: str | None = None,
        at: datetime | None = None,
    ) -> None:
        digest = sha256 or new_id() * 2
        moment = to_iso(at or self.clock.now)
        known = Exposure(new_id(), new_id(), digest, user, new_id(), "task", rung, severity, moment)
        self.all.append(replace(known, visible_ms=visible_ms, sound=sound))

    def exposures(self, user: str, since: datetime | str) -> Sequence[Exposure]:
        start = since if isinstance(since, str) else to_iso(since)
        return [each for each in self.all if each.user == user and each.shown_at >= start]


def a_case(**changes: Any) -> Case:
    """Return a case."""
    known = Case(
        id=new_id(),
        subject_kind=SubjectKind.ACCOUNT,
        subject="acct-1a2B",
        door=Door.GUARD,
        queue="images",
        severity=Severity.CRITICAL,
        category="csam",
        state=CaseState.NEW,
        drill=False,
        opened_at="2026-03-02T09:00:00.000000Z",
        due_at=None,
        due_why=None,
        priority=1.0,
        why=(),
        version=1,
    )
    return replace(known, **changes)


def an_item(case: Case, **changes: Any) -> Item:
    """Return an item of a case."""
    name = new_id()
    known = Item(
        id=name, case_id=case.id, key=name, kind=ItemKind.IMAGE, added_at="2026-03-02T09:00:00.000000Z",
        sha256=name * 2,
    )  # fmt: skip
    return replace(known, **changes)


def a_verdict(item: Item, label: Label = Label.BENIGN, **changes: Any) -> Verdict:
    """Return what a reviewer says of an item."""
    known = Verdict(
        id=new_id(), case_id=item.case_id, item_id=item.id, label=label, at="2026-03-02T09:05:00.000000Z",
        task_id=new_id(), reviewer=REVIEWER,
    )  # fmt: skip
    return replace(known, **changes)


def a_decision(case: Case, **changes: Any) -> CaseDecision:
    """Return what a case comes to."""
    known = CaseDecision(
        id=new_id(), case_id=case.id, outcome=Outcome.NO_VIOLATION, effects=(), policy="0" * 64, first=REVIEWER,
        at="2026-03-02T09:06:00.000000Z",
    )  # fmt: skip
    return replace(known, **changes)


@pytest.fixture
def clock() -> Hands:
    """The clock of everything."""
    return Hands()


@pytest.fixture
def store(migrated_url: str, clock: Hands) -> Iterator[Store]:
    """An empty store of each kind."""
    with Store.open(migrated_url, clock=clock) as store:
        yield store


@pytest.fixture
def ledger(store: Store, tmp_path: Path) -> Ledger:
    """Its ledger."""
    return Ledger.open(store, KeyFile(tmp_path / "keys"))


@pytest.fixture
def shown(clock: Hands) -> Shown:
    """What was shown to people."""
    return Shown(clock)


@pytest.fixture
def wellness(store: Store, shown: Shown) -> Wellness:
    """Wellness by the floor that ships."""
    return Wellness(store, shown, load_floor())


@pytest.fixture
def events(store: Store) -> Callable[[str], list[dict[str, Any]]]:
    """Return the bodies of the ledger's events of a kind."""

    def of_kind(kind: str) -> list[dict[str, Any]]:
        with store.read() as connection:
            found = connection.execute(select(ledger_event.c.data).order_by(ledger_event.c.seq)).scalars()
            return [event["body"] for data in found if (event := json.loads(data))["kind"] == kind]

    return of_kind
