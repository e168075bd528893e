"""Users with a clock that tests move, and hashes that cost little, in each kind of database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.tables import ledger_event
from seawall.users import Passwords, Role, User, Users

PASSWORD = "three plain boats"


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
def store(migrated_url: str, moment: Moment) -> Iterator[Store]:
    """An empty store."""
    with Store.open(migrated_url, clock=moment) as store:
        yield store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of the test's own."""
    return Settings(tmp_path / "home", "")


@pytest.fixture
def cheap() -> Passwords:
    """Passwords whose hashes cost little."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def users(store: Store, tmp_path: Path, settings: Settings, cheap: Passwords) -> Users:
    """Nobody yet."""
    return Users(store, Ledger.open(store, KeyFile(tmp_path / "keys")), settings, passwords=cheap)


@pytest.fixture
def admin(users: Users) -> User:
    """The first user."""
    return users.add("adelaide", Role.ADMIN, PASSWORD)


@pytest.fixture
def rhea(users: Users, admin: User) -> User:
    """A reviewer."""
    return users.add("rhea", Role.REVIEWER, PASSWORD, admin.id)


@pytest.fixture
def events(store: Store) -> Callable[[str], list[dict[str, Any]]]:
    """Return the bodies of the ledger's events of a kind."""

    def of_kind(kind: str) -> list[dict[str, Any]]:
        with store.read() as connection:
            found = connection.execute(select(ledger_event.c.data).order_by(ledger_event.c.seq)).scalars()
            return [event["body"] for data in found if (event := json.loads(data))["kind"] == kind]

    return of_kind
