"""Deciding: by as many people as the policy wants, none of them twice, and never later than a report must be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from seawall.cases import CaseError, IllegalTransition, NotForYou, Result, Submission, SubmissionInvalid
from seawall.cases.model import CaseState, EffectKind, Label, NewVerdict, Outcome, Severity, TaskKind
from seawall.store.errors import StoreConflict
from seawall.store.tables import case_decision, report_draft, review_verdict
from tests.cases.case_office import CaseOffice, item

CRITICAL = {"severity": Severity.CRITICAL, "category": "csem.other"}


def test_one_person_decides_what_is_not_grave(office: CaseOffice) -> None:
    case = office.open()
    done = office.say(office.take("ada"), "ada", Label.ADULT, effects=(EffectKind.REMOVE,))
    assert done.result is Result.DECIDED
    assert done.decision is not None
    assert (done.decision.first, done.decision.second) == ("ada", None)
    assert [each.kind for each in office.cases.effects(case)] == [EffectKind.REMOVE]


def test_nobody_calls_a_grave_case_harmless_alone(office: CaseOffice) -> None:
    case = office.open(**CRITICAL)
    assert office.say(office.take("ada"), "ada").result is Result.AWAITS
    assert office.cases.get(case).state is CaseState.AWAITING_SECOND
    assert office.cases.claim("ada") is None
    second = office.take("ben")
    assert second.task.kind is TaskKind.SECOND
    assert office.cases.visible(second.task.id, "ben") == []
    done = office.say(second, "ben")
    assert done.decision is not None
    assert {done.decision.first, done.decision.second} == {"ada", "ben"}


def test_a_report_that_must_be_made_waits_for_nobody(office: CaseOffice) -> None:
    case = office.open(**CRITICAL)
    first = office.say(office.take("ada"), "ada", Label.CSAM, Outcome.REPORTABLE)
    assert (first.result, first.decision) == (Result.AWAITS, None)
    assert first.drafted is not None
    with office.store.read() as connection:
        (draft,) = connection.execute(report_draft.select()).mappings()
    assert (draft["id"], draft["case_id"], draft["early"]) == (first.drafted, case, True)
    second = office.take("ben")
    assert [each.label for each in office.cases.visible(second.task.id, "ben")] == [Label.CSAM]
    office.say(second, "ben", Label.CSAM, Outcome.REPORTABLE)
    assert [each.id for each in office.cases.effects(case) if each.kind is EffectKind.REPORT_DRAFT] == [first.drafted]


def test_people_who_do_not_agree_ask_a_third_and_then_a_lead(office: CaseOffice) -> None:
    case = office.open(**CRITICAL)
    office.say(office.take("ada"), "ada")
    assert office.say(office.take("ben"), "ben", Label.CSEM_GROOMING).disagreement
    third = office.say(office.take("cem"), "cem", Label.ADULT)
    assert third.result is Result.ESCALATED
    assert office.cases.get(case).state is CaseState.ESCALATED
    for person in ("ada", "ben", "cem"):
        assert office.cases.claim(person) is None
    final = office.say(office.take("lena", queues=["escalated"]), "lena", Label.ADULT)
    assert final.decision is not None
    assert final.decision.outcome is Outcome.NOT_REPORTABLE


def test_a_consensus_takes_as_many_as_the_policy_says(office: CaseOffice, tmp_path: Path) -> None:
    from importlib.resources import files

    from seawall.cases import Cases, load_review_policy

    text = (files("seawall.cases") / "review.yaml").read_text("utf-8")
    mine = tmp_path / "review.yaml"
    mine.write_text(text.replace("otherwise: single", "otherwise: {consensus: 3}"))
    office.cases = Cases(office.store, office.ledger, load_review_policy(mine))
    office.open()
    said = [office.say(office.take(person), person, Label.ADULT).decision for person in ("ada", "ben", "cem")]
    assert [each is None for each in said] == [True, True, False]


def test_the_same_person_is_never_the_second_not_even_by_force(office: CaseOffice) -> None:
    case = office.open(**CRITICAL)
    first = office.take("ada")
    office.say(first, "ada")
    with pytest.raises(NotForYou):
        office.cases.assign(case, "lena", "ada")
    done = office.say(office.take("ben"), "ben")
    assert done.decision is not None
    with office.store.read() as connection:
        row = dict(connection.execute(case_decision.select()).mappings().one())
    with pytest.raises(StoreConflict), office.store.begin() as connection:
        connection.execute(case_decision.update().values(second=row["first"]))


def test_a_verdict_is_given_once_for_an_item_of_a_task(office: CaseOffice) -> None:
    office.open()
    office.say(office.take("ada"), "ada")
    with office.store.read() as connection:
        row = dict(connection.execute(review_verdict.select()).mappings().one())
    with pytest.raises(StoreConflict), office.store.begin() as connection:
        connection.execute(review_verdict.insert(), row | {"id": "f" * 32})


def test_saying_it_twice_is_saying_it_once(office: CaseOffice) -> None:
    case = office.open()
    claim = office.take("ada")
    one, two = office.say(claim, "ada", Label.ADULT), None
    asked = [each.item_id for each in office.cases.verdicts(case)]
    again = Submission(
        tuple(NewVerdict(each, Label.ADULT, rationale="because") for each in asked), Outcome.NOT_REPORTABLE, (), ("x",)
    )
    two = office.cases.submit(claim.task.id, "ada", claim.task.token, again)
    assert (two.result, two.decision) == (one.result, one.decision)
    assert len(office.cases.decisions(case)) == 1


@pytest.mark.parametrize(
    ("label", "outcome", "effects"),
    [
        (Label.CSAM, Outcome.NOT_REPORTABLE, ()), (Label.CSAM, Outcome.NO_VIOLATION, ()),
        (Label.BENIGN, Outcome.REPORTABLE, ()), (Label.ADULT, Outcome.REPORTABLE, ()),
        (Label.BENIGN, Outcome.NO_VIOLATION, (EffectKind.STRIKE,)), (Label.CANARY, Outcome.NO_VIOLATION, ()),
        (Label.ADULT, Outcome.NOT_REPORTABLE, (EffectKind.REPORT_DRAFT,)),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(
    office: CaseOffice, label: Label, outcome: Outcome, effects: tuple[EffectKind, ...]
) -> None:
    case = office.open(**CRITICAL)
    claim = office.take("ada")
    with pytest.raises(SubmissionInvalid):
        office.say(claim, "ada", label, outcome, effects)
    assert office.cases.verdicts(case) == []
    assert [each.id for each in office.cases.held("ada")] == [claim.task.id]


def test_an_item_left_out_or_foreign_is_refused(office: CaseOffice) -> None:
    office.open(item(), item())
    other = office.open(item())
    claim = office.take("ada")
    asked = sorted(office.cases.asked(claim.task.id))
    foreign = office.cases.items(other if claim.case.id != other else office.opened[0])[0].id
    for ids in (asked[:-1], [*asked, foreign], [*asked, asked[0]]):
        said = Submission(tuple(NewVerdict(each, Label.BENIGN) for each in ids), Outcome.NO_VIOLATION, (), ())
        with pytest.raises(SubmissionInvalid):
            office.cases.submit(claim.task.id, "ada", claim.task.token, said)


def test_what_joins_while_somebody_judges_is_not_decided_by_that(office: CaseOffice) -> None:
    case = office.open(item(), subject="a-1")
    claim = office.take("ada")
    office.open(item(), subject="a-1")
    (first, second) = office.cases.items(case)
    said = Submission((NewVerdict(first.id, Label.BENIGN),), Outcome.NO_VIOLATION, (), ())
    done = office.cases.submit(claim.task.id, "ada", claim.task.token, said)
    assert done.decision is not None
    rest = office.take("ben")
    assert rest.case.id != case
    assert [each.key for each in office.cases.items(rest.case.id)] == [second.key]


def test_an_overturn_takes_back_what_followed_and_can_be_done_once(office: CaseOffice) -> None:
    case = office.open()
    done = office.say(office.take("ada"), "ada", Label.ADULT, effects=(EffectKind.REMOVE, EffectKind.STRIKE))
    assert done.decision is not None
    with pytest.raises(CaseError), office.store.begin() as connection:
        office.cases.overturn(connection, done.decision.id, person="ada", reason="my own")
    with office.store.begin() as connection:
        new = office.cases.overturn(connection, done.decision.id, person="lena", reason="it was harmless")
    assert new.supersedes == done.decision.id
    undone = {each.kind for each in office.cases.effects(case) if each.of is not None}
    assert undone == {EffectKind.REMOVE, EffectKind.STRIKE}
    with pytest.raises(IllegalTransition), office.store.begin() as connection:
        office.cases.overturn(connection, done.decision.id, person="zoe", reason="again")
    assert office.cases.verify(case)
