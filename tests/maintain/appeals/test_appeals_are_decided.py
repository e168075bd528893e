"""Appeals from filing to result: who may, until when, who decides, and what is taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from seawall.cases import LeaseLost
from seawall.cases.model import CaseState, EffectKind, Label, Outcome, TaskKind
from seawall.maintain.appeals import (
    AppealError,
    AppealExists,
    AppealState,
    NothingToAppeal,
    Party,
    Result,
    Superseded,
    UnknownReceipt,
    WindowClosed,
)
from seawall.maintain.statements import PersonalData, StatementKind
from seawall.store.tables import appeal as appeal_table
from seawall.store.tables import review_aside

ADA, BEN, CEM, DEB = (f"{number:032x}" for number in (0xADA, 0xBE4, 0xCE3, 0xDEB))
Office = Any
WHY = "The picture shows a harbour crane, and nothing that the terms forbid."


def overturn(office: Office, person: str = BEN, result: Result = Result.OVERTURNED, why: str = WHY) -> list[Any]:
    claim = office.take(person, TaskKind.APPEAL)
    return office.appeals.decide(claim.task.id, person, claim.task.token, result, why)


def test_an_account_appeals_with_the_receipt_of_its_statement_and_a_task_waits_for_somebody_else(
    office: Office,
) -> None:
    decision = office.decided()
    (appeal,) = office.appeals.file(office.receipt(decision).lower().replace("-", " "), "It is a crane.", "de")
    assert (appeal.state, appeal.party, appeal.decision_id) == (AppealState.OPEN, Party.ACCOUNT, decision.id)
    assert (appeal.first, appeal.second, appeal.locale) == (ADA, None, "de")
    assert appeal.due_at.startswith("2026-03-16")
    assert office.cases.get(decision.case_id).state is CaseState.APPEALED
    assert office.cases.claim(ADA, kinds=[TaskKind.APPEAL]) is None
    claim = office.take(BEN, TaskKind.APPEAL)
    assert [each.id for each in office.appeals.of_task(claim.task.id)] == [appeal.id]
    assert office.appeals.words(appeal.id, person=BEN, purpose="deciding the appeal") == "It is a crane."
    assert office.events("appeal.filed")[0]["party"] == "account"
    with office.store.read() as connection:
        rows = connection.execute(appeal_table.select()).mappings().all()
        bars = connection.execute(review_aside.select().where(review_aside.c.task_id == claim.task.id)).mappings().all()
    assert "crane" not in repr(rows)
    assert [(row["user_id"], row["bar"]) for row in bars] == [(ADA, True)]


def test_an_overturned_decision_is_taken_back_whole(office: Office) -> None:
    decision = office.decided(
        effects=(EffectKind.REMOVE, EffectKind.BANK, EffectKind.STRIKE, EffectKind.NOTIFY),
    )
    asked = {(row["kind"], row["item_id"]): row["id"] for row in office.effects(decision.case_id)}
    assert {kind for kind, _ in asked} == {"remove", "bank", "strike", "notify"}
    office.appeals.file(office.receipt(decision))
    office.clock.turn(days=2)
    (done,) = overturn(office)
    assert (done.state, done.decider, done.reason) == (AppealState.OVERTURNED, BEN, WHY)
    case = office.cases.get(decision.case_id)
    assert case.state is CaseState.DECIDED
    assert office.cases.verify(case.id)
    made = office.cases.decision(done.result_id)
    assert (made.outcome, made.supersedes, made.effects) == (Outcome.NO_VIOLATION, decision.id, ())
    inverse = {row["of"]: row["kind"] for row in office.effects(case.id) if row["of"] is not None}
    assert inverse == {identity: kind for (kind, _), identity in asked.items()}
    queued = office.messages("case.effect")
    assert {(each["kind"], each["of"]) for each in queued if each["of"]} == {(v, k) for k, v in inverse.items()}
    statement = office.statements.of_decision(made.id)
    assert statement.kind is StatementKind.OVERTURN
    assert statement.replaces == office.statements.of_decision(decision.id).id
    assert "wrong" in office.statements.payload(made.id)["texts"]["en"]["body"]
    told = office.messages("account.effect")[-1]
    assert (told["type"], told["account"], told["appeal"]["state"]) == ("appeal.decided", case.subject, "overturned")
    assert WHY not in repr(office.events("appeal.decided"))
    assert office.events("appeal.decided")[0]["in_time"] is True


def test_a_refused_appeal_leaves_the_decision_and_says_what_else_can_be_done(office: Office) -> None:
    decision = office.decided()
    before = office.effects(decision.case_id)
    office.appeals.file(office.receipt(decision))
    (done,) = overturn(office, result=Result.UPHELD, why="The rule on adult content applies.")
    assert done.state is AppealState.UPHELD
    assert office.cases.get(decision.case_id).state is CaseState.DECIDED
    assert office.effects(decision.case_id) == before
    assert office.messages("account.effect")[-1]["appeal"]["state"] == "upheld"
    (standing,) = office.appeals.standing(office.receipt(decision))
    assert standing.appeal == done
    assert not standing.open
    with pytest.raises(AppealExists):
        office.appeals.file(office.receipt(decision))


def test_nobody_who_judged_decides_not_even_past_the_queue(office: Office) -> None:
    decision = office.decided()
    office.appeals.file(office.receipt(decision))
    with office.store.begin() as connection:
        connection.execute(review_aside.delete())
    claim = office.cases.claim(ADA, kinds=[TaskKind.APPEAL])
    if claim is not None:
        with pytest.raises(AppealError, match="no"):
            office.appeals.decide(claim.task.id, ADA, claim.task.token, Result.UPHELD, "It stands.")
        office.cases.release(claim.task.id, ADA, claim.task.token, reason="mine")
    (done,) = overturn(office, CEM)
    assert done.decider == CEM


def test_who_lost_the_task_decides_nothing(office: Office) -> None:
    decision = office.decided()
    office.appeals.file(office.receipt(decision))
    claim = office.take(BEN, TaskKind.APPEAL)
    with pytest.raises(LeaseLost):
        office.appeals.decide(claim.task.id, CEM, claim.task.token, Result.OVERTURNED, WHY)
    with pytest.raises(LeaseLost):
        office.appeals.decide(claim.task.id, BEN, claim.task.token + 1, Result.OVERTURNED, WHY)
    assert office.appeals.list()[0].state is AppealState.OPEN
    assert office.cases.get(decision.case_id).state is CaseState.APPEALED


@pytest.mark.parametrize(
    "why",
    [
        "Ask Ada Lovelace about it.", "Write to someone@example.org.", "See https://example.org/u/bob.",
        "Call +49 30 1234567.", "It came from 192.0.2.44.", "gen-1 is fine.",
    ],
)  # fmt: skip
def test_a_reason_that_names_somebody_undoes_everything(office: Office, why: str) -> None:
    decision = office.decided()
    item = office.cases.items(decision.case_id)[0]
    office.appeals.file(office.receipt(decision))
    claim = office.take(BEN, TaskKind.APPEAL)
    with pytest.raises(PersonalData):
        office.appeals.decide(claim.task.id, BEN, claim.task.token, Result.OVERTURNED, why.replace("gen-1", item.ref))
    assert office.appeals.list()[0].state is AppealState.OPEN
    (done,) = office.appeals.decide(claim.task.id, BEN, claim.task.token, Result.OVERTURNED, WHY)
    assert done.state is AppealState.OVERTURNED


def test_the_window_runs_from_the_day_on_which_the_account_was_told(office: Office) -> None:
    decision = office.decided()
    receipt = office.receipt(decision)
    office.clock.turn(days=400)
    (standing,) = office.appeals.standing(receipt)
    assert (standing.ground.until, standing.open) == (None, True)
    office.tell(decision)
    (standing,) = office.appeals.standing(receipt)
    end = datetime.fromisoformat(str(standing.ground.until))
    office.clock.now = end.astimezone(UTC)
    assert not office.appeals.standing(receipt)[0].open
    with pytest.raises(WindowClosed):
        office.appeals.file(receipt)
    office.clock.turn(seconds=-1)
    assert office.appeals.file(receipt)[0].state is AppealState.OPEN


def test_a_notifier_whose_notice_was_refused_appeals_and_is_judged_anew_by_others(office: Office) -> None:
    receipt, decision = office.refused_notice()
    judged = {decision.first, decision.second} - {None}
    (appeal,) = office.appeals.file(receipt, "Please look again.")
    assert appeal.party is Party.NOTIFIER
    office.clock.turn(hours=1)
    (done,) = overturn(office, CEM, why="The notice was right to ask.")
    assert (done.state, done.result_id) == (AppealState.OVERTURNED, None)
    case = office.cases.get(decision.case_id)
    assert case.state is CaseState.NEW
    assert office.cases.verify(case.id)
    assert all(office.cases.claim(each, kinds=[TaskKind.FIRST]) is None for each in judged)
    assert office.take(DEB, TaskKind.FIRST).case.id == case.id


def test_what_found_nobody_in_the_wrong_is_nothing_to_appeal_against(office: Office) -> None:
    decision = office.decided(
        label=Label.BENIGN, outcome=Outcome.NO_VIOLATION, effects=(EffectKind.NOTIFY,), reasons=()
    )
    with pytest.raises(NothingToAppeal):
        office.appeals.file(office.receipt(decision))
    assert office.appeals.standing(office.receipt(decision)) == []
    for wrong in ("", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA", "x" * 5000):
        with pytest.raises(UnknownReceipt):
            office.appeals.file(wrong)


def test_an_appeal_filed_while_the_case_is_judged_anew_waits_and_ends_with_the_new_decision(office: Office) -> None:
    decision = office.decided()
    office.cases.reopen(decision.case_id, CEM, "something new")
    (appeal,) = office.appeals.file(office.receipt(decision))
    assert (appeal.state, appeal.task_id) == (AppealState.WAITING, None)
    later = office.decide(decision.case_id, BEN)
    assert office.appeals.get(appeal.id).state is AppealState.SUPERSEDED
    with pytest.raises(Superseded):
        office.appeals.file(office.receipt(decision))
    (again,) = office.appeals.file(office.receipt(later))
    assert again.state is AppealState.OPEN
    assert office.events("appeal.superseded")[0]["by"] == later.id


def test_an_overturn_without_an_appeal_ends_the_appeals_that_are_open(office: Office) -> None:
    decision = office.decided()
    (appeal,) = office.appeals.file(office.receipt(decision))
    with office.store.begin() as connection:
        office.cases.overturn(connection, decision.id, person=DEB, reason="a mistake")
    assert office.appeals.get(appeal.id).state is AppealState.SUPERSEDED


def test_a_named_person_files_for_somebody_who_wrote_a_letter(office: Office) -> None:
    decision = office.decided()
    appeal = office.appeals.file_for(decision.id, person="clerk", text="By letter.")
    assert appeal.filed_by == "clerk"
    with pytest.raises(AppealExists):
        office.appeals.file(office.receipt(decision))
    receipt, refused = office.refused_notice()
    notice = office.notices.by_receipt(receipt)
    assert office.appeals.file_for(refused.id, person="clerk", notice_id=notice.id).party is Party.NOTIFIER
    with pytest.raises(AppealError):
        office.appeals.file_for(decision.id, person="clerk", notice_id=notice.id)


def test_what_cannot_be_recorded_leaves_no_words_behind(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = office.decided()

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(office.cases, "appealed", fails, raising=False)
    with pytest.raises(RuntimeError):
        office.appeals.file(office.receipt(decision), "words")
    assert list(office.vault.objects(purpose="appeal", destroyed=False)) == []
    assert office.appeals.list() == []


def test_figures_say_how_soon_and_how_often_appeals_were_right(office: Office) -> None:
    for days, result in ((1, Result.OVERTURNED), (3, Result.UPHELD), (20, Result.UPHELD)):
        decision = office.decided()
        office.appeals.file(office.receipt(decision))
        office.clock.turn(days=days)
        overturn(office, result=result)
    office.appeals.file(office.receipt(office.decided()))
    office.clock.turn(days=15)
    found = office.appeals.figures()
    assert (found.filed, found.open, found.upheld, found.overturned) == (4, 1, 2, 1)
    assert (found.in_time, found.late, found.median_days) == (2, 1, 3.0)
    assert found.overturned_share == pytest.approx(1 / 3, abs=1e-4)
    assert len(office.appeals.list(late_only=True)) == 1
    assert office.appeals.figures(party=Party.NOTIFIER).filed == 0
    assert office.appeals.figures(since="2030").filed == 0
