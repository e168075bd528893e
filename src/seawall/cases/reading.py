"""Reading cases: one, many, and how queues stand. Pages follow an index; nothing is counted to the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from seawall.cases import _rows, tasks
from seawall.cases._office import Office
from seawall.cases._rows import Row
from seawall.cases.deciding import carried_verdicts, round_verdicts
from seawall.cases.model import Case, CaseDecision, CaseState, Item, Severity, TaskKind, Verdict
from seawall.cases.policy import Method
from seawall.cases.states import replay
from seawall.cases.submission import CaseEvent, Effect, QueueStatus
from seawall.errors import NotFound
from seawall.store.tables import (
    case_decision,
    case_effect,
    review_case,
    review_event,
    review_item,
    review_submission,
    review_task,
)

MOST_PAGE = 500
COUNTED = 10_000
"""Queues are counted so far and no further."""


def get(office: Office, case_id: str) -> Case:
    """Return a case.

    Raises:
        NotFound: If there is none with this id.
    """
    with office.store.read() as connection:
        return office.case(row_of(connection, case_id))


def row_of(connection: Connection, case_id: str) -> Row:
    """Return a case's row.

    Raises:
        NotFound: If there is none with this id.
    """
    row = connection.execute(select(review_case).where(review_case.c.id == case_id)).mappings().first()
    if row is None:
        raise NotFound("there is no case with this id", hint="'seawall cases ls' shows them")
    return row


def items(office: Office, case_id: str) -> list[Item]:
    """Return a case's items, in the order of their coming."""
    with office.store.read() as connection:
        row_of(connection, case_id)
        wanted = select(review_item).where(review_item.c.case_id == case_id).order_by(review_item.c.number)
        return [_rows.item_of(row) for row in connection.execute(wanted).mappings()]


def events(office: Office, case_id: str) -> list[CaseEvent]:
    """Return what happened to a case, the first first."""
    with office.store.read() as connection:
        row_of(connection, case_id)
        return _events(connection, case_id)


def verify(office: Office, case_id: str) -> bool:
    """Tell whether a case's state is what its events come to."""
    with office.store.read() as connection:
        row = row_of(connection, case_id)
        log = _events(connection, case_id)
    whole = [each.number for each in log] == list(range(1, row["version"] + 1))
    return whole and replay(each.kind for each in log) is CaseState(row["state"])


def cases(
    office: Office,
    *,
    queue: str | None,
    state: CaseState | None,
    drill: bool | None,
    after: str | None,
    limit: int,
) -> list[Case]:
    """Return a page of cases, the most urgent first; without a state, the open ones."""
    wanted = select(review_case)
    wanted = wanted.where(review_case.c.open if state is None else review_case.c.state == state.value)
    if queue is not None:
        wanted = wanted.where(review_case.c.queue == queue)
    if drill is not None:
        wanted = wanted.where(review_case.c.drill if drill else review_case.c.drill.is_(False))
    with office.store.read() as connection:
        if after is not None:
            last = row_of(connection, after)
            place: ColumnElement[bool] = tuple_(review_case.c.turn, review_case.c.id) > (last["turn"], last["id"])
            wanted = wanted.where(place)
        page = wanted.order_by(review_case.c.turn, review_case.c.id).limit(max(1, min(limit, MOST_PAGE)))
        return [office.case(row) for row in connection.execute(page).mappings()]


def queues(office: Office) -> list[QueueStatus]:
    """Return how the queues stand, in the order of the policy."""
    now = office.now()
    with office.store.read() as connection:
        leased = (
            select(review_task.c.queue, func.count())
            .where(review_task.c.owner.is_not(None), review_task.c.lease_until >= now)
            .group_by(review_task.c.queue)
        )
        held: dict[str, int] = {queue: int(count) for queue, count in connection.execute(leased)}
        return [_status(connection, each.name, held.get(each.name, 0), now) for each in office.policy.queues]


def decision(office: Office, decision_id: str) -> CaseDecision:
    """Return a decision.

    Raises:
        NotFound: If there is none with this id.
    """
    with office.store.read() as connection:
        wanted = select(case_decision).where(case_decision.c.id == decision_id)
        row = connection.execute(wanted).mappings().first()
    if row is None:
        raise NotFound("there is no decision with this id")
    return _rows.decision_of(row)


def decisions(office: Office, case_id: str) -> list[CaseDecision]:
    """Return the decisions of a case, the first first."""
    with office.store.read() as connection:
        row_of(connection, case_id)
        wanted = select(case_decision).where(case_decision.c.case_id == case_id)
        rows = connection.execute(wanted.order_by(case_decision.c.at, case_decision.c.id)).mappings()
        return [_rows.decision_of(row) for row in rows]


