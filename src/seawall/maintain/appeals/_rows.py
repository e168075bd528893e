"""Rows of appeals, and what is read of decisions, notices and effects to know who may appeal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.maintain.appeals.model import Appeal, AppealState, Party
from seawall.store.tables import appeal as table
from seawall.store.tables import case_decision, case_effect, notice_case, review_case, review_task

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = Mapping[Any, Any]


def appeal_of(row: Row) -> Appeal:
    """Return the appeal of a row."""
    values = {name: row[name] for name in Appeal.__slots__ if name not in ("party", "state", "drill")}
    return Appeal(party=Party(row["party"]), state=AppealState(row["state"]), drill=bool(row["drill"]), **values)


def one(connection: Connection, *conditions: Any) -> Appeal | None:
    """Return the newest appeal for which conditions hold."""
    row = connection.execute(table.select().where(*conditions).order_by(table.c.id.desc()).limit(1)).mappings().first()
    return appeal_of(row) if row is not None else None


def many(connection: Connection, *conditions: Any, after: str | None = None, limit: int = 1000) -> list[Appeal]:
    """Return appeals in the order in which they came."""
    wanted = table.select().where(*conditions).order_by(table.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(table.c.id > after)
    return [appeal_of(row) for row in connection.execute(wanted).mappings()]


def decision(connection: Connection, decision_id: str) -> Row | None:
    """Return a decision's row."""
    wanted = case_decision.select().where(case_decision.c.id == decision_id)
    return connection.execute(wanted).mappings().first()


def superseded(connection: Connection, decision_id: str) -> bool:
    """Tell whether another decision took the place of one."""
    wanted = case_decision.select().where(case_decision.c.supersedes == decision_id)
    return connection.execute(wanted).first() is not None


def case(connection: Connection, case_id: str, *, lock: bool = False) -> Row:
    """Return a case's row."""
    wanted = review_case.select().where(review_case.c.id == case_id)
    return connection.execute(wanted.with_for_update() if lock else wanted).mappings().one()


def told_at(connection: Connection, decision_id: str) -> str | None:
    """Return when the account is first known to have been told of a decision."""
    wanted = (
        case_effect.select()
        .where(case_effect.c.decision_id == decision_id, case_effect.c.kind == "notify")
        .where(case_effect.c.done_at.is_not(None))
        .order_by(case_effect.c.done_at)
        .limit(1)
    )
    row = connection.execute(wanted).mappings().first()
    return row["done_at"] if row is not None else None


def refused_notices(connection: Connection, notice_id: str) -> Sequence[Row]:
    """Return what was decided on a notice without finding anything wrong."""
    wanted = notice_case.select().where(
        notice_case.c.notice == notice_id,
        notice_case.c.outcome == "not_upheld",
        notice_case.c.decision_id.is_not(None),
    )
    return connection.execute(wanted.order_by(notice_case.c.case_id)).mappings().all()


def appeal_task(connection: Connection, case_id: str) -> str | None:
    """Return the task of deciding appeals about a case that is not done."""
    mine = (review_task.c.case_id == case_id, review_task.c.kind == "appeal", review_task.c.done_at.is_(None))
    row = connection.execute(review_task.select().where(*mine).order_by(review_task.c.id.desc())).mappings().first()
    return row["id"] if row is not None else None
