"""Taking an appeal: whether it is in time and the first, and what is written of it, in one transaction with a task."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from seawall.cases import Cases
from seawall.cases.model import CaseState
from seawall.clock import to_iso
from seawall.ledger import Ledger
from seawall.maintain.appeals import _rows
from seawall.maintain.appeals.errors import AppealExists, Superseded, WindowClosed
from seawall.maintain.appeals.model import AppealState, Ground
from seawall.maintain.appeals.options import AppealOptions
from seawall.store.tables import appeal as table

if TYPE_CHECKING:
    from sqlalchemy import Connection


def expect_possible(connection: Connection, ground: Ground, now: datetime) -> None:
    """Refuse an appeal that comes too late, or against what no longer stands, or again.

    Raises:
        Superseded: If another decision took the place of the one that it is against.
        AppealExists: If the party has appealed against it already.
        WindowClosed: If the time is over.
    """
    if _rows.superseded(connection, ground.decision_id):
        raise Superseded
    if _rows.one(connection, table.c.decision_id == ground.decision_id, table.c.key == ground.key) is not None:
        raise AppealExists
    if ground.until is not None and to_iso(now) >= ground.until:
        raise WindowClosed(f"the time for an appeal ended at {ground.until[:16].replace('T', ' ')} UTC")


def write(
    connection: Connection,
    cases: Cases,
    ledger: Ledger,
    options: AppealOptions,
    ground: Ground,
    *,
    appeal_id: str,
    now: datetime,
    words: str | None,
    locale: str,
    person: str | None,
) -> None:
    """Write an appeal, and ask somebody to decide it.

    Raises:
        AppealError: As `expect_possible`.
    """
    case = _rows.case(connection, ground.case_id, lock=True)
    expect_possible(connection, ground, now)
    decision = _rows.decision(connection, ground.decision_id)
    if decision is None:
        raise Superseded
    state = CaseState(case["state"])
    if state in (CaseState.DECIDED, CaseState.CLOSED):
        cases.appealed(connection, ground.decision_id, appeal_id=appeal_id, ask=True)
    # Of several parties one person decides: the task that is there already is that of this appeal as well.
    asked = state in (CaseState.DECIDED, CaseState.CLOSED, CaseState.APPEALED)
    task = _rows.appeal_task(connection, ground.case_id) if asked else None
    row: dict[str, Any] = {
        "id": appeal_id,
        "decision_id": ground.decision_id,
        "case_id": ground.case_id,
        "party": ground.party.value,
        "key": ground.key,
        "notice_id": ground.notice_id,
        "first": decision["first"],
        "second": decision["second"],
        "task_id": task,
        "words": words,
        "locale": locale,
        "filed_at": to_iso(now),
        "filed_by": person,
        "window_until": ground.until,
        "due_at": to_iso(now + timedelta(days=options.days)),
        "state": (AppealState.OPEN if task is not None else AppealState.WAITING).value,
        "drill": bool(decision["drill"]),
    }
    connection.execute(table.insert(), row)
    body = {
        "appeal": appeal_id,
        "decision": ground.decision_id,
        "party": ground.party.value,
        "state": row["state"],
        "person": person,
        "due_at": row["due_at"],
        "drill": row["drill"],
    }
    ledger.record(connection, "appeal.filed", f"appeal/{appeal_id}", body)
