"""Deciding cases: what a reviewer submits is written whole or not at all, with whatever follows from it.

A report that must be drafted is drafted with the first verdict that asks for it; others confirm afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from seawall.cases import _rows, tasks
from seawall.cases._office import Office, expect_person
from seawall.cases._rows import Row
from seawall.cases.checking import About, checked
from seawall.cases.concluding import conclude
from seawall.cases.effects.plan import draft_report
from seawall.cases.errors import NotForYou, SubmissionInvalid
from seawall.cases.model import EffectKind, Item, Label, Outcome, Severity, TaskKind, Verdict
from seawall.cases.opening import restand
from seawall.cases.policy import Needed
from seawall.cases.splitting import split
from seawall.cases.states import EventKind
from seawall.cases.submission import Result, Submission, Submitted
from seawall.cases.verification import Said, Weighed, combined_effects, weigh
from seawall.store.ids import new_id
from seawall.store.tables import case_decision, review_case, review_item, review_submission, review_task, review_verdict

_KINDS = (TaskKind.FIRST.value, TaskKind.SECOND.value)


@dataclass(frozen=True, slots=True)
class _Round:
    """What was submitted of a case since it was last opened.

    Attributes:
        rows: Submissions, the first first.
        said: The same as values.
        items: Ids of the items that the first reviewer judged; None if nobody has yet.
    """

    rows: Sequence[Row]
    said: tuple[Said, ...]
    items: frozenset[str] | None

    @property
    def decision_id(self) -> str:
        """Id of the decision to which the round leads."""
        return str(self.rows[0]["decision_id"]) if self.rows else new_id()


def submit(office: Office, task_id: str, user_id: str, token: int, submission: Submission) -> Submitted:
    """Say what a case is.

    Args:
        office: Where cases are kept.
        task_id: The task.
        user_id: Who holds it.
        token: Of the lease.
        submission: What the reviewer says.

    Returns:
        What came of it; the same again if it was submitted before under this lease.

    Raises:
        LeaseLost: If the task is somebody else's now.
        SubmissionInvalid: If it is not whole or does not fit together.
    """
    expect_person(user_id)
    with office.store.begin() as connection:
        case = office.locked(connection, tasks.row_of(connection, task_id)["case_id"])
        task = tasks.row_of(connection, task_id, lock=True)
        if (task["done_by"], task["token"], task["ended"]) == (user_id, token, "submitted"):
            return _earlier(connection, task_id)
        tasks.expect_leased(task, user_id, token)
        if task["kind"] not in _KINDS:
            raise SubmissionInvalid(f"a task of the kind {task['kind']} is not ended in this way")
        return _submit(office, connection, case, task, user_id, submission)


def asked(office: Office, task_id: str) -> frozenset[str]:
    """Return the ids of the items that may be judged in a task: what the first judged, for whoever comes next.

    Raises:
        NotFound: If there is no such task.
    """
    with office.store.read() as connection:
        task = tasks.row_of(connection, task_id)
        case = connection.execute(select(review_case).where(review_case.c.id == task["case_id"])).mappings().one()
        wanted = select(review_item).where(review_item.c.case_id == case["id"]).order_by(review_item.c.number)
        rows = connection.execute(wanted).mappings().all()
        carried = {each.item_id: each for each in carried_verdicts(connection, case["id"])}
        return frozenset(_about(case, task, rows, carried, _round(connection, case)).allowed)


def _submit(
    office: Office, connection: Connection, case: Row, task: Row, user_id: str, submission: Submission
) -> Submitted:
    now = office.now()
    round_ = _round(connection, case)
    if any(each.reviewer == user_id for each in round_.said):
        raise NotForYou("you have judged this case already; somebody else confirms it")
    rows = (
        connection.execute(
            select(review_item).where(review_item.c.case_id == case["id"]).order_by(review_item.c.number)
        )
        .mappings()
        .all()
    )
    items = [_rows.item_of(row) for row in rows]
    carried = {each.item_id: each for each in carried_verdicts(connection, case["id"])}
    about = _about(case, task, rows, carried, round_)
    whole = checked(submission, about, office.policy)
    verdicts = _verdicts(case, task, user_id, whole, now)
    labels = {each.item_id: each.label for each in verdicts}
    needed = _needed(office, case, whole.outcome, labels, carried)
    said = Said(user_id, whole.outcome, frozenset(whole.effects), whole.reasons, labels, needed.people)
    weighed = weigh((*round_.said, said), others=office.policy.others, final=bool(task["final"]))
    decision_id = round_.decision_id
    connection.execute(review_verdict.insert(), [_rows.verdict_row(each, case["round"]) for each in verdicts])
    row = {
        "task_id": task["id"],
        "case_id": case["id"],
        "round": case["round"],
        "place": len(round_.said) + 1,
        "reviewer": user_id,
        "outcome": whole.outcome.value,
        "effects": _rows.encode([each.value for each in whole.effects]),
        "reasons": _rows.encode(list(whole.reasons)),
        "method": needed.method.value,
        "need": needed.people,
        "result": weighed.result.value,
        "decision_id": decision_id,
        "policy": office.policy.digest,
        "at": now,
    }
    connection.execute(review_submission.insert(), row)
    tasks.end(connection, task["id"], at=now, ended="submitted", person=user_id)
    if weighed.result is Result.DECIDED:
        return _decided(office, connection, case, decision_id, round_, weighed, said, items, verdicts, carried)
    drafted = None
    if said.sure and EffectKind.REPORT_DRAFT in said.effects:
        drafted = draft_report(connection, case, decision_id, now, early=True)
    _ask_another(office, connection, case, task, weighed.result, (*round_.said, said))
    return Submitted(weighed.result, None, drafted)


def _decided(
    office: Office,
    connection: Connection,
    case: Row,
    decision_id: str,
    round_: _Round,
    weighed: Weighed,
    newest: Said,
    items: Sequence[Item],
    verdicts: Sequence[Verdict],
    carried: Mapping[str, Verdict],
) -> Submitted:
    agreeing = weighed.agreeing
    people = [each.reviewer for each in (agreeing if len(agreeing) > 1 else (*round_.said, newest))]
    judged = set(newest.labels)
    of_round = round_verdicts(connection, case["id"], case["round"]) if round_.said else []
    said_before = [each for each in of_round if each.reviewer != newest.reviewer]
    decision = conclude(
        office,
        connection,
        case,
        decision_id=decision_id,
        ground="people",
        outcome=newest.outcome,
        effects=combined_effects(agreeing),
        reasons=tuple(dict.fromkeys(reason for each in agreeing for reason in each.reasons)),
        first=people[0],
        second=people[-1] if len(people) > 1 else None,
        person=newest.reviewer,
        items=[each for each in items if each.id in judged or each.id in carried],
        labels={key: each.label for key, each in carried.items()} | dict(newest.labels),
        verdicts=[*carried.values(), *said_before, *verdicts],
    )
    rest = [each for each in items if each.id not in judged and each.id not in carried]
    if rest:
        split(office, connection, case["id"], rest)
    return Submitted(Result.DECIDED, decision)


def _ask_another(
    office: Office, connection: Connection, case: Row, task: Row, result: Result, said: Sequence[Said]
) -> None:
    kind = EventKind.ESCALATED if result is Result.ESCALATED else EventKind.SUBMITTED
    final = bool(task["final"]) or result is Result.ESCALATED
    # Whoever it was kept for has had their say, or is not to have it alone.
    changes = {"assigned": None} | ({"queue": office.policy.escalation} if final else {})
    facts = {"task": task["id"], "place": len(said)}
    if result is not Result.AWAITS:
        # That they do not agree is told; what either said is not.
        facts["agree"] = False
    moved = office.move(connection, case, kind, person=said[-1].reviewer, facts=facts, changes=changes)
    if kind is EventKind.ESCALATED:
        moved = restand(office, connection, moved)
    tasks.ask(
        connection,
        moved,
        TaskKind.SECOND,
        at=office.now(),
        place=len(said) + 1,
        final=final,
        queue=office.policy.escalation if final else None,
        barred=[each.reviewer for each in said],
    )


def _about(case: Row, task: Row, rows: Sequence[Row], carried: Mapping[str, Verdict], round_: _Round) -> About:
    open_ = {row["id"]: row["number"] for row in rows if row["id"] not in carried}
    if round_.items is not None:
        # Whoever comes next judges what the first judged: otherwise they could not be compared.
        required = allowed = round_.items & set(open_)
    else:
        allowed = frozenset(open_)
        required = frozenset(key for key, number in open_.items() if number <= task["upto"])
    return About(bool(case["drill"]), required, allowed, {key: each.label for key, each in carried.items()})


def _needed(
    office: Office, case: Row, outcome: Outcome, labels: Mapping[str, Label], carried: Mapping[str, Verdict]
) -> Needed:
    every = frozenset(labels.values()) | {each.label for each in carried.values()}
    return office.policy.needed(Severity(case["severity"]), every, outcome)


def _verdicts(case: Row, task: Row, user_id: str, submission: Submission, now: str) -> list[Verdict]:
    return [
        Verdict(
            id=new_id(),
            case_id=case["id"],
            item_id=each.item_id,
            label=each.label,
            at=now,
            task_id=task["id"],
            reviewer=user_id,
            industry=each.industry,
            generative_ai=each.generative_ai,
            rationale=each.rationale,
            vocabulary=each.vocabulary,
        )
        for each in submission.verdicts
    ]


def _round(connection: Connection, case: Row) -> _Round:
    mine = (review_submission.c.case_id == case["id"], review_submission.c.round == case["round"])
    wanted = select(review_submission).where(*mine).order_by(review_submission.c.place)
    rows = connection.execute(wanted).mappings().all()
    if not rows:
        return _Round((), (), None)
    labels: dict[str, dict[str, Label]] = {}
    for verdict in round_verdicts(connection, case["id"], case["round"]):
        labels.setdefault(str(verdict.task_id), {})[verdict.item_id] = verdict.label
    said = tuple(
        Said(
            row["reviewer"],
            Outcome(row["outcome"]),
            frozenset(_rows.effects_of(row["effects"])),
            tuple(json.loads(row["reasons"])),
            labels.get(row["task_id"], {}),
            row["need"],
        )
        for row in rows
    )
    return _Round(rows, said, frozenset(said[0].labels))


def round_verdicts(connection: Connection, case_id: str, round_: int) -> list[Verdict]:
    """Return what reviewers said in a round, the first first."""
    mine = (
        review_verdict.c.case_id == case_id,
        review_verdict.c.round == round_,
        review_verdict.c.task_id.is_not(None),
    )
    rows = connection.execute(select(review_verdict).where(*mine).order_by(review_verdict.c.at, review_verdict.c.id))
    return [_rows.verdict_of(row) for row in rows.mappings()]


def carried_verdicts(connection: Connection, case_id: str) -> list[Verdict]:
    """Return the verdicts that items of a case have unseen, and that hold."""
    mine = (
        review_verdict.c.case_id == case_id,
        review_verdict.c.task_id.is_(None),
        review_verdict.c.withdrawn_at.is_(None),
    )
    rows = connection.execute(select(review_verdict).where(*mine).order_by(review_verdict.c.id)).mappings()
    return [_rows.verdict_of(row) for row in rows]


def _earlier(connection: Connection, task_id: str) -> Submitted:
    """Return what came of what was submitted before, for whoever did not hear of it."""
    joined = select(review_submission, review_task.c.done_at).join(
        review_task, review_task.c.id == review_submission.c.task_id
    )
    row: Mapping[Any, Any] = connection.execute(joined.where(review_submission.c.task_id == task_id)).mappings().one()
    result = Result(row["result"])
    if result is Result.DECIDED:
        wanted = select(case_decision).where(case_decision.c.id == row["decision_id"])
        found = connection.execute(wanted).mappings().one()
        return Submitted(result, _rows.decision_of(found))
    return Submitted(result)
