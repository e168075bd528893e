"""Tasks: asking somebody to review, and reading what was asked."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, select, update

from seawall.cases._office import Office, lane_of
from seawall.cases._rows import Row, task_of
from seawall.cases.errors import LeaseLost
from seawall.cases.model import CaseState, Task, TaskKind
from seawall.errors import NotFound
from seawall.store import insert_or_replace
from seawall.store.ids import new_id
from seawall.store.tables import review_aside, review_draft, review_task


def ask(
    connection: Connection,
    case: Row,
    kind: TaskKind,
    *,
    at: str,
    place: int,
    final: bool = False,
    queue: str | None = None,
    barred: Collection[str] = (),
) -> str:
    """Write a task; return its id.

    Args:
        connection: The caller's transaction, which holds the case.
        case: What it is about.
        kind: What is asked.
        at: The moment.
        place: How many were asked in this round, this one counted.
        final: Whether whoever takes it has the last word.
        queue: Where it waits, if not where the case does.
        barred: Who never gets it.
    """
    where = queue or case["queue"]
    task_id = new_id()
    row = {
        "id": task_id,
        "case_id": case["id"],
        "kind": kind.value,
        "round": case["round"],
        "place": place,
        "final": final,
        "queue": where,
        "lane": lane_of(where, kind, case["severity"], case["category"]),
        "turn": case["turn"],
        "due_at": case["due_at"],
        "ready": case["state"] != CaseState.ON_HOLD.value,
        "assigned": case["assigned"],
        "created_at": at,
        "owner": None,
        "token": 0,
        "lease_until": None,
        "upto": 0,
        "done_at": None,
        "done_by": None,
        "ended": None,
    }
    connection.execute(review_task.insert(), row)
    bars = [
        {"task_id": task_id, "user_id": each, "bar": True, "token": 0, "at": at, "reason": "judged it before"}
        for each in sorted(set(barred))
    ]
    if bars:
        insert_or_replace(connection, review_aside, bars)
    return task_id


def end(connection: Connection, task_id: str, *, at: str, ended: str, person: str | None = None) -> None:
    """End a task: nobody holds it any more, and what was drafted on it is deleted."""
    values = {
        "owner": None,
        "lease_until": None,
        "token": review_task.c.token + (0 if ended == "submitted" else 1),
        "ready": False,
        "done_at": at,
        "done_by": person,
        "ended": ended,
    }
    connection.execute(update(review_task).where(review_task.c.id == task_id).values(values))
    connection.execute(delete(review_draft).where(review_draft.c.task_id == task_id))


def row_of(connection: Connection, task_id: str, *, lock: bool = False) -> Row:
    """Return a task's row.

    Raises:
        NotFound: If there is no such task.
    """
    wanted = select(review_task).where(review_task.c.id == task_id)
    row = connection.execute(wanted.with_for_update() if lock else wanted).mappings().first()
    if row is None:
        raise NotFound("there is no task with this id")
    return row


def leased(connection: Connection, task_id: str, user_id: str, token: int) -> Row:
    """Return a task that somebody holds, locked.

    Raises:
        NotFound: If there is no such task.
        LeaseLost: If the person does not hold it under this token. A lease that ran out counts as held for as long as
            nobody else took the task: work that is done is not thrown away.
    """
    row = row_of(connection, task_id, lock=True)
    expect_leased(row, user_id, token)
    return row


def expect_leased(row: Row, user_id: str, token: int) -> None:
    """Refuse whoever does not hold a task under a token.

    Raises:
        LeaseLost: If so; see `leased`.
    """
    if row["done_at"] is not None or row["owner"] != user_id or row["token"] != token:
        raise LeaseLost


def with_draft(connection: Connection, row: Row) -> Task:
    """Return a task with its owner's own draft."""
    mine = (review_draft.c.task_id == row["id"]) & (review_draft.c.user_id == row["owner"])
    draft = connection.execute(select(review_draft.c.data).where(mine)).scalar() if row["owner"] else None
    return task_of(row, draft)


def get(office: Office, task_id: str) -> Task:
    """Return a task.

    Raises:
        NotFound: If there is no such task.
    """
    with office.store.read() as connection:
        return with_draft(connection, row_of(connection, task_id))
