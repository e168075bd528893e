"""The vault's rows: one an object, which stays as its tombstone when its key is erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from seawall.store import Store
from seawall.store.tables import vault_object as table
from seawall.vault._local_key import WrappedKey
from seawall.vault.objects import Destroyed, VaultObject

PAGE = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """An object with what only the vault sees.

    Attributes:
        seq: Its place in the order of putting.
        item: What may be shown.
        wrapped: Its key; None once it is destroyed.
    """

    seq: int
    item: VaultObject
    wrapped: WrappedKey | None


def destroyed_event(object_id: str) -> str:
    """Return the key of the ledger event that certifies a destruction."""
    return f"vault/{object_id}/destroyed"


def add(connection: Connection, item: VaultObject, wrapped: WrappedKey, key_digest: str | None) -> None:
    """Add an object; a second one under the same idempotency key makes the transaction a `StoreConflict`."""
    row = {
        "id": item.id,
        "key_digest": key_digest,
        "purpose": item.purpose,
        "person": item.person,
        "case_id": item.case,
        "media_type": item.media_type,
        "sha256": item.sha256,
        "size": item.size,
        "put_at": item.put_at,
        "key_id": wrapped.key_id,
        "wrapped_key": wrapped.data,
    }
    connection.execute(insert(table), row)


def find(connection: Connection, object_id: str, *, lock: bool = False) -> Stored | None:
    """Return an object; with `lock`, nobody else changes its row before this transaction ends."""
    query = select(table).where(table.c.id == object_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return _stored(row) if row else None


def find_key(connection: Connection, key_digest: str) -> Stored | None:
    """Return the object under an idempotency key."""
    row = connection.execute(select(table).where(table.c.key_digest == key_digest)).first()
    return _stored(row) if row else None


def find_many(connection: Connection, ids: Sequence[str]) -> dict[str, Stored]:
    """Return those of the objects that exist."""
    rows = connection.execute(select(table).where(table.c.id.in_(ids)))
    return {row.id: _stored(row) for row in rows}


def newest_key(connection: Connection) -> str | None:
    """Return which key wrapped the newest object that is not destroyed."""
    newest = select(table.c.key_id).where(table.c.wrapped_key.is_not(None)).order_by(table.c.seq.desc()).limit(1)
    found: str | None = connection.execute(newest).scalar()
    return found


def pages(store: Store, *conditions: ColumnElement[bool]) -> Iterator[list[Stored]]:
    """Go through objects in the order of putting, a page in a transaction."""
    last = -1
    while True:
        query = select(table).where(table.c.seq > last, *conditions).order_by(table.c.seq).limit(PAGE)
        with store.read() as connection:
            page = [_stored(row) for row in connection.execute(query)]
        if not page:
            return
        yield page
        last = page[-1].seq


def count(store: Store, *, key: str | None = None, but: str | None = None) -> int:
    """Return how many objects have a key: under one, under all but one, or under any."""
    wanted = select(func.count()).select_from(table).where(table.c.wrapped_key.is_not(None))
    if key is not None:
        wanted = wanted.where(table.c.key_id == key)
    if but is not None:
        wanted = wanted.where(table.c.key_id != but)
    with store.read() as connection:
        return int(connection.execute(wanted).scalar_one())


def erase_key(connection: Connection, certificate: Destroyed) -> None:
    """Erase an object's key and write its certificate."""
    _overwrite(connection)
    fields = {
        "wrapped_key": None,
        "destroyed_at": certificate.at,
        "destroyed_by": certificate.person,
        "destroyed_reason": certificate.reason,
    }
    connection.execute(update(table).where(table.c.id == certificate.id).values(fields))


def replace_key(connection: Connection, stored: Stored, new: WrappedKey) -> bool:
    """Replace an object's wrapped key, unless it was changed or erased meanwhile."""
    _overwrite(connection)
    old = stored.wrapped.data if stored.wrapped else None
    query = update(table).where(table.c.id == stored.item.id, table.c.wrapped_key == old)
    return connection.execute(query.values(key_id=new.key_id, wrapped_key=new.data)).rowcount == 1


def _overwrite(connection: Connection) -> None:
    # Else SQLite leaves the old bytes in the free space of its pages.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _stored(row: Row) -> Stored:  # type: ignore[type-arg]  # the columns are those of the table
    certificate = None
    if row.wrapped_key is None:
        event = destroyed_event(row.id)
        certificate = Destroyed(row.id, row.destroyed_at, row.destroyed_by, row.destroyed_reason, event)
    item = VaultObject(
        row.id,
        row.purpose,
        row.person,
        row.case_id,
        row.sha256,
        row.size,
        row.media_type,
        row.put_at,
        row.key_id,
        certificate,
    )
    return Stored(row.seq, item, WrappedKey(row.key_id, bytes(row.wrapped_key)) if certificate is None else None)
