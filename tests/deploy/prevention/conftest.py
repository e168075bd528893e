"""A messenger and a meter whose clock tests move."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seawall.clock import to_iso
from seawall.decisions.record import DecisionRecord
from seawall.deploy.guard.contract import Message
from seawall.deploy.prevention import (
    Catalogue,
    Directory,
    Options,
    PreventionMessenger,
    PreventionMeter,
    read_counts,
    report,
)
from seawall.policy.guard import AgeSignal, CheckKind, Facts, GuardAction, Judgement, Tier
from seawall.store import Store

SECRET = bytes(range(32))


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Desk:
    """What the guard does with prevention."""

    def __init__(self, clock: MovedClock, options: Options) -> None:
        self.clock = clock
        self.messenger = PreventionMessenger(Directory.open(), Catalogue.open(), SECRET, options=options, clock=clock)

    def say(self, unit: str = "u1", tier: Tier = Tier.T1, **wanted: Any) -> Message:
        asked = {"age_signal": AgeSignal.UNKNOWN, "locale": "en", "country": None} | wanted
        return self.messenger.message(tier=tier, unit=unit, **asked)


class Bench:
    """A database that counts."""

    def __init__(self, url: str, clock: MovedClock) -> None:
        self.clock = clock
        self.store = Store.open(url, clock=clock)
        self.meter = PreventionMeter(SECRET)
        self._ids = itertools.count(1)

    def record(
        self, account: str, message: str | None = None, *, tier: Tier | None = Tier.T1, drill: bool = False
    ) -> DecisionRecord:
        return DecisionRecord(
            id=f"{next(self._ids):032x}",
            at=to_iso(self.clock.now),
            kind=CheckKind.INPUT,
            account=account,
            action=GuardAction.BLOCK,
            judgement=Judgement(GuardAction.BLOCK, None, (), "p", drill=drill, tier=tier),
            facts=Facts(CheckKind.INPUT),
            message=message,
        )

    def settle(self, *records: DecisionRecord) -> None:
        with self.store.begin() as connection:
            self.meter.settle(connection, records)

    def told(self, *accounts: str, arm: str = "law", tier: str = "T1") -> None:
        """Have accounts refused, and shown the message of an arm."""
        name = f"{tier}.{arm}.adult.en.1"
        self.settle(*(self.record(account, name, tier=Tier(tier)) for account in accounts))

    def cohorts(self) -> dict[tuple[str, str, int], int]:
        return dict(read_counts(self.store).cohorts)

    def report(self, floor: int = 5) -> dict[str, Any]:
        return report(read_counts(self.store), now=self.clock.now, floor=floor)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def desk(clock: MovedClock) -> Desk:
    return Desk(clock, Options())


@pytest.fixture
def bench(migrated_url: str, clock: MovedClock) -> Iterator[Bench]:
    made = Bench(migrated_url, clock)
    yield made
    made.store.close()
