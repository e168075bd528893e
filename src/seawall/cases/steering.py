"""What people do with a case besides judging it: hold, resume, assign, escalate, appeal, overturn."""

from __future__ import annotations

from sqlalchemy import Connection, select

from seawall.cases import _rows, tasks
from seawall.cases._office import Office, expect_person, free_leases, open_tasks
from seawall.cases._rows import Row
from seawall.cases.concluding import conclude
from seawall.cases.errors import CaseError, NotForYou
from seawall.cases.judging_anew import deciders, standing
from seawall.cases.model import Case, CaseDecision, CaseState, Outcome, Task, TaskKind
from seawall.cases.opening import restand
from seawall.cases.states import EventKind
from seawall.store.ids import new_id
from seawall.store.tables import case_effect, review_case, review_item, review_submission


def hold(office: Office, case_id: str, person: str, reason: str) -> Case:
    """Let a case rest, for a law or an answer that is awaited. Who has its lease loses it, never their draft."""
    expect_person(person, reason)
    with office.store.begin() as connection:
        row = office.locked(connection, case_id)
        taken = free_leases(connection, case_id)
        moved = office.move(
            connection, row, EventKind.HELD, person=person, data={"reason": reason}, facts={"leases": taken}
        )
        office.place_tasks(connection, moved)
        return office.case(moved)


def resume(office: Office, case_id: str, person: str, reason: str = "the hold is over") -> Case:
    """Go on with a case that rested."""
    expect_person(person, reason)
    with office.store.begin() as connection:
        row = office.locked(connection, case_id)
        moved = office.move(connection, row, EventKind.RESUMED, person=person, data={"reason": reason})
        office.place_tasks(connection, moved)
        return office.case(moved)


def assign(office: Office, case_id: str, person: str, to: str | None) -> Case:
    """Keep a case for somebody, until it is overdue; None: for nobody any more. A lease of another goes on.

    Raises:
        NotForYou: If they have judged it already.
    """
    expect_person(person)
    if to is not None:
        expect_person(to)
    with office.store.begin() as connection:
        row = office.locked(connection, case_id)
        if to is not None and to in reviewers(connection, row):
            raise NotForYou("they have judged this case already; somebody else confirms it")
        facts = {"to": to}
        moved = office.move(connection, row, EventKind.ASSIGNED, person=person, facts=facts, changes={"assigned": to})
        office.place_tasks(connection, moved)
        return office.case(moved)


def escalate(office: Office, case_id: str, person: str, reason: str) -> Case:
    """Ask a lead to decide. Escalating what is escalated changes nothing."""
    expect_person(person, reason)
    with office.store.begin() as connection:
        row = office.locked(connection, case_id)
        if row["state"] == CaseState.ESCALATED.value:
            return office.case(row)
        changes = {"queue": office.policy.escalation, "assigned": None}
        moved = office.move(
            connection, row, EventKind.ESCALATED, person=person, data={"reason": reason}, changes=changes
        )
        moved = restand(office, connection, moved)
        now = office.now()
        place = 1
        for task in open_tasks(connection, case_id):
            if task["kind"] in (TaskKind.FIRST.value, TaskKind.SECOND.value):
                place = task["place"]
                tasks.end(connection, task["id"], at=now, ended="withdrawn")
        said = reviewers(connection, moved)
        kind = TaskKind.SECOND if said else TaskKind.FIRST
        tasks.ask(connection, moved, kind, at=now, place=place, final=True, barred=said)
        return office.case(moved)


def appealed(office: Office, connection: Connection, decision_id: str, *, appeal_id: str, ask: bool = False) -> Case:
    """Note that a decision is appealed against, in the caller's transaction.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction.
        decision_id: The decision; it must be the one that stands.
        appeal_id: The appeal.
        ask: Whether to write a task for it, which nobody gets who had a part in the decision.
    """
    row, decision = standing(office, connection, decision_id)
    facts = {"decision": decision.id, "appeal": appeal_id}
    moved = office.move(connection, row, EventKind.APPEALED, facts=facts, changes={"assigned": None})
    if ask:
        tasks.ask(
            connection,
            moved,
            TaskKind.APPEAL,
            at=office.now(),
            place=1,
            barred=deciders(connection, decision),
        )
    return office.case(moved)


