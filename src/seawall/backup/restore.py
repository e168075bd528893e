"""Restoring a backup into a new home and an empty database, of either kind.

The database is filled in one transaction: it holds everything or nothing. An object that the keyring does not know was
destroyed after the backup was made: it comes back as its tombstone, with a certificate that says so. Nobody is signed
in afterwards, and glass that was broken is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from seawall.backup import copies
from seawall.backup.errors import BackupDamaged, BackupInUse
from seawall.backup.keyring import Keyring
from seawall.backup.make import ROWS, VAULT
from seawall.backup.manifest import Manifest
from seawall.backup.rows import KEY_COLUMN, insert_rows, read_rows, tables_of
from seawall.backup.rows import VAULT as VAULT_TABLE
from seawall.backup.verify import verify_backup
from seawall.clock import to_iso
from seawall.ledger import KeyFile, Ledger
from seawall.settings import Settings
from seawall.store import Store, insert_new, migrate
from seawall.store.tables import authority_pause, report

PERSON = "restore"
REASON = "destroyed after this backup was made: the keyring does not know it"

SIGNED_IN = frozenset({"staff_session", "known_device", "sign_in_flow", "personal_token"})
"""Tables that stay empty: who held a session when the backup was made signs in again, also if it was ended since."""

_GLASS = "break_glass"
_BEGUN = frozenset({"ledger_head"})
"""Tables that a new database has a row of."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restoring did.

    Attributes:
        manifest: Of the backup.
        rows: Rows inserted.
        files: Files copied.
        objects: Objects of the vault that live.
        destroyed: Objects that the backup held and the keyring does not know.
    """

    manifest: Manifest
    rows: int
    files: int
    objects: int
    destroyed: int


def restore(
    settings: Settings, folder: Path, keyring: Path, *, progress: Callable[[str, int, int], None] | None = None
) -> Restored:
    """Bring a backup back.

    Args:
        settings: Where to: a home that has at most its `keys`, and a database without rows.
        folder: The backup.
        keyring: The newest keyring of that folder.
        progress: Is told how far it is.

    Raises:
        BackupDamaged: If a part is missing or was changed; nothing is restored.
        BackupMismatch: If the keyring is of another folder, or older than the backup.
        BackupInUse: If there is something already.
        StoreTooNew: If a newer seawall made it.
    """
    manifest = verify_backup(folder, keyring, progress=progress)
    ring = Keyring.load(keyring)
    settings.directory()
    _expect_new(settings)
    with Store.open(settings.database_url, schema=manifest.schema) as store:
        with store.begin(alone="schema") as connection:
            at = to_iso(store.clock())
            gone = _Gone(ring, at)
            rows = _fill(connection, folder, manifest, gone, at)
            migrate.upgrade(connection, store.place)
            _pause_filing(connection, at)
        files = _files(settings, folder, manifest, ring)
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        with store.begin() as connection:
            for name in gone.ids:
                body = {"object": name, "person": PERSON, "reason": REASON}
                ledger.record(connection, "vault.destroyed", f"vault/{name}/destroyed", body)
            about: dict[str, object] = {
                "backup": manifest.id,
                "number": manifest.number,
                "at": manifest.at,
                "destroyed": len(gone.ids),
            }
            key = f"backup/{manifest.id}/{manifest.number}/restored/{to_iso(store.clock())}"
            ledger.record(connection, "backup.restored", key, about)
        ledger.append_pending()
    return Restored(manifest, rows, files, len(ring.keys), len(gone.ids))


class _Gone:
    """Puts the keys that the keyring knows into the vault's rows, and makes tombstones of the others."""

    def __init__(self, ring: Keyring, at: str) -> None:
        self._ring = ring
        self._at = at
        self.ids: list[str] = []

    def rows(self, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            if row["destroyed_at"] is None:
                found = self._ring.keys.get(row["id"])
                if found is not None:
                    row["key_id"], row[KEY_COLUMN] = found
                else:
                    self.ids.append(row["id"])
                    row |= {"destroyed_at": self._at, "destroyed_by": PERSON, "destroyed_reason": REASON}
            yield row


def _fill(connection: Connection, folder: Path, manifest: Manifest, gone: _Gone, at: str) -> int:
    tables = {table.name: table for table in tables_of(connection, migrate.VERSION_TABLE)}
    if tables.keys() != manifest.tables.keys():
        raise BackupDamaged("the tables of the backup are not those of its schema")
    _expect_empty(connection, tables)
    total = 0
    for name, table in tables.items():
        connection.execute(table.delete())
        rows = read_rows(folder / ROWS / str(manifest.number) / f"{name}.jsonl.gz", name)
        if name in SIGNED_IN:
            number = sum(1 for _ in rows)
        else:
            number = insert_rows(connection, table, gone.rows(rows) if name == VAULT_TABLE else _whole(name, rows, at))
            total += number
        if number != manifest.tables[name]:
            raise BackupDamaged(f"{name} has {number} rows in the backup, not {manifest.tables[name]}")
    return total


def _pause_filing(connection: Connection, at: str) -> None:
    """Stop the filing of reports until a person has looked: what the backup calls unfiled may be filed by now."""
    unfiled = select(report.c.authority, report.c.environment).where(report.c.standing, report.c.filed_at.is_(None))
    places = {(row.authority, row.environment) for row in connection.execute(unfiled)}
    rows = [{"authority": who, "environment": where, "at": at, "why": "restored"} for who, where in sorted(places)]
    if rows:
        insert_new(connection, authority_pause, rows)


def _whole(name: str, rows: Iterator[dict[str, Any]], at: str) -> Iterator[dict[str, Any]]:
    """End what would still be open by breaking the glass: whoever needs it says why again."""
    for row in rows:
        if name == _GLASS and row["ended_at"] is None and row["until"] > at:
            row["ended_at"] = at
        yield row


def _expect_empty(connection: Connection, tables: dict[str, Table]) -> None:
    """Refuse a database that holds anything."""
    for name in tables.keys() - _BEGUN:
        if connection.execute(select(tables[name]).limit(1)).first() is not None:
            raise BackupInUse(f"the database holds rows of {name}")


def _expect_new(settings: Settings) -> None:
    found = next(copies.home_files(settings.home), None)
    if found is None and (settings.home / VAULT).is_dir():
        found = next((path for path in (settings.home / VAULT).rglob("*") if path.is_file()), None)
    if found is not None:
        raise BackupInUse(f"{settings.home} holds {found.name}")


def _files(settings: Settings, folder: Path, manifest: Manifest, ring: Keyring) -> int:
    wanted = dict(manifest.home)
    # The file of an object that was destroyed since says nothing to anybody; it does not come back either.
    wanted |= {name: name for name in manifest.parts if name.startswith(f"{VAULT}/") and name[-32:] in ring.keys}
    for name, part in sorted(wanted.items()):
        if copies.copy(folder / part, settings.home / name) != manifest.parts[part]:
            raise BackupDamaged(f"{part} was changed while it was restored")
    return len(wanted)
