"""Tasks beside the life of any case: golden ones, and judging again. Leased like others, and fenced like others.

Their verdicts stay here. None becomes a decision, an effect, a count, or something that is repeated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from seawall.cases.errors import LeaseLost
from seawall.cases.model import Case, Item, Label, Task, TaskKind
from seawall.clock import to_iso
from seawall.errors import NotFound
from seawall.maintain.review import _cards
from seawall.store.ids import new_id
from seawall.store.tables import side_task

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from seawall.store import Store

_TRIES = 50
"""Waiting tasks that are looked through for one that somebody may judge."""


class SideKind(StrEnum):
    """What a task beside the cases is for."""

    GOLDEN = "golden"
    QA = "qa"


@dataclass(frozen=True, slots=True)
class SideTask:
    """A task beside the cases.

    Attributes:
        task: As the page has it; of a golden one the kind says `first`, so that nobody can tell.
        case: The case, or what looks like one.
        items: What is to be judged.
        kind: What it is for; not for the page before it is submitted.
        expected: Label by item id: the answer, or what was said before.
        policy: Hash of the policy under which that was said.
        barred: User ids of those who cannot be asked.
    """

    task: Task
    case: Case
    items: tuple[Item, ...]
    kind: SideKind
    expected: Mapping[str, Label]
    policy: str = ""
    barred: frozenset[str] = field(default_factory=frozenset)


class SideTasks:
    """Tasks beside the cases, in a store.

    Args:
        store: The database.
        lease_seconds: Length of a lease.
    """

    def __init__(self, store: Store, lease_seconds: int) -> None:
        self._store = store
        self._lease = timedelta(seconds=lease_seconds)

    def add(
        self,
        connection: Connection,
        kind: SideKind,
        case: Case,
        items: Sequence[Item],
        expected: Mapping[str, Label],
        *,
        policy: str = "",
        barred: Sequence[str] = (),
        owner: str | None = None,
    ) -> str:
        """Add a task; return its id.

        Args:
            connection: The caller's.
            kind: What for.
            case: What the page shows of it.
            items: What is to be judged.
            expected: Label by item id.
            policy: Hash of the policy under which that was said.
            barred: User ids of those who cannot be asked.
            owner: Who has it from the beginning, and keeps it.
        """
        now = self._store.clock()
        row = {
            "id": new_id(),
            "kind": kind.value,
            "case_id": case.id,
            "queue": case.queue,
            "policy": policy,
            "card": _cards.case_json(case),
            "items": _cards.items_json(items),
            "expected": json.dumps({key: label.value for key, label in expected.items()}, sort_keys=True),
            "barred": json.dumps(sorted(barred)),
            "made_for": owner,
            "owner": owner,
            "token": 1 if owner else 0,
            "lease_until": to_iso(now + self._lease) if owner else None,
            "draft": "{}",
            "created_at": to_iso(now),
            "done_at": None,
        }
        connection.execute(side_task.insert(), row)
        return str(row["id"])

    def claim(
        self, user_id: str, *, kind: SideKind, queues: Sequence[str], exclude_severe_from: int | None
    ) -> SideTask | None:
        """Lease the oldest waiting task that somebody may judge.

        Args:
            user_id: Who.
            kind: What for; a golden one only goes to whom it was made for.
            queues: Of which queues.
            exclude_severe_from: No case of this severity or above.
        """
        columns = side_task.c
        with self._store.begin() as connection:
            now = to_iso(self._store.clock())
            free = columns.owner.is_(None) | (columns.lease_until < now)
            query = side_task.select().where(
                columns.kind == kind.value, columns.done_at.is_(None), columns.queue.in_(list(queues)), free
            )
            if kind is SideKind.GOLDEN:
                query = query.where(columns.made_for == user_id)
            query = query.order_by(columns.created_at, columns.id).limit(_TRIES).with_for_update(skip_locked=True)
            for row in connection.execute(query).mappings():
                found = _read(row)
                severe = exclude_severe_from is not None and found.case.severity >= exclude_severe_from
                if user_id in found.barred or severe:
                    continue
                lease = to_iso(self._store.clock() + self._lease)
                change = {"owner": user_id, "token": columns.token + 1, "lease_until": lease}
                connection.execute(side_task.update().where(columns.id == row["id"]).values(**change))
                return _read(self._row(connection, row["id"]))
        return None

    def get(self, task_id: str) -> SideTask | None:
        """Return a task; None if there is none beside the cases with this id."""
        with self._store.read() as connection:
            row = connection.execute(side_task.select().where(side_task.c.id == task_id)).mappings().first()
        return _read(row) if row is not None else None

    def of_case(self, case_id: str) -> SideTask | None:
        """Return the golden task that looks like a case of this id."""
        columns = side_task.c
        with self._store.read() as connection:
            query = side_task.select().where(columns.case_id == case_id, columns.kind == SideKind.GOLDEN.value)
            row = connection.execute(query).mappings().first()
        return _read(row) if row is not None else None

    def held(self, user_id: str) -> list[Task]:
        """Return the tasks that somebody holds, also those whose lease has run out and that nobody else took."""
        columns = side_task.c
        with self._store.read() as connection:
            query = side_task.select().where(columns.owner == user_id, columns.done_at.is_(None))
            return [_read(row).task for row in connection.execute(query).mappings()]

    def heartbeat(self, task_id: str, user_id: str, token: int, draft: Mapping[str, Any] | None = None) -> Task:
        """Lengthen a lease, and keep what was filled in.

        Raises:
            LeaseLost: If it is not theirs any more.
        """
        change: dict[str, Any] = {"lease_until": to_iso(self._store.clock() + self._lease)}
        return self._change(task_id, user_id, token, change, draft).task

    def release(
        self, task_id: str, user_id: str, token: int, *, reason: str, draft: Mapping[str, Any] | None = None
    ) -> Task:
        """Give a task back; of a golden one there is no other day.

        Raises:
            LeaseLost: If it is not theirs any more.
        """
        del reason  # As for other tasks; here nobody reads it.
        return self._change(task_id, user_id, token, {"owner": None, "lease_until": None}, draft).task

    def done(self, connection: Connection, task_id: str, user_id: str, token: int) -> SideTask:
        """End a task in the caller's transaction, and return it as it was.

        Raises:
            LeaseLost: If it is not theirs any more.
        """
        found = _read(self._held(connection, task_id, user_id, token))
        change = {"done_at": to_iso(self._store.clock()), "lease_until": None}
        connection.execute(side_task.update().where(side_task.c.id == task_id).values(**change))
        return found

    def waiting(self, connection: Connection, kind: SideKind) -> int:
        """Return how many tasks are not done."""
        columns = side_task.c
        query = side_task.select().where(columns.kind == kind.value, columns.done_at.is_(None))
        return len(connection.execute(query.with_only_columns(columns.id)).all())

    def _change(
        self, task_id: str, user_id: str, token: int, change: dict[str, Any], draft: Mapping[str, Any] | None
    ) -> SideTask:
        if draft is not None:
            change["draft"] = json.dumps(dict(draft), sort_keys=True)
        with self._store.begin() as connection:
            self._held(connection, task_id, user_id, token)
            connection.execute(side_task.update().where(side_task.c.id == task_id).values(**change))
            return _read(self._row(connection, task_id))

    def _held(self, connection: Connection, task_id: str, user_id: str, token: int) -> RowMapping:
        row = self._row(connection, task_id, change=True)
        if row["done_at"] is not None or row["owner"] != user_id or row["token"] != token:
            raise LeaseLost
        return row

    def _row(self, connection: Connection, task_id: str, *, change: bool = False) -> RowMapping:
        query = side_task.select().where(side_task.c.id == task_id)
        row = connection.execute(query.with_for_update() if change else query).mappings().first()
        if row is None:
            raise NotFound("there is no such task")
        return row


def _read(row: RowMapping) -> SideTask:
    kind = SideKind(row["kind"])
    case = _cards.read_case(row["card"])
    shown = TaskKind.QA if kind is SideKind.QA or row["done_at"] else TaskKind.FIRST
    task = Task(
        id=row["id"],
        case_id=row["case_id"],
        kind=TaskKind.GOLDEN if kind is SideKind.GOLDEN and row["done_at"] else shown,
        queue=row["queue"],
        created_at=row["created_at"],
        owner=row["owner"],
        token=row["token"],
        lease_until=row["lease_until"],
        draft=json.loads(row["draft"]),
        done_at=row["done_at"],
        done_by=row["owner"] if row["done_at"] is not None else None,
    )
    expected = {key: Label(label) for key, label in json.loads(row["expected"]).items()}
    barred = frozenset(json.loads(row["barred"]))
    return SideTask(task, case, _cards.read_items(row["items"]), kind, expected, row["policy"] or "", barred)
