"""A store with a ledger and a clock that tests move; decisions about models."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.clock import to_iso
from seawall.decisions.record import DecisionRecord
from seawall.deploy.rollout import RolloutBook, RolloutStore, parse_plan
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import CheckKind, Facts, GuardAction, Judgement, State
from seawall.store import Store

PLAN = """
format: seawall-rollout-1
models:
  aurora:
    stages:
      - {name: staff, accounts: [ada, grace]}
      - {name: one, percent: 1, checks: 400, hours: 24, bar: {rate: 0.01}}
      - {name: ten, percent: 10, checks: 400, hours: 24, bar: {rate: 0.01}}
      - {name: all, percent: 100, bar: {rate: 0.01}}
"""


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Bench:
    """One installation."""

    def __init__(self, url: str, home: Path) -> None:
        self.clock = MovedClock()
        self.home = home
        self.store = Store.open(url, clock=self.clock)
        self.ledger = Ledger.open(self.store, KeyFile(home / "keys"))
        self.rollouts = RolloutStore(self.store, self.ledger)
        self.ticks = itertools.count()
        self.moment = 0.0
        self.book = RolloutBook(home, self.rollouts, clock=self.clock, monotonic=self.later)
        self._ids = itertools.count(1)

    def later(self) -> float:
        """Time passes enough between two questions that every answer is fresh."""
        self.moment += 1
        return self.moment

    def plan(self, text: str = PLAN) -> None:
        self.rollouts.apply(parse_plan(text), person="pat")
        self.book.refresh()

    def record(
        self,
        action: GuardAction = GuardAction.ALLOW,
        *,
        model: str | None = "aurora",
        kind: CheckKind = CheckKind.INPUT,
        states: frozenset[State] = frozenset(),
        standing: frozenset[str] = frozenset(),
        drill: bool = False,
        reason: str | None = None,
        examined: bool = True,
        policy: str = "p",
    ) -> DecisionRecord:
        return DecisionRecord(
            id=f"{next(self._ids):032x}",
            at=to_iso(self.clock.now),
            kind=kind,
            account="ada",
            action=action,
            judgement=Judgement(action, None, (), policy, drill=drill) if examined else None,
            facts=Facts(kind, states=states, standing=standing) if examined else None,
            model=model,
            reason=reason,
        )

    def observe(self, *records: DecisionRecord) -> None:
        with self.store.begin() as connection:
            self.book.observe(connection, records)

    def watch(self, good: int, bad: int = 0, failed: int = 0) -> None:
        """Observe allowed, refused and failed checks, in that order, and count them."""
        records = [self.record() for _ in range(good)]
        records += [self.record(GuardAction.BLOCK) for _ in range(bad)]
        records += [self.record(GuardAction.REVIEW, states=frozenset({State.TIMED_OUT})) for _ in range(failed)]
        self.observe(*records)
        self.rollouts.evaluate()

    def events(self) -> list[str]:
        with self.store.read() as connection:
            from seawall.ledger.events import decode
            from seawall.store.tables import ledger_event

            rows = connection.execute(ledger_event.select()).mappings().all()
        return sorted(decode(row["data"].encode()).kind for row in rows)


@pytest.fixture
def bench(migrated_url: str, seawall_home: Path) -> Iterator[Bench]:
    made = Bench(migrated_url, seawall_home)
    yield made
    made.book.close()
    made.store.close()


@pytest.fixture
def lite(tmp_path: Path, migrated_sqlite: Path, seawall_home: Path) -> Iterator[Bench]:
    import shutil

    shutil.copy(migrated_sqlite, tmp_path / "lite.db")
    made = Bench(f"sqlite:///{tmp_path / 'lite.db'}", seawall_home)
    yield made
    made.book.close()
    made.store.close()