def upheld(
    office: Office, connection: Connection, decision_id: str, *, person: str, reason: str, appeal_id: str
) -> Case:
    """Note that an appeal was refused, in the caller's transaction: the decision stands."""
    expect_person(person, reason)
    row, decision = standing(office, connection, decision_id)
    facts = {"decision": decision.id, "appeal": appeal_id}
    moved = office.move(connection, row, EventKind.UPHELD, person=person, facts=facts, data={"reason": reason})
    return office.case(moved)


def overturn(
    office: Office,
    connection: Connection,
    decision_id: str,
    *,
    person: str,
    reason: str,
    appeal_id: str | None = None,
    outcome: Outcome = Outcome.NO_VIOLATION,
) -> CaseDecision:
    """Replace a decision by another, and take back what followed from it, in the caller's transaction.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction.
        decision_id: The decision; it must be the one that stands.
        person: Who decides; nobody who had a part in it.
        reason: Why.
        appeal_id: The appeal that led here, if one did.
        outcome: What the case comes to now.

    Raises:
        CaseError: If the decision was superseded, or the person had a part in it.
    """
    expect_person(person, reason)
    row, decision = standing(office, connection, decision_id)
    if person in deciders(connection, decision):
        raise CaseError("who decided a case does not decide an appeal against it")
    office.tell("doubted", connection, decision)
    for task in open_tasks(connection, row["id"]):
        tasks.end(connection, task["id"], at=office.now(), ended="withdrawn")
    rows = connection.execute(select(review_item).where(review_item.c.case_id == row["id"])).mappings()
    return conclude(
        office,
        connection,
        row,
        decision_id=new_id(),
        ground="appeal",
        outcome=outcome,
        effects=(),
        reasons=(),
        first=person,
        second=None,
        person=person,
        items=[_rows.item_of(each) for each in rows],
        labels={},
        verdicts=(),
        why=reason,
        appeal_id=appeal_id,
    )


def finish(office: Office, connection: Connection, task_id: str, user_id: str, token: int) -> Task:
    """End a task that leads to no decision by itself, such as that of an appeal, in the caller's transaction.

    Raises:
        LeaseLost: If it is somebody else's now.
        CaseError: If it is one that ends by a submission.
    """
    row = tasks.leased(connection, task_id, user_id, token)
    if row["kind"] in (TaskKind.FIRST.value, TaskKind.SECOND.value):
        raise CaseError("this task ends by a submission")
    tasks.end(connection, task_id, at=office.now(), ended="finished", person=user_id)
    return _rows.task_of(tasks.row_of(connection, task_id))


def close_settled(office: Office, most: int = 200) -> int:
    """Close decided cases of which everything that follows is known to have happened; return how many."""
    undone = select(case_effect.c.id).where(case_effect.c.case_id == review_case.c.id, case_effect.c.done_at.is_(None))
    wanted = (
        select(review_case.c.id)
        .where(review_case.c.state == CaseState.DECIDED.value, ~undone.exists())
        .order_by(review_case.c.turn, review_case.c.id)
        .limit(most)
    )
    with office.store.read() as connection:
        found = connection.execute(wanted).scalars().all()
    closed = 0
    for case_id in found:
        with office.store.begin() as connection:
            row = office.locked(connection, case_id)
            left = select(case_effect.c.id).where(case_effect.c.case_id == case_id, case_effect.c.done_at.is_(None))
            if row["state"] == CaseState.DECIDED.value and connection.execute(left.limit(1)).first() is None:
                office.move(connection, row, EventKind.CLOSED, changes={"closed_at": office.now()})
                closed += 1
    return closed


def reviewers(connection: Connection, case: Row) -> list[str]:
    """Return who has submitted in the round of a case that runs."""
    mine = (review_submission.c.case_id == case["id"], review_submission.c.round == case["round"])
    wanted = select(review_submission.c.reviewer).where(*mine).order_by(review_submission.c.place)
    return list(connection.execute(wanted).scalars())
