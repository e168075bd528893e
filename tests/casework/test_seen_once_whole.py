"""See it once, with real pictures through a whole installation: equal bytes, the same look, and what is withdrawn."""

from __future__ import annotations

from seawall.cases import Submission
from seawall.cases.model import CaseState, EffectKind, Label, NewVerdict, Outcome
from seawall.casework import Casework
from tests.casework.seen_once import COLLEAGUE, REVIEWER, casework, decide, done, opened, picture, state

__all__ = ["casework"]


def test_the_same_picture_saved_again_arrives_decided_and_unseen(casework: Casework) -> None:
    first = opened(casework, "account-1", picture(95))
    assert decide(casework, REVIEWER, Label.ADULT) == first.id
    second = opened(casework, "account-2", picture(90))
    assert state(casework, second) is CaseState.NEW
    done(casework)
    (item,) = casework.cases.items(second.id)
    assert set(item.evidence["pdq"]) == {"value", "quality"}
    assert state(casework, second) is CaseState.DECIDED
    (verdict,) = casework.cases.verdicts(second.id)
    assert (verdict.label, verdict.reviewer) == (Label.ADULT, None)
    assert casework.viewing.exposures(REVIEWER, "") == []


def test_another_picture_is_asked_about(casework: Casework) -> None:
    opened(casework, "account-1", picture(95))
    decide(casework, REVIEWER, Label.ADULT)
    other = opened(casework, "account-2", picture(95, spot=True))
    done(casework)
    assert state(casework, other) is CaseState.NEW


def test_a_file_that_is_no_picture_is_looked_at(casework: Casework) -> None:
    case = opened(casework, "account-1", b"no picture " * 50)
    done(casework)
    (item,) = casework.cases.items(case.id)
    assert "pdq" not in item.evidence
    assert casework.cases.unprinted() == []
    assert state(casework, case) is CaseState.NEW


def test_what_was_decided_unseen_by_a_verdict_that_was_wrong_is_put_right_unseen(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = opened(casework, "account-2", picture())
    assert state(casework, second) is CaseState.DECIDED
    casework.cases.reopen(first.id, COLLEAGUE, "it looks harmless")
    assert decide(casework, COLLEAGUE, Label.BENIGN) == first.id
    done(casework)
    (later,) = (each for each in casework.cases.decisions(second.id) if each.supersedes is not None)
    assert later.outcome is Outcome.NO_VIOLATION
    kinds = [(each.kind, each.of is not None) for each in casework.cases.effects(second.id)]
    assert (EffectKind.REMOVE, True) in kinds
    assert casework.cases.verify(second.id)
    assert casework.cases.claim(COLLEAGUE) is None


def test_what_was_decided_unseen_by_a_verdict_that_is_doubted_is_looked_at(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = opened(casework, "account-2", picture())
    with casework.store.begin() as connection:
        casework.seen.withdraw(connection, items=[each.id for each in casework.cases.items(first.id)], why="doubted")
    done(casework)
    assert state(casework, second) is CaseState.NEW
    assert casework.cases.events(second.id)[-1].person is None
    done(casework)
    assert state(casework, second) is CaseState.NEW
    assert decide(casework, COLLEAGUE, Label.BENIGN) == second.id
    assert [each.outcome for each in casework.cases.decisions(second.id)][-1] is Outcome.NO_VIOLATION
    assert casework.cases.verify(second.id)


def test_what_is_said_again_leaves_alone_what_was_decided_by_it(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = opened(casework, "account-2", picture())
    casework.cases.reopen(first.id, COLLEAGUE, "to be sure")
    decide(casework, COLLEAGUE, Label.ADULT)
    done(casework)
    assert state(casework, second) is CaseState.DECIDED
    assert casework.cases.get(second.id).closed_at is None or state(casework, second) is CaseState.CLOSED


def test_a_look_waits_while_the_account_has_another_open_case(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = opened(casework, "account-2", picture())
    third = opened(casework, "account-2", picture(95, spot=True))
    casework.cases.reopen(first.id, COLLEAGUE, "it looks harmless")
    claim = casework.cases.claim(COLLEAGUE)
    while claim is not None and claim.case.id != first.id:
        casework.cases.release(claim.task.id, COLLEAGUE, claim.task.token, reason="another one")
        claim = casework.cases.claim(COLLEAGUE)
    assert claim is not None
    said = Submission(
        tuple(NewVerdict(each, Label.BENIGN) for each in casework.cases.asked(claim.task.id)),
        Outcome.NO_VIOLATION,
        (),
        (),
    )
    casework.cases.submit(claim.task.id, COLLEAGUE, claim.task.token, said)
    done(casework)
    assert state(casework, second) is CaseState.DECIDED
    assert state(casework, third) is CaseState.NEW
