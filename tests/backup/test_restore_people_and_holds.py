"""What a restore makes of sessions, of glass that was broken, of holds, and of records of what was destroyed since."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.backup import BackupInUse, restore
from seawall.backup.restore import SIGNED_IN
from seawall.ledger import KeyFile, Ledger
from seawall.store import Store
from seawall.store.tables import break_glass, known_device, metadata, sign_in_flow, staff, staff_session
from seawall.vault import Vault, key_provider, open_vault
from seawall.vault.retention import Retention
from tests.backup.backup_place import Place

AT, LATER = "2026-01-01T12:00:00.000000Z", "2999-01-01T12:00:00.000000Z"
PERSON = "1" * 32


def add_person(place: Place) -> None:
    with Store.open(place.settings.database_url) as store, store.begin() as connection:
        who = {"id": PERSON, "name": "ada", "role": "admin", "pseudonym": "grey-fox", "created_at": AT}
        connection.execute(staff.insert(), who | {"factor_step": 0})


def test_nobody_is_signed_in_after_a_restore(place: Place, other: Callable[..., Place]) -> None:
    signed_in = (staff_session, known_device, sign_in_flow)
    add_person(place)
    with Store.open(place.settings.database_url) as store, store.begin() as connection:
        session = {"digest": "2" * 64, "id": "3" * 32, "person": PERSON, "stage": "full"}
        connection.execute(staff_session.insert(), session | {"created_at": AT, "seen_at": AT, "expires_at": LATER})
        connection.execute(known_device.insert(), {"digest": "4" * 64, "person": PERSON, "seen_at": AT})
        connection.execute(sign_in_flow.insert(), {"digest": "5" * 64, "next": "/", "expires_at": LATER})
    made = place.back_up()
    two = other(place)
    done = restore(two.settings, place.folder, place.keyring)
    assert done.rows == made.rows - len(signed_in)
    before, after = place.rows(), two.rows()
    assert after["staff"] == before["staff"]
    for table in signed_in:
        assert before[table.name], table.name
        assert after[table.name] == [], table.name


def test_every_table_that_holds_a_way_in_is_emptied_by_a_restore() -> None:
    named = {
        name
        for name in metadata.tables
        if any(word in name for word in ("session", "device", "flow", "personal_token"))
    }
    assert named == SIGNED_IN, "a new table of sessions is either emptied by a restore, or named otherwise"


def test_glass_that_was_broken_when_the_backup_was_made_is_whole_again(
    place: Place, other: Callable[..., Place]
) -> None:
    add_person(place)
    glass = {"person": PERSON, "reason": "test", "at": AT}
    with Store.open(place.settings.database_url) as store, store.begin() as connection:
        connection.execute(break_glass.insert(), glass | {"id": "7" * 32, "until": LATER})
        connection.execute(break_glass.insert(), glass | {"id": "8" * 32, "until": AT})
    place.back_up()
    two = other(place)
    restore(two.settings, place.folder, place.keyring)
    with Store.open(two.settings.database_url) as store, store.read() as connection:
        ended = {row["id"]: row["ended_at"] for row in connection.execute(break_glass.select()).mappings()}
    assert ended["7" * 32] is not None
    assert ended["8" * 32] is None, "what had run out by itself is as it was"


def test_what_was_held_and_destroyed_since_is_known_to_be_gone_and_is_not_purged_again(
    place: Place, other: Callable[..., Place], tmp_path: Path
) -> None:
    kept, gone = place.put(b"blue glass heron"), place.put(b"grey stone owl")
    with Store.open(place.settings.database_url) as store:
        ledger = Ledger.open(store, KeyFile(place.settings.home / "keys"))
        with store.begin() as connection:
            Retention(store, ledger).begin(connection, [kept.id, gone.id], case="case-1", ground="canary")
        place.back_up()
        old = tmp_path / "old"
        shutil.copytree(place.folder, old)
        with store.begin() as connection:
            Retention(store, ledger).release(connection, [gone.id], case="case-1")
    with Store.open(place.settings.database_url, clock=lambda: datetime.now(UTC) + timedelta(days=9000)) as store:
        ledger = Ledger.open(store, KeyFile(place.settings.home / "keys"))
        vault = Vault(store, ledger, key_provider(place.settings), place.settings.home / "vault")
        assert Retention(store, ledger).purge(None, "ada", vault=vault).counts()["destroyed"] == 1
    place.back_up()
    two = other(place)
    restore(two.settings, old, place.keyring)
    with open_vault(two.settings) as vault:
        retention = Retention(vault.store, Ledger.open(vault.store, KeyFile(two.settings.home / "keys")))
        assert retention.standing(gone.id).destroyed_at is not None
        assert retention.standing(kept.id).winner is not None
        assert retention.due() == []
        assert retention.purge(None, "ada", vault=vault).counts()["destroyed"] == 0
        assert vault.verify().ok


def test_a_database_that_holds_anything_at_all_is_not_restored_over(place: Place, other: Callable[..., Place]) -> None:
    place.back_up()
    two = other(place)
    add_person(two)
    with pytest.raises(BackupInUse, match="staff"):
        restore(two.settings, place.folder, place.keyring)
