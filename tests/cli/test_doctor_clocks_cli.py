"""`seawall doctor` on clocks that others set, and on the files that people decide by."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from seawall.cli._doctor_checks import CHECKS, examine
from seawall.cli._doctor_found import Finding, Installation, Level
from seawall.clock import to_iso
from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store
from seawall.store.tables import notice, notice_case
from seawall.vault import open_vault
from seawall.vault.retention import Retention

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE, LATER = to_iso(NOW - timedelta(days=1)), to_iso(NOW + timedelta(days=2))


@pytest.fixture
def store(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The database of the installation that is examined, of each kind in turn."""
    monkeypatch.setenv("SEAWALL_DATABASE_URL", migrated_url)
    with Store.open(migrated_url) as store:
        yield store


def found(name: str, now: datetime = NOW) -> list[Finding]:
    installation = Installation(Settings.from_env(), lambda: now)
    try:
        return [finding for _, finding in examine(installation, {name: CHECKS[name]})]
    finally:
        installation.close()


def row_of(table: Table, **values: Any) -> dict[str, Any]:
    """Return a row with something in every column that needs it."""
    wanted = {column.name: column.type.python_type for column in table.columns if not column.nullable}
    return {name: kind(False) if kind is bool else kind(1) for name, kind in wanted.items()} | values


def told(store: Store, name: str, due_at: str, **values: Any) -> None:
    row = {"id": name, "token": name, "due_at": due_at, "lane": "user", "drill": False}
    with store.begin() as connection:
        connection.execute(notice.insert(), row_of(notice) | row | values)


@pytest.mark.parametrize("name", ["notices", "appeals", "retention", "files"])
def test_an_empty_installation_is_well(store: Store, name: str) -> None:
    assert {each.level for each in found(name)} == {Level.OK}


def test_notices_past_their_time_are_counted_unless_they_are_drills_or_decided(store: Store) -> None:
    told(store, "n1", LATER)
    told(store, "n2", BEFORE, drill=True)
    told(store, "n3", BEFORE, decided_at=BEFORE, outcome="removed")
    assert [each.level for each in found("notices")] == [Level.OK]
    told(store, "n4", BEFORE)
    told(store, "n5", BEFORE)
    (said,) = found("notices")
    assert (said.level, said.detail) == (Level.PROBLEM, "notices past their time: 2")


def test_a_removal_that_nobody_acknowledged_is_not_in_time(store: Store) -> None:
    told(store, "n1", BEFORE, decided_at=BEFORE, outcome="removed")
    case = {"notice": "n1", "case_id": "c1", "decision_id": "d1", "removal": True}
    with store.begin() as connection:
        connection.execute(notice_case.insert(), row_of(notice_case) | case)
    (said,) = found("notices")
    assert (said.level, "removals nobody acknowledged: 1" in said.detail) == (Level.PROBLEM, True)
    with store.begin() as connection:
        connection.execute(notice_case.update().values(removed_at=BEFORE))
    assert [each.level for each in found("notices")] == [Level.OK]


def test_what_nothing_holds_any_more_and_nobody_destroyed_is_counted(store: Store) -> None:
    with open_vault(Settings.from_env()) as vault:
        item = vault.put(io.BytesIO(b"grey stone owl"), purpose="evidence", person="ada")
        retention = Retention(vault.store, Ledger.open(vault.store, KeyFile(Settings.from_env().home / "keys")))
        with vault.store.begin() as connection:
            retention.begin(connection, [item.id], case="c1", ground="canary")
        assert [each.level for each in found("retention", datetime.now(UTC) + timedelta(days=9000))] == [Level.OK]
        with vault.store.begin() as connection:
            retention.release(connection, [item.id], case="c1")
        assert [each.level for each in found("retention", datetime.now(UTC) + timedelta(days=1))] == [Level.OK]
        (said,) = found("retention", datetime.now(UTC) + timedelta(days=9000))
        assert (said.level, said.detail[-3:]) == (Level.WARNING, ": 1")


@pytest.mark.parametrize(
    "name",
    ["review.yaml", "floor.yaml", "quality.yaml", "repeats.yaml", "notices.yaml", "appeals.yaml", "statements.yaml"],
)
@pytest.mark.parametrize("text", ["zorblax: [1, 2\n", "- zorblax\n", "zorblax: 1\n", b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named_and_not_repeated(
    store: Store, seawall_home: Path, name: str, text: str | bytes
) -> None:
    seawall_home.mkdir(mode=0o700)
    (seawall_home / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (said,) = found("files")
    assert said.level is Level.PROBLEM
    assert name in said.detail


def test_every_file_that_cannot_be_read_is_told(store: Store, seawall_home: Path) -> None:
    seawall_home.mkdir(mode=0o700)
    for name in ("review.yaml", "floor.yaml"):
        (seawall_home / name).write_text("- 1\n")
    assert len(found("files")) == 2


def test_a_base_url_without_https_is_a_problem(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_BASE_URL", "http://review.example.org")
    (said,) = found("files")
    assert (said.level, "https" in said.detail) == (Level.PROBLEM, True)
