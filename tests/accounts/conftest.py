"""Accounts with a clock that tests move, in each kind of database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from seawall.accounts import Accounts, Ladder, parse_ladder
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.store.outbox import Outbox
from seawall.store.tables import ledger_event

LADDER = {
    "name": "test 1",
    "classes": {
        "small": {"points": 1, "expires": "10d"},
        "fading": {"points": 4, "expires": "10d", "decay": "linear"},
        "halving": {"points": 4, "expires": "10d", "decay": {"half_life": "1d"}},
        "gravest": {"points": 9, "expires": "100d", "outright": {"do": "ban"}},
    },
    "otherwise": "small",
    "rungs": [
        {"at": 1, "do": "warn"},
        {"at": 3, "do": "cooldown", "for": "1h"},
        {"at": 4, "do": "feature_off", "feature": "image", "for": "1d"},
        {"at": 6, "do": "suspend", "for": "3d"},
        {"at": 9, "do": "ban"},
    ],
}


class Moment:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **lengths: float) -> None:
        self.now += timedelta(**lengths)


@pytest.fixture
def moment() -> Moment:
    """The clock of the store."""
    return Moment()


@pytest.fixture
def ladder() -> Ladder:
    """A small ladder."""
    return parse_ladder(LADDER)


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
def accounts(store: Store, ledger: Ledger, ladder: Ladder) -> Accounts:
    """Accounts under the small ladder."""
    book = Accounts(store, ledger, b"s" * 32)
    book.ladders.activate(ladder, person="ada", reason="test")
    return book


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """The outbox of the store."""
    return Outbox(store)


@pytest.fixture
def events(store: Store) -> Callable[[str], list[dict[str, Any]]]:
    """Return the bodies of the ledger's events of a kind."""

    def of_kind(kind: str) -> list[dict[str, Any]]:
        with store.read() as connection:
            found = connection.execute(select(ledger_event.c.data).order_by(ledger_event.c.seq)).scalars()
            return [event["body"] for data in found if (event := json.loads(data))["kind"] == kind]

    return of_kind
