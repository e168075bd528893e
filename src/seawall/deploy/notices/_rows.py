"""Rows of notices: written with what they open, read back whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.deploy.notices.model import (
    Category,
    Lane,
    NoticeObject,
    NoticeOutcome,
    ObjectType,
    Relation,
    StoredNotice,
)
from seawall.store.tables import notice, notice_case, notice_object

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

_CHUNK = 500


def add(
    connection: Connection,
    row: Mapping[str, Any],
    objects: Sequence[Mapping[str, Any]],
    cases: Sequence[Mapping[str, Any]],
) -> None:
    """Add a notice with its objects and its cases."""
    connection.execute(notice.insert(), dict(row))
    for each in cases:
        connection.execute(notice_case.insert(), dict(each))
    if objects:
        connection.execute(notice_object.insert(), [dict(each) for each in objects])


def by_id(connection: Connection, notice_id: str) -> StoredNotice | None:
    """Return a notice by its id."""
    return _one(connection, notice.c.id == notice_id)


def by_token(connection: Connection, digest: str) -> StoredNotice | None:
    """Return a notice by the digest of its receipt."""
    return _one(connection, notice.c.token == digest)


def of_cases(connection: Connection, case_ids: Sequence[str]) -> list[StoredNotice]:
    """Return the notices of cases, in the order in which they came."""
    wanted = notice_case.select().with_only_columns(notice_case.c.notice).where(notice_case.c.case_id.in_(case_ids))
    ids = sorted({row["notice"] for row in connection.execute(wanted).mappings()})
    return list(read(connection, [row for part in _parts(ids) for row in _select(connection, part)]))


def page(connection: Connection, *conditions: Any, after: str | None = None, limit: int = 100) -> list[StoredNotice]:
    """Return notices in the order in which they came."""
    wanted = notice.select().where(*conditions).order_by(notice.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(notice.c.id > after)
    return list(read(connection, connection.execute(wanted).mappings().all()))


def open_subject(connection: Connection, keys: Sequence[str]) -> tuple[str, str] | None:
    """Return the kind and name of the subject under whose case one of these objects waits; None if none does."""
    seen = notice_object.select().with_only_columns(notice_object.c.notice, notice_object.c.case_id)
    found = connection.execute(seen.where(notice_object.c.key.in_(keys)).order_by(notice_object.c.notice).limit(_CHUNK))
    for row in found.mappings().all():
        of = (notice_case.c.notice == row["notice"]) & (notice_case.c.case_id == row["case_id"])
        case = connection.execute(notice_case.select().where(of, notice_case.c.decided_at.is_(None))).mappings().first()
        if case is not None:
            return case["subject_kind"], case["subject"]
    return None


def read(connection: Connection, rows: Sequence[RowMapping]) -> Iterator[StoredNotice]:
    """Yield notices of their rows, with objects and cases."""
    ids = [row["id"] for row in rows]
    objects: dict[str, list[NoticeObject]] = {each: [] for each in ids}
    cases: dict[str, list[RowMapping]] = {each: [] for each in ids}
    for part in _parts(ids):
        wanted = notice_object.select().where(notice_object.c.notice.in_(part)).order_by(notice_object.c.number)
        for row in connection.execute(wanted).mappings():
            made = NoticeObject(ObjectType(row["kind"]), row["location"], row["part"], row["account"])
            objects[row["notice"]].append(made)
        of = notice_case.select().where(notice_case.c.notice.in_(part)).order_by(notice_case.c.case_id)
        for row in connection.execute(of).mappings():
            cases[row["notice"]].append(row)
    for row in rows:
        yield _read(row, objects[row["id"]], cases[row["id"]])


def _one(connection: Connection, condition: Any) -> StoredNotice | None:
    rows = connection.execute(notice.select().where(condition)).mappings().all()
    return next(read(connection, rows), None)


def _select(connection: Connection, ids: Sequence[str]) -> Sequence[RowMapping]:
    return connection.execute(notice.select().where(notice.c.id.in_(ids)).order_by(notice.c.id)).mappings().all()


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _read(row: RowMapping, objects: Sequence[NoticeObject], cases: Sequence[RowMapping]) -> StoredNotice:
    removals = [each for each in cases if each["removal"]]
    removed = [each["removed_at"] for each in removals]
    return StoredNotice(
        id=row["id"],
        lane=Lane(row["lane"]),
        category=Category(row["category"]),
        child_safety=bool(row["child_safety"]),
        imminent=bool(row["imminent"]),
        sufficient=bool(row["sufficient"]),
        drill=bool(row["drill"]),
        relation=Relation(row["relation"]) if row["relation"] else None,
        country=row["country"],
        locale=row["locale"],
        reporter=row["reporter"],
        flagger=row["flagger"],
        reference=row["reference"],
        weight=row["weight"],
        content=row["content"],
        contact=row["contact"],
        received_at=row["received_at"],
        due_at=row["due_at"],
        escalate_at=row["escalate_at"],
        escalated_at=row["escalated_at"],
        decided_at=row["decided_at"],
        outcome=NoticeOutcome(row["outcome"]) if row["outcome"] else None,
        cases=tuple(each["case_id"] for each in cases),
        objects=tuple(objects),
        removal=bool(removals),
        removed_at=max(removed) if removed and None not in removed else None,
    )
