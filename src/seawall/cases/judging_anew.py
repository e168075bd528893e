"""Judging a case anew: because somebody wants it, or an appeal was right. What was decided stands until then."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select, update

from seawall.cases import _rows, tasks
from seawall.cases._office import Office, expect_person, open_tasks
from seawall.cases._rows import Row
from seawall.cases.concluding import standing_decision
from seawall.cases.errors import CaseError, IllegalTransition
from seawall.cases.model import Case, CaseDecision, TaskKind
from seawall.cases.states import EventKind
from seawall.errors import NotFound
from seawall.store.tables import case_decision, review_case, review_submission, review_verdict


def reopen(office: Office, case_id: str, person: str, reason: str) -> Case:
    """Judge a case anew. What was decided stands until something else is.

    Raises:
        CaseError: If the subject has another open case: what is new belongs there.
    """
    expect_person(person, reason)
    with office.store.begin() as connection:
        return office.case(anew(office, connection, office.locked(connection, case_id), person, reason))


def judge_anew(
    office: Office, connection: Connection, decision_id: str, *, person: str, reason: str, appeal_id: str
) -> Case:
    """Say that an appeal was right, and let the case be judged anew, in the caller's transaction.

    What was decided stands until something else is. Nobody judges it who had a part in that.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction.
        decision_id: The decision; it must be the one that stands.
        person: Who decides the appeal; nobody who had a part in the decision.
        reason: Why.
        appeal_id: The appeal.

    Raises:
        CaseError: If the person had a part in the decision, or the subject has another open case.
    """
    expect_person(person, reason)
    row, decision = standing(office, connection, decision_id)
    barred = deciders(connection, decision)
    if person in barred:
        raise CaseError("who decided a case does not decide an appeal against it")
    office.tell("doubted", connection, decision)
    facts = {"decision": decision.id, "appeal": appeal_id}
    moved = office.move(connection, row, EventKind.OVERTURNED, person=person, facts=facts, data={"reason": reason})
    return office.case(anew(office, connection, moved, person, reason, barred=barred))


def anew(
    office: Office, connection: Connection, row: Row, person: str | None, reason: str, *, barred: Collection[str] = ()
) -> Row:
    """Begin another round of a case that is locked; if a person wants it, nothing in it is decided unseen any more.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction.
        row: The case.
        person: Who wants it; None if it follows from something else.
        reason: Why.
        barred: Who does not judge it.

    Raises:
        CaseError: If the subject has another open case: what is new belongs there.
    """
    same = (
        review_case.c.subject_key == row["subject_key"],
        review_case.c.drill.is_(bool(row["drill"])),
        review_case.c.open,
    )
    other = connection.execute(select(review_case.c.id).where(*same)).scalar()
    if other is not None and other != row["id"]:
        raise CaseError(f"the subject has an open case, {other}", hint="what is new belongs there")
    changes = {"round": row["round"] + 1, "closed_at": None, "assigned": None}
    moved = office.move(connection, row, EventKind.REOPENED, person=person, data={"reason": reason}, changes=changes)
    for task in open_tasks(connection, row["id"]):
        tasks.end(connection, task["id"], at=office.now(), ended="withdrawn")
    if person is not None:
        mine = (review_verdict.c.case_id == row["id"], review_verdict.c.task_id.is_(None))
        still = review_verdict.c.withdrawn_at.is_(None)
        connection.execute(update(review_verdict).where(*mine, still).values(withdrawn_at=office.now()))
    tasks.ask(connection, moved, TaskKind.FIRST, at=office.now(), place=1, barred=barred)
    return moved


def standing(office: Office, connection: Connection, decision_id: str) -> tuple[Row, CaseDecision]:
    """Return a decision's case, locked, and the decision, which no other one supersedes."""
    wanted = select(case_decision.c.case_id).where(case_decision.c.id == decision_id)
    case_id = connection.execute(wanted).scalar()
    if case_id is None:
        raise NotFound("there is no decision with this id")
    row = office.locked(connection, case_id)
    decision = standing_decision(connection, case_id)
    if decision is None or decision.id != decision_id:
        raise IllegalTransition("another decision has taken the place of this one")
    return row, decision


def deciders(connection: Connection, decision: CaseDecision) -> set[str]:
    """Return who had a part in a decision.

    Those whom it names, all who submitted in its round, and those whose verdicts it repeats.
    """
    joined = select(review_submission.c.reviewer).where(review_submission.c.decision_id == decision.id)
    repeated = review_verdict.alias("repeated")
    sources = (
        select(review_verdict.c.reviewer)
        .join(repeated, repeated.c.of == review_verdict.c.id)
        .where(repeated.c.case_id == decision.case_id, review_verdict.c.reviewer.is_not(None))
    )
    people = {*connection.execute(joined).scalars(), *connection.execute(sources).scalars()}
    return people | {each for each in (decision.first, decision.second) if each is not None}


def had_part(connection: Connection, decision_id: str) -> set[str]:
    """Return who had a part in a decision, by its id; see `deciders`.

    Raises:
        NotFound: If there is no such decision.
    """
    row = connection.execute(select(case_decision).where(case_decision.c.id == decision_id)).mappings().first()
    if row is None:
        raise NotFound("there is no decision with this id")
    return deciders(connection, _rows.decision_of(row))
