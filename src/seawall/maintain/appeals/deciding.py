"""Deciding appeals: by a person who had no part in the decision, whole or not at all, with all that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seawall.cases import Cases
from seawall.cases.model import Case, Outcome
from seawall.clock import to_iso
from seawall.errors import NotFound
from seawall.ledger import Ledger
from seawall.maintain.appeals import _rows
from seawall.maintain.appeals.errors import AppealInvalid, SamePerson
from seawall.maintain.appeals.model import Appeal, AppealState, Party, Result
from seawall.maintain.appeals.telling import tell_host
from seawall.maintain.statements import Names, expect_nobody
from seawall.store import Store
from seawall.store.tables import appeal as table
from seawall.store.tables import review_item

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_REASON = 2000


def decide(
    store: Store,
    ledger: Ledger,
    cases: Cases,
    task_id: str,
    user_id: str,
    token: int,
    *,
    result: Result,
    reason: str,
    names: Names,
) -> list[Appeal]:
    """Decide the appeals of a task; see `Appeals.decide`."""
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        raise AppealInvalid(f"the party is told why, in at most {MOST_REASON} characters")
    case_id = cases.task(task_id).case_id
    with store.begin() as connection:
        case = _rows.case(connection, case_id, lock=True)
        found = _rows.many(connection, table.c.task_id == task_id, table.c.decided_at.is_(None))
        # First of all whether the task is theirs: who does not hold it learns nothing.
        cases.finish(connection, task_id, user_id, token)
        if not found:
            raise NotFound("there is no open appeal with this task")
        judges = cases.had_part(connection, found[0].decision_id)
        if user_id in judges:
            raise SamePerson
        _expect_discreet(connection, case, {user_id, *judges}, names, reason)
        at = to_iso(store.clock())
        state = AppealState(result.value)
        values = {"state": state.value, "decider": user_id, "decided_at": at, "reason": reason}
        ours = table.c.id.in_([each.id for each in found])
        connection.execute(table.update().where(ours).values(values))
        now, replaced = _carry_out(connection, cases, found, result, user_id, reason)
        if replaced is not None:
            connection.execute(table.update().where(ours).values(result_id=replaced))
        for each in found:
            body = {
                "appeal": each.id,
                "decision": each.decision_id,
                "state": state.value,
                "person": user_id,
                "result": replaced,
                "in_time": at <= each.due_at,
                "drill": each.drill,
            }
            ledger.record(connection, "appeal.decided", f"appeal/{each.id}/ended", body)
            tell_host(connection, each, now, state, at)
        return _rows.many(connection, ours)


def _carry_out(
    connection: Connection, cases: Cases, found: list[Appeal], result: Result, person: str, reason: str
) -> tuple[Case, str | None]:
    """Do what a result means; return the case after it, and the decision that took the other one's place."""
    first = found[0]
    told: dict[str, Any] = {"person": person, "reason": reason, "appeal_id": first.id}
    if result is Result.UPHELD:
        return cases.upheld(connection, first.decision_id, **told), None
    if any(each.party is Party.ACCOUNT for each in found):
        made = cases.overturn(connection, first.decision_id, outcome=Outcome.NO_VIOLATION, **told)
        return cases.office.case(_rows.case(connection, first.case_id)), made.id
    # The notifier was right, and nobody has said yet what that means: people judge it who have not judged it before.
    return cases.judge_anew(connection, first.decision_id, **told), None


def _expect_discreet(connection: Connection, case: Any, people: set[str], names: Names, reason: str) -> None:
    rows = connection.execute(review_item.select().where(review_item.c.case_id == case["id"])).mappings()
    accounts = [case["subject"], *(row[name] for row in rows for name in ("ref", "key") if row[name])]
    known = [name for each in sorted(people) for name in (each, *names(each))]
    expect_nobody({"reason": reason}, accounts=accounts, people=known)
