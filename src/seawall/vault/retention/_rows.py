"""Rows of retention: holds are added, a finding's hold is ended once, and nothing else is ever changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, insert, or_, select, update

from seawall.store import insert_new
from seawall.store.tables import retention_hold as hold
from seawall.store.tables import retention_object as kept
from seawall.store.tables import retention_order as order
from seawall.store.tables import vault_object
from seawall.vault.retention.clocks import Keeps
from seawall.vault.retention.model import DestroyOrder, HoldKind, HoldRecord

_CHUNK = 400


def hold_id(*parts: object) -> str:
    """Return the id of the hold that these say: the same parts are the same hold."""
    text = "\0".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(f"seawall/retention/1\0{text}".encode()).hexdigest()[:32]


def enter(connection: Connection, objects: Iterable[str], at: str) -> None:
    """Put objects under retention, if they are not."""
    rows = [{"object": each, "since": at} for each in objects]
    if rows:
        insert_new(connection, kept, rows)


def add(connection: Connection, new: HoldRecord) -> bool:
    """Add a hold; return whether it was not there."""
    if connection.execute(select(hold.c.id).where(hold.c.id == new.id)).first() is not None:
        return False
    row = {
        "id": new.id,
        "object": new.object,
        "case_id": new.case,
        "kind": new.kind.value,
        "keeps": new.keeps.value,
        "clock": new.clock,
        "place": new.place,
        "ground": new.ground,
        "receipt": new.receipt,
        "person": new.person,
        "begun_at": new.begun_at,
        "until": new.until,
    }
    connection.execute(insert(hold), row)
    return True


def findings(connection: Connection, object_id: str, case: str) -> list[HoldRecord]:
    """Return the holds that findings of a case put on an object, open and ended."""
    conditions = (hold.c.object == object_id, hold.c.case_id == case, hold.c.kind == HoldKind.FINDING.value)
    return [_hold(row) for row in connection.execute(select(hold).where(*conditions).order_by(hold.c.begun_at))]


def end(connection: Connection, ended: HoldRecord, at: str, why: str) -> None:
    """End a finding's hold, unless it has ended."""
    query = update(hold).where(hold.c.id == ended.id, hold.c.ended_at.is_(None))
    connection.execute(query.values(ended_at=at, ended_why=why))


def holds(connection: Connection, objects: Sequence[str]) -> dict[str, list[HoldRecord]]:
    """Return all holds of objects, ended ones too."""
    found: dict[str, list[HoldRecord]] = {each: [] for each in objects}
    for at in range(0, len(objects), _CHUNK):
        query = select(hold).where(hold.c.object.in_(objects[at : at + _CHUNK])).order_by(hold.c.begun_at, hold.c.id)
        for row in connection.execute(query):
            found[row.object].append(_hold(row))
    return found


def orders(connection: Connection, objects: Sequence[str]) -> dict[str, DestroyOrder]:
    """Return the orders to destroy objects."""
    found = {}
    for at in range(0, len(objects), _CHUNK):
        for row in connection.execute(select(order).where(order.c.object.in_(objects[at : at + _CHUNK]))):
            found[row.object] = DestroyOrder(**row._mapping)
    return found


def add_order(connection: Connection, new: DestroyOrder) -> None:
    """Enter an order to destroy."""
    names = ("object", "reference", "document", "sha256", "first", "second", "reason", "at")
    connection.execute(insert(order), {name: getattr(new, name) for name in names})


def keeping(connection: Connection, object_id: str, now: str) -> HoldRecord | None:
    """Return the hold that keeps an object longest at a moment; None if none does, or an order goes before them."""
    if connection.execute(select(order.c.object).where(order.c.object == object_id)).first() is not None:
        return None
    query = select(hold).where(hold.c.object == object_id, _stands(now))
    # A hold without an end is the longest of all.
    row = connection.execute(query.order_by(hold.c.until.is_(None).desc(), hold.c.until.desc()).limit(1)).first()
    return _hold(row) if row is not None else None


def under_retention(
    connection: Connection, *, case: str | None, after: str, limit: int, object_id: str | None = None
) -> list[tuple[str, str | None]]:
    """Return a page of objects that are or were under retention, each with when it was destroyed."""
    conditions: list[ColumnElement[bool]] = [kept.c.object > after]
    if case is not None:
        conditions.append(exists(select(1).where(hold.c.object == kept.c.object, hold.c.case_id == case)))
    if object_id is not None:
        conditions.append(kept.c.object == object_id)
    query = select(kept.c.object, vault_object.c.destroyed_at).join(vault_object, vault_object.c.id == kept.c.object)
    rows = connection.execute(query.where(*conditions).order_by(kept.c.object).limit(limit))
    return [(row.object, row.destroyed_at) for row in rows]


def due(connection: Connection, now: str, *, after: str, limit: int, destroyed: bool) -> list[str]:
    """Return a page of objects that nothing keeps.

    Args:
        connection: From the store.
        now: The moment.
        after: Those behind this id.
        limit: How many at most.
        destroyed: Also those that are destroyed, but whose destruction nobody has seen to its end.
    """
    held = exists(select(1).where(hold.c.object == kept.c.object, _stands(now)))
    ordered = exists(select(1).where(order.c.object == kept.c.object))
    conditions = [kept.c.done_at.is_(None), kept.c.object > after, or_(~held, ordered)]
    query = select(kept.c.object)
    if not destroyed:
        query = query.join(vault_object, vault_object.c.id == kept.c.object)
        conditions.append(vault_object.c.wrapped_key.is_not(None))
    return list(connection.execute(query.where(*conditions).order_by(kept.c.object).limit(limit)).scalars())


def done(connection: Connection, object_id: str, at: str) -> None:
    """Note that an object's key and file are gone."""
    connection.execute(update(kept).where(kept.c.object == object_id, kept.c.done_at.is_(None)).values(done_at=at))


def _stands(now: str) -> ColumnElement[bool]:
    return and_(
        hold.c.keeps == Keeps.CONTENT.value,
        hold.c.ended_at.is_(None),
        or_(hold.c.until.is_(None), hold.c.until > now),
    )


def _hold(row: Row) -> HoldRecord:  # type: ignore[type-arg]  # the columns are those of the table
    return HoldRecord(
        row.id,
        row.object,
        row.case_id,
        HoldKind(row.kind),
        Keeps(row.keeps),
        row.ground,
        row.begun_at,
        row.until,
        row.clock,
        row.place,
        row.receipt,
        row.person,
        row.ended_at,
        row.ended_why,
    )
