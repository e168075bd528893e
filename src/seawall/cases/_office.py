"""What every step of a case needs: the store, the ledger, the policy, who is told, and the one way to move a case.

A step is its event, the state that follows, and the ledger's event, in the caller's transaction; nothing else
changes a case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, select, update

from seawall.cases import _rows
from seawall.cases._rows import Row
from seawall.cases.errors import CaseError
from seawall.cases.model import Case, CaseState, Item, Severity, TaskKind, Verdict
from seawall.cases.policy import ReviewPolicy
from seawall.cases.states import OPEN, EventKind, follow
from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.ledger import Ledger
from seawall.store import Store
from seawall.store.errors import StoreLocked
from seawall.store.tables import review_case, review_event, review_task

SEVERE = Severity.HIGH
"""From here on a task is severe, for whoever takes a rest from that."""

MOST_WORDS = 2000
_MOST_USER = 128


class Judged(Protocol):
    """Knows what was judged before."""

    def apply(self, connection: Connection, case: Case, item: Item) -> Verdict | None:
        """Return the verdict that an item has unseen, to be kept with the case; None if it must be seen."""
        ...


@dataclass(frozen=True, slots=True)
class Office:
    """Where cases are kept.

    Attributes:
        store, ledger: The database, and the ledger in it.
        policy: How cases are reviewed.
        hooks: Who is told; each has some of `opened`, `decided`, `carried`, `overturned`, `doubted`.
        judged: Knows what was judged before.
    """

    store: Store
    ledger: Ledger
    policy: ReviewPolicy
    hooks: tuple[Any, ...] = ()
    judged: Judged | None = None

    def now(self) -> str:
        """Return the moment, as rows have it."""
        return to_iso(self.store.clock())

    def case(self, row: Row) -> Case:
        """Return a case as it is now."""
        return _rows.case_of(row, self.policy.weights, self.store.clock())

    def locked(self, connection: Connection, case_id: str) -> Row:
        """Return a case's row; nobody else changes the case until the transaction ends.

        Raises:
            NotFound: If there is no such case.
        """
        wanted = select(review_case).where(review_case.c.id == case_id).with_for_update()
        row = connection.execute(wanted).mappings().first()
        if row is None:
            raise NotFound("there is no case with this id", hint="'seawall cases ls' shows them")
        return row

    def move(
        self,
        connection: Connection,
        row: Row,
        kind: EventKind,
        *,
        person: str | None = None,
        data: Mapping[str, Any] | None = None,
        facts: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> Row:
        """Let something happen to a case that is locked.

        Args:
            connection: The caller's transaction.
            row: The case before.
            kind: What happens.
            person: Who does it.
            data: Told in the case's own log alone: a person's words.
            facts: Told there and in the ledger: ids and counts.
            changes: Other columns of the case that change.

        Returns:
            The case after it.

        Raises:
            IllegalTransition: If it cannot happen in this state.
        """
        before = CaseState(row["state"])
        held = CaseState(row["held_from"]) if row["held_from"] else None
        state = follow(before, kind, held)
        number = row["version"] + 1
        values = {**(changes or {}), "state": state.value, "open": state in OPEN, "version": number}
        if kind is EventKind.HELD:
            values["held_from"] = before.value
        elif state is not CaseState.ON_HOLD:
            values["held_from"] = None
        same = (review_case.c.id == row["id"]) & (review_case.c.version == row["version"])
        if connection.execute(update(review_case).where(same).values(values)).rowcount != 1:
            raise StoreLocked("the case was changed at the same moment")
        self.write_event(connection, row["id"], number, kind, state, person, data, facts, drill=bool(row["drill"]))
        return {**row, **values}

    def write_event(
        self,
        connection: Connection,
        case_id: str,
        number: int,
        kind: EventKind,
        state: CaseState,
        person: str | None,
        data: Mapping[str, Any] | None,
        facts: Mapping[str, Any] | None,
        *,
        drill: bool,
    ) -> None:
        """Write an event of a case, there and in the ledger."""
        told = dict(facts or {})
        event = {
            "case_id": case_id,
            "number": number,
            "kind": kind.value,
            "at": self.now(),
            "state": state.value,
            "person": person,
            "data": _rows.encode(told | dict(data or {})),
        }
        connection.execute(review_event.insert(), event)
        body = {"case": case_id, "number": number, "state": state.value, "person": person, "drill": drill} | told
        self.ledger.record(connection, f"case.{kind.value}", f"case/{case_id}/{number}", body)

    def place_tasks(self, connection: Connection, row: Row) -> None:
        """Let the open tasks of a case stand where the case stands."""
        for task in open_tasks(connection, row["id"]):
            queue = task["queue"] if task["final"] else row["queue"]
            values = {
                "queue": queue,
                "lane": lane_of(queue, TaskKind(task["kind"]), row["severity"], row["category"]),
                "turn": row["turn"],
                "due_at": row["due_at"],
                "assigned": row["assigned"],
                "ready": row["state"] != CaseState.ON_HOLD.value,
            }
            connection.execute(update(review_task).where(review_task.c.id == task["id"]).values(values))

    def tell(self, name: str, *arguments: Any) -> None:
        """Tell the hooks that have this name, in the caller's transaction; what they raise undoes all of it."""
        for hook in self.hooks:
            told = getattr(hook, name, None)
            if told is not None:
                told(*arguments)


def open_tasks(connection: Connection, case_id: str) -> Sequence[Row]:
    """Return the tasks of a case that are not done."""
    mine = (review_task.c.case_id == case_id) & review_task.c.done_at.is_(None)
    return connection.execute(select(review_task).where(mine).order_by(review_task.c.id)).mappings().all()


def free_leases(connection: Connection, case_id: str) -> int:
    """Take the leases of a case away; drafts stay. Return how many there were."""
    mine = (review_task.c.case_id == case_id) & review_task.c.owner.is_not(None)
    values = {"owner": None, "lease_until": None, "token": review_task.c.token + 1}
    return connection.execute(update(review_task).where(mine).values(values)).rowcount


def lane_of(queue: str, kind: TaskKind, severity: int, category: str) -> str:
    """Return the lane of a task: those of one lane differ in their turn alone."""
    return f"{queue}/{kind.value}/{'severe' if severity >= SEVERE else 'mild'}/{category}"


def lane_parts(lane: str) -> tuple[str, TaskKind, bool, str]:
    """Return queue, kind, whether it is severe, and category of a lane."""
    queue, kind, gravity, category = lane.split("/", 3)
    return queue, TaskKind(kind), gravity == "severe", category


def expect_person(person: str, reason: str | None = None) -> None:
    """Refuse who does not say who they are, or why.

    Raises:
        UsageError: If so.
    """
    if not 0 < len(person.strip()) <= _MOST_USER:
        raise UsageError(f"a person must be named, in at most {_MOST_USER} characters")
    if reason is not None and not 0 < len(reason.strip()) <= MOST_WORDS:
        raise UsageError(f"a reason must be given, in at most {MOST_WORDS} characters")
    unstorable(person, reason or "")


def unstorable(*texts: str) -> None:
    """Refuse text that no database takes.

    Raises:
        CaseError: If there is any.
    """
    for text in texts:
        if "\0" in text or any(0xD800 <= ord(sign) < 0xE000 for sign in text):
            raise CaseError("a text holds signs that cannot be stored")


def chunks(values: Sequence[str], size: int = 200) -> Iterator[Sequence[str]]:
    """Yield parts of a list, as long as a statement takes."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
