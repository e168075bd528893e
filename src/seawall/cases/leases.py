"""Leases: one person works on a task for a while; whoever falls silent loses it, and never their draft.

In every lane the first that is free is found by an index; which lane comes first follows from who waits longest. Two
who claim at once get two tasks: PostgreSQL skips what another is just taking, SQLite lets one after the other write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from seawall.cases import tasks
from seawall.cases._office import Office, expect_person, lane_parts
from seawall.cases._rows import Row, encode, task_of
from seawall.cases.errors import CaseError, LeaseLost
from seawall.cases.model import Task, TaskKind
from seawall.cases.states import EventKind
from seawall.cases.submission import Claim
from seawall.clock import to_iso
from seawall.store import insert_new, insert_or_replace
from seawall.store.tables import review_aside, review_case, review_draft, review_task

MOST_DRAFT = 1 << 16
_TRIES = 3


class _Wish:
    """Which tasks somebody takes.

    Attributes:
        user: Who.
        queues: From which queues; None for any.
        kinds: Of which kinds; None for any.
        mild: Whether nothing severe.
        without: Categories that are left out; `csem` stands for `csem.grooming` and the like as well.
    """

    def __init__(
        self,
        user: str,
        queues: Collection[str] | None,
        kinds: Collection[TaskKind] | None,
        without: Collection[str],
        *,
        mild: bool,
    ) -> None:
        self.user = user
        self.queues = frozenset(queues) if queues is not None else None
        self.kinds = frozenset(kinds) if kinds is not None else None
        self.mild = mild
        self.without = frozenset(without)

    def takes(self, lane: str, *, anywhere: bool = False) -> bool:
        """Whether tasks of a lane are wanted; `anywhere`: whatever its queue."""
        queue, kind, severe, category = lane_parts(lane)
        return (
            (anywhere or self.queues is None or queue in self.queues)
            and (self.kinds is None or kind in self.kinds)
            and not (self.mild and severe)
            and category not in self.without
            and category.partition(".")[0] not in self.without
        )


def claim(
    office: Office,
    user_id: str,
    *,
    queues: Collection[str] | None,
    kinds: Collection[TaskKind] | None = None,
    exclude_severe: bool = False,
    exclude: Collection[str] = (),
    sticky: bool = True,
) -> Claim | None:
    """Take the next task; None if there is none for this person.

    Args:
        office: Where cases are kept.
        user_id: Who.
        queues: From which queues; None for any.
        kinds: Of which kinds; None for any.
        exclude_severe: Nothing of severity high or critical.
        exclude: Nothing of these categories.
        sticky: Go on with what the person holds already, if that fits.
    """
    expect_person(user_id)
    wish = _Wish(user_id, queues, kinds, exclude, mild=exclude_severe)
    for _ in range(_TRIES):
        with office.store.read() as connection:
            held = _held(connection, wish) if sticky else None
            places = [] if held is not None else _places(office, connection, wish)
        if held is None and not places:
            return None
        with office.store.begin() as connection:
            if held is not None:
                found = _go_on(office, connection, held)
            else:
                found = next((got for place in places if (got := _take(office, connection, wish, place))), None)
        if found is not None:
            return found
    return None


def heartbeat(office: Office, task_id: str, user_id: str, token: int, draft: Mapping[str, Any] | None = None) -> Task:
    """Keep a lease, and what has been filled in so far.

    Raises:
        LeaseLost: If it is somebody else's now. The draft is kept even then.
        CaseError: If the draft is too long, or not plain JSON.
    """
    written = _written(draft)
    lost: LeaseLost | None = None
    with office.store.begin() as connection:
        row = tasks.row_of(connection, task_id, lock=True)
        if row["done_at"] is None and written is not None and _was_given(connection, row, user_id):
            _keep(office, connection, task_id, user_id, written)
        try:
            row = tasks.leased(connection, task_id, user_id, token)
        except LeaseLost as error:
            # Raised only after the draft is written for good.
            lost = error
        else:
            until = _until(office)
            connection.execute(update(review_task).where(review_task.c.id == task_id).values(lease_until=until))
            return tasks.with_draft(connection, {**row, "lease_until": until})
    raise lost


def release(
    office: Office, task_id: str, user_id: str, token: int, *, reason: str, draft: Mapping[str, Any] | None = None
) -> Task:
    """Give a task back. It comes back to the same person only when somebody else had it, or after a while.

    Raises:
        LeaseLost: If it is somebody else's now.
    """
    expect_person(user_id, reason)
    written = _written(draft)
    now = office.now()
    with office.store.begin() as connection:
        case = office.locked(connection, tasks.row_of(connection, task_id)["case_id"])
        row = tasks.leased(connection, task_id, user_id, token)
        if written is not None:
            _keep(office, connection, task_id, user_id, written)
        values = {"owner": None, "lease_until": None}
        connection.execute(update(review_task).where(review_task.c.id == task_id).values(values))
        skipped = {
            "task_id": task_id, "user_id": user_id, "bar": False, "token": token, "at": now, "reason": reason,
        }  # fmt: skip
        insert_or_replace(connection, review_aside, [skipped])
        office.move(
            connection,
            case,
            EventKind.RELEASED,
            person=user_id,
            facts={"task": task_id, "token": token},
            data={"reason": reason},
        )
        return tasks.with_draft(connection, {**row, **values})


def held(office: Office, user_id: str) -> list[Task]:
    """Return the tasks that somebody holds, each with their own draft, the oldest first.

    A lease that has run out is theirs until somebody else takes the task.
    """
    mine = (review_task.c.owner == user_id, review_task.c.done_at.is_(None))
    with office.store.read() as connection:
        rows = connection.execute(select(review_task).where(*mine).order_by(review_task.c.id)).mappings().all()
        return [tasks.with_draft(connection, row) for row in rows]


def _held(connection: Connection, wish: _Wish) -> Row | None:
    """Return the task that somebody holds, run out or not, if it is one that they take now."""
    mine = (review_task.c.owner == wish.user, review_task.c.done_at.is_(None), review_task.c.ready)
    rows = connection.execute(select(review_task).where(*mine).order_by(review_task.c.id)).mappings()
    return next((row for row in rows if wish.takes(row["lane"], anywhere=True)), None)


def _go_on(office: Office, connection: Connection, held: Row) -> Claim | None:
    case = office.locked(connection, held["case_id"])
    try:
        row = tasks.leased(connection, held["id"], held["owner"], held["token"])
    except LeaseLost:
        return None
    values = {"lease_until": _until(office), "upto": case["items"]}
    connection.execute(update(review_task).where(review_task.c.id == row["id"]).values(values))
    return Claim(tasks.with_draft(connection, {**row, **values}), office.case(case))


class _Place:
    """Where the next task may be: a lane, or what is assigned; `again`: also what the person gave back."""

    def __init__(self, lane: str | None, turn: int, *, again: bool) -> None:
        self.lane = lane
        self.turn = turn
        self.again = again


def _places(office: Office, connection: Connection, wish: _Wish) -> list[_Place]:
    """Return where there is something for somebody, the best place first."""
    places: list[_Place] = []
    values = _values(office, wish)
    for again in (False, True):
        rows = connection.execute(_kept(again=again), values).all()
        places += [_Place(None, turn, again=again) for lane, turn in rows if wish.takes(lane, anywhere=True)][:1]
        tops = connection.execute(_tops(again=again), values).all()
        wanted = [_Place(lane, turn, again=again) for lane, turn in tops if turn is not None and wish.takes(lane)]
        places += sorted(wanted, key=lambda place: place.turn)
        if places:
            break
    return places


# Statements of claims are made once: making one costs more than running it. `_values` fills them in.


@cache
def _kept(*, again: bool) -> Select[Any]:
    """Select what is free of that which is kept for somebody."""
    mine = select(review_task.c.lane, review_task.c.turn).where(
        review_task.c.assigned == _given("user"), *_free(again=again)
    )
    return mine.where(review_task.c.done_at.is_(None)).order_by(review_task.c.turn)


@cache
def _tops(*, again: bool) -> Select[Any]:
    """Select every lane that has tasks, with the turn of the first that is free; a few steps of an index for each."""
    other = review_task.alias("other")
    first = select(other.c.lane).where(other.c.ready).order_by(other.c.lane).limit(1).scalar_subquery()
    lanes = select(first.label("lane")).cte("lanes", recursive=True)
    following = (
        select(other.c.lane)
        .where(other.c.ready, other.c.lane > lanes.c.lane)
        .order_by(other.c.lane)
        .limit(1)
        .scalar_subquery()
        .correlate(lanes)
    )
    lanes = lanes.union_all(select(following).where(lanes.c.lane.is_not(None)))
    top = (
        select(review_task.c.turn)
        .where(review_task.c.lane == lanes.c.lane, *_free(again=again))
        .order_by(review_task.c.turn, review_task.c.id)
        .limit(1)
        .scalar_subquery()
        .correlate(lanes)
    )
    return select(lanes.c.lane, top.label("turn")).where(lanes.c.lane.is_not(None))


@cache
def _first(*, again: bool, assigned: bool) -> Select[Any]:
    """Select the first that is free in a lane, or of what is kept for somebody, and lock it with its case."""
    here = review_task.c.assigned == _given("user") if assigned else review_task.c.lane == _given("lane")
    return (
        select(review_task)
        .join(review_case, review_case.c.id == review_task.c.case_id)
        .where(here, review_task.c.done_at.is_(None), *_free(again=again))
        .order_by(review_task.c.turn, review_task.c.id)
        .limit(1)
        .with_for_update(of=(review_task, review_case), skip_locked=True)
    )


def _take(office: Office, connection: Connection, wish: _Wish, place: _Place) -> Claim | None:
    wanted = _first(again=place.again, assigned=place.lane is None)
    given = _values(office, wish) | ({} if place.lane is None else {"lane": place.lane})
    row = connection.execute(wanted, given).mappings().first()
    if row is None or not wish.takes(row["lane"], anywhere=place.lane is None):
        return None
    case = office.locked(connection, row["case_id"])
    if row["owner"] is not None:
        facts = {"task": row["id"], "token": row["token"]}
        case = office.move(connection, case, EventKind.LAPSED, person=row["owner"], facts=facts)
    token = row["token"] + 1
    values = {"owner": wish.user, "token": token, "lease_until": _until(office), "upto": case["items"]}
    connection.execute(update(review_task).where(review_task.c.id == row["id"]).values(values))
    # From now on a draft of theirs is kept, whoever has the task when it arrives.
    begun = {"task_id": row["id"], "user_id": wish.user, "data": "{}", "at": office.now()}
    first = insert_new(connection, review_draft, [begun]) == 1
    facts = {"task": row["id"], "kind": row["kind"], "token": token}
    case = office.move(connection, case, EventKind.CLAIMED, person=wish.user, facts=facts)
    taken = {**row, **values}
    return Claim(task_of(taken) if first else tasks.with_draft(connection, taken), office.case(case))


def _values(office: Office, wish: _Wish) -> dict[str, str]:
    now = office.store.clock()
    rested = now - timedelta(minutes=office.policy.skip_minutes)
    return {"user": wish.user, "moment": to_iso(now), "rested": to_iso(rested)}


def _given(name: str) -> BindParameter[str]:
    return bindparam(name, type_=String)


def _free(*, again: bool) -> list[ColumnElement[bool]]:
    """Return what a task must be to be taken; `again`: also if they gave it back, and somebody else had it since."""
    user, moment = _given("user"), _given("moment")
    aside = review_aside
    resting = aside.c.at > _given("rested")
    if again:
        # Somebody else has had it since.
        resting = and_(resting, aside.c.token >= review_task.c.token)
    kept = exists().where(aside.c.task_id == review_task.c.id, aside.c.user_id == user, or_(aside.c.bar, resting))
    return [
        review_task.c.ready,
        or_(review_task.c.owner.is_(None), review_task.c.lease_until < moment),
        # What is kept for somebody is anybody's once it is overdue.
        or_(review_task.c.assigned.is_(None), review_task.c.assigned == user, review_task.c.due_at < moment),
        ~kept,
    ]


def _was_given(connection: Connection, row: Row, user_id: str) -> bool:
    """Whether somebody has or had the task, so that a draft of theirs is to be kept."""
    if row["owner"] == user_id:
        return True
    had = (review_draft.c.task_id == row["id"]) & (review_draft.c.user_id == user_id)
    return connection.execute(select(review_draft.c.at).where(had)).first() is not None


def _keep(office: Office, connection: Connection, task_id: str, user_id: str, written: str) -> None:
    draft = {"task_id": task_id, "user_id": user_id, "data": written, "at": office.now()}
    insert_or_replace(connection, review_draft, [draft])


def _written(draft: Mapping[str, Any] | None) -> str | None:
    if draft is None:
        return None
    try:
        written = encode(dict(draft))
    except (TypeError, ValueError, RecursionError):
        raise CaseError("the draft is not plain JSON") from None
    if len(written) > MOST_DRAFT:
        raise CaseError(f"the draft is longer than {MOST_DRAFT:,} bytes")
    return written


def _until(office: Office) -> str:
    return to_iso(office.store.clock() + timedelta(seconds=office.policy.lease_seconds))
