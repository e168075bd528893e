"""What the database itself refuses of appeals and statements, whoever writes to it."""

from __future__ import annotations

from typing import Any

import pytest

from seawall.cases import Submission
from seawall.cases.model import CaseDecision, EffectKind, Label, NewVerdict, Outcome, Severity
from seawall.store import StoreConflict
from seawall.store.ids import new_id
from seawall.store.tables import review_submission, review_task

ADA, BEN, CEM = (f"{number:032x}" for number in (0xADA, 0xBE4, 0xCE3))
Office = Any


def two_judges(office: Office) -> CaseDecision:
    """Return a decision that two people made."""
    case_id = office.open(severity=Severity.CRITICAL, category="csem.grooming")
    done = None
    for person in (ADA, BEN):
        claim = office.take(person)
        verdicts = tuple(
            NewVerdict(each, Label.CSEM_GROOMING, rationale="x") for each in office.cases.asked(claim.task.id)
        )
        said = Submission(verdicts, Outcome.REPORTABLE, (EffectKind.REMOVE, EffectKind.NOTIFY), ("rule-1",))
        done = office.cases.submit(claim.task.id, person, claim.task.token, said)
    assert done is not None
    assert done.decision is not None
    assert (done.decision.case_id, done.decision.first, done.decision.second) == (case_id, ADA, BEN)
    return done.decision


def row(decision: CaseDecision, **changes: Any) -> dict[str, Any]:
    values = {
        "id": new_id(), "decision_id": decision.id, "case_id": decision.case_id, "party": "account",
        "key": "account", "notice_id": None, "first": decision.first, "second": decision.second, "task_id": None,
        "words": None, "locale": "en", "filed_at": "2026-03-03T00:00:00.000000Z", "filed_by": None,
        "window_until": None, "due_at": "2026-03-17T00:00:00.000000Z", "state": "waiting", "decider": None,
        "decided_at": None, "reason": None, "result_id": None, "drill": False,
    }  # fmt: skip
    return values | changes


def raw(office: Office, statement: str, values: dict[str, Any]) -> None:
    """Run SQL as anybody with a client of the database could."""
    mark = "?" if office.store.place.endswith(".db") else "%s"
    with office.store.begin() as connection:
        connection.exec_driver_sql(statement.replace("?", mark), tuple(values.values()))


def insert(office: Office, values: dict[str, Any]) -> None:
    raw(office, f"INSERT INTO appeal ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", values)


DECIDED = {"state": "upheld", "decided_at": "2026-03-04T00:00:00.000000Z", "reason": "x"}


@pytest.mark.parametrize("decider", [ADA, BEN])
def test_who_made_a_decision_cannot_be_written_as_who_decides_the_appeal(office: Office, decider: str) -> None:
    decision = two_judges(office)
    with pytest.raises(StoreConflict):
        insert(office, row(decision, decider=decider, **DECIDED))
    insert(office, row(decision, id="a" * 32))
    with pytest.raises(StoreConflict):
        raw(office, "UPDATE appeal SET state = ?, decided_at = ?, reason = ?, decider = ?", DECIDED | {"x": decider})
    raw(office, "UPDATE appeal SET state = ?, decided_at = ?, reason = ?, decider = ?", DECIDED | {"x": CEM})


def test_an_appeal_cannot_name_other_people_than_those_who_decided(office: Office) -> None:
    decision = two_judges(office)
    for wrong in ({"first": CEM}, {"second": None}, {"second": CEM}, {"first": BEN, "second": ADA}):
        with pytest.raises(StoreConflict):
            insert(office, row(decision, **wrong))
    insert(office, row(decision))
    for column in ("first", "second"):
        with pytest.raises(StoreConflict):
            raw(office, f"UPDATE appeal SET {column} = ?", {"x": CEM})


def test_who_judged_the_case_without_being_named_cannot_decide_either(office: Office) -> None:
    decision = two_judges(office)
    insert(office, row(decision))
    a_third_judge(office, decision)
    with pytest.raises(StoreConflict):
        raw(office, "UPDATE appeal SET state = ?, decided_at = ?, reason = ?, decider = ?", DECIDED | {"x": CEM})


def a_third_judge(office: Office, decision: CaseDecision) -> None:
    with office.store.begin() as connection:
        mine = review_submission.c.case_id == decision.case_id
        known = dict(connection.execute(review_submission.select().where(mine)).mappings().first())
        task = dict(
            connection.execute(review_task.select().where(review_task.c.id == known["task_id"])).mappings().first()
        )
        connection.execute(review_task.insert(), task | {"id": "c" * 32})
        connection.execute(review_submission.insert(), known | {"task_id": "c" * 32, "place": 9, "reviewer": CEM})


def test_an_appeal_without_a_decision_of_that_case_is_refused(office: Office) -> None:
    decision, other = office.decided(), office.decided()
    for wrong in ({"decision_id": "0" * 32}, {"case_id": other.case_id}, {"case_id": "0" * 32}):
        with pytest.raises(StoreConflict):
            insert(office, row(decision, **wrong))


def test_a_party_has_one_open_appeal_against_a_decision(office: Office) -> None:
    decision = office.decided()
    insert(office, row(decision))
    with pytest.raises(StoreConflict):
        insert(office, row(decision))
    insert(office, row(decision, party="notifier", notice_id="0" * 32, key="notice/1"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "upheld"}, {"decider": CEM}, {"state": "open"}, {"party": "notifier"}, {"state": "gone"},
        {"state": "superseded", "decided_at": "2026-03-04T00:00:00.000000Z", "decider": CEM, "reason": "x"},
        {"state": "overturned", "decided_at": "2026-03-04T00:00:00.000000Z"},
    ],
)  # fmt: skip
def test_half_an_appeal_is_refused(office: Office, wrong: dict[str, Any]) -> None:
    decision = office.decided()
    with pytest.raises(StoreConflict):
        insert(office, row(decision, **wrong))


def test_a_statement_is_never_changed_and_never_deleted(office: Office) -> None:
    decision = office.decided()
    before = office.statements.of_decision(decision.id)
    for column, value in (("payload", "{}"), ("facts", "{}"), ("drill", True), ("at", "2020")):
        with pytest.raises(StoreConflict):
            raw(office, f"UPDATE statement SET {column} = ?", {"x": value})
    with pytest.raises(StoreConflict):
        raw(office, "DELETE FROM statement WHERE id = ?", {"x": before.id})
    assert office.statements.of_decision(decision.id) == before
