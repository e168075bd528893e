"""`seawall doctor` on those who review, what waits for them, and what their decisions set off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from seawall.cli._doctor_checks import CHECKS, examine
from seawall.cli._doctor_found import Finding, Installation, Level
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.tables import outbox, review_case, staff

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE, LONG_BEFORE, LATER = (f"2026-11-{day}T12:00:00.000Z" for day in ("22", "01", "25"))


@pytest.fixture
def store(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The database of the installation that is examined, of each kind in turn."""
    monkeypatch.setenv("SEAWALL_DATABASE_URL", migrated_url)
    with Store.open(migrated_url) as store:
        yield store


def found(name: str) -> list[Finding]:
    installation = Installation(Settings.from_env(), lambda: NOW)
    try:
        return [finding for _, finding in examine(installation, {name: CHECKS[name]})]
    finally:
        installation.close()


def person(store: Store, name: str, role: str, **rest: Any) -> None:
    row = {"id": name, "name": name, "role": role, "pseudonym": f"grey {name}", "created_at": BEFORE}
    with store.begin() as connection:
        connection.execute(staff.insert(), row | {"factor_step": 0, "password": "hashed", "factor": "sealed"} | rest)


def case(store: Store, due_at: str) -> None:
    required: dict[str, Any] = {
        column.name: 1 for column in review_case.columns if not column.nullable and not column.primary_key
    }
    texts = {name: name[:8] for name in required if isinstance(review_case.c[name].type.python_type(), str)}
    told = {"id": "c1", "state": "new", "open": True, "drill": False, "imminent": False, "due_at": due_at}
    with store.begin() as connection:
        connection.execute(review_case.insert(), required | texts | told)


@pytest.mark.parametrize("name", ["people", "cases", "effects"])
def test_an_empty_installation_is_well(store: Store, name: str) -> None:
    assert {each.level for each in found(name)} == {Level.OK}


def test_users_without_an_administrator_are_a_problem(store: Store) -> None:
    person(store, "ada", "admin", disabled_at=BEFORE)
    person(store, "bob", "lead")
    (said,) = found("people")
    assert (said.level, "administrator" in said.detail) == (Level.PROBLEM, True)


def test_a_user_without_a_second_factor_is_a_warning_and_is_not_named(store: Store) -> None:
    person(store, "ada", "admin", factor=None)
    (said,) = found("people")
    assert said.level is Level.WARNING
    assert "ada" not in said.detail


def test_cases_that_nobody_may_look_at_are_a_problem(store: Store) -> None:
    person(store, "ada", "admin")
    person(store, "bob", "lead")
    case(store, LATER)
    (said,) = found("people")
    assert (said.level, "grant" in said.detail) == (Level.PROBLEM, True)
    for name in ("eve", "joe"):
        person(store, name, "reviewer", granted_by="ada", granted_at=BEFORE, grant_reason="trained")
    assert [each.level for each in found("people")] == [Level.OK]


@pytest.mark.parametrize(("due_at", "level"), [(BEFORE, Level.PROBLEM), (LATER, Level.OK)])
def test_a_case_past_its_time_is_a_problem(store: Store, due_at: str, level: Level) -> None:
    case(store, due_at)
    assert [each.level for each in found("cases")] == [level]


@pytest.mark.parametrize(
    ("state", "queued_at", "level"),
    [
        ("queued", LONG_BEFORE, Level.PROBLEM),
        ("delivered", LONG_BEFORE, Level.WARNING),
        ("acknowledged", LONG_BEFORE, Level.OK),
        ("dead", LONG_BEFORE, Level.OK),
        ("queued", NOW.isoformat(), Level.OK),
    ],
)
def test_an_effect_that_is_late_is_told(store: Store, state: str, queued_at: str, level: Level) -> None:
    row = {"id": "e1", "topic": "remove", "payload": "{}", "queued_at": queued_at, "next_at": queued_at, "state": state}
    rest = {"attempts": 0, "token": 0, "dead_by": "ada" if state == "dead" else None}
    with store.begin() as connection:
        connection.execute(outbox.insert(), row | rest)
    assert [each.level for each in found("effects")] == [level]


def test_one_person_alone_cannot_review_a_second_time(store: Store) -> None:
    granted = {"granted_by": "ada", "granted_at": BEFORE, "grant_reason": "trained"}
    person(store, "ada", "admin")
    person(store, "eve", "reviewer", **granted)
    assert [each.level for each in found("people")] == [Level.OK], "nothing waits"
    case(store, LATER)
    (said,) = found("people")
    assert (said.level, "another" in said.detail) == (Level.WARNING, True)