def effects(office: Office, case_id: str) -> list[Effect]:
    """Return what follows from the decisions of a case. What runs ahead of a decision is not told before it is made."""
    with office.store.read() as connection:
        row_of(connection, case_id)
        wanted = (
            select(case_effect)
            .join(case_decision, case_decision.c.id == case_effect.c.decision_id)
            .where(case_effect.c.case_id == case_id)
            .order_by(case_effect.c.queued_at, case_effect.c.id)
        )
        return [_rows.effect_of(row) for row in connection.execute(wanted).mappings()]


def verdicts(office: Office, case_id: str) -> list[Verdict]:
    """Return what was said of a case's items, carried over or in rounds that are decided."""
    with office.store.read() as connection:
        row = row_of(connection, case_id)
        running = CaseState(row["state"]) not in (CaseState.DECIDED, CaseState.APPEALED, CaseState.CLOSED)
        found = carried_verdicts(connection, case_id)
        for number in range(1, row["round"] + (0 if running else 1)):
            found += round_verdicts(connection, case_id, number)
        return found


def said(office: Office, case_id: str) -> list[Verdict]:
    """Return for each item what was said of it last, carried over or by a person, decided or not."""
    with office.store.read() as connection:
        row = row_of(connection, case_id)
        found = {each.item_id: each for each in carried_verdicts(connection, case_id)}
        for number in range(1, row["round"] + 1):
            found |= {each.item_id: each for each in round_verdicts(connection, case_id, number)}
        return list(found.values())


def visible(office: Office, task_id: str, user_id: str) -> list[Verdict]:
    """Return the verdicts that the holder of a task may see: carried ones, their own, and others' if not blind."""
    with office.store.read() as connection:
        task = tasks.row_of(connection, task_id)
        found = carried_verdicts(connection, task["case_id"])
        said = round_verdicts(connection, task["case_id"], task["round"])
        if user_id not in (task["owner"], task["done_by"]):
            return []
        open_ = not _blind(connection, task) or task["final"] or task["kind"] == TaskKind.APPEAL.value
        return found + [each for each in said if open_ or each.reviewer == user_id]


def method(office: Office, task_id: str) -> Method | None:
    """Return how what was said first in a task's round is verified; None if nobody has said anything yet."""
    with office.store.read() as connection:
        task = tasks.row_of(connection, task_id)
        found = _methods(connection, task)
    return Method(found[0]) if found else None


def owned(office: Office, user_id: str) -> list[str]:
    """Return the ids of the tasks that somebody holds."""
    mine = (review_task.c.owner == user_id, review_task.c.done_at.is_(None))
    with office.store.read() as connection:
        return list(connection.execute(select(review_task.c.id).where(*mine).order_by(review_task.c.id)).scalars())


def severe(case: Case) -> bool:
    """Whether a case is severe, for whoever takes a rest from that."""
    return case.severity >= Severity.HIGH


def _blind(connection: Connection, task: Row) -> bool:
    return any(Method(each).blind for each in _methods(connection, task))


def _methods(connection: Connection, task: Row) -> list[str]:
    mine = (review_submission.c.case_id == task["case_id"], review_submission.c.round == task["round"])
    wanted = select(review_submission.c.method).where(*mine).order_by(review_submission.c.place)
    return list(connection.execute(wanted).scalars())


def _events(connection: Connection, case_id: str) -> list[CaseEvent]:
    wanted = select(review_event).where(review_event.c.case_id == case_id).order_by(review_event.c.number)
    return [_rows.event_of(row) for row in connection.execute(wanted).mappings()]


def _status(connection: Connection, queue: str, leased: int, now: str) -> QueueStatus:
    mine = (review_case.c.queue == queue, review_case.c.open)
    late = _count(connection, (*mine, review_case.c.due_at < now))
    # What is late is open as well: where that alone is more than is counted, so are all of them.
    found = _count(connection, mine) if late < COUNTED else COUNTED
    first = select(review_case.c.opened_at).where(*mine).order_by(review_case.c.opened_at).limit(1)
    oldest = connection.execute(first).scalar()
    return QueueStatus(queue, found, leased, late, oldest, COUNTED in (found, late))


def _count(connection: Connection, conditions: Iterable[ColumnElement[bool]]) -> int:
    some: Select[Any] = select(review_case.c.queue).where(*conditions).limit(COUNTED)
    return int(connection.execute(select(func.count()).select_from(some.subquery())).scalar_one())
