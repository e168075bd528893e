"""Appeals against what was decided unseen: who judged it the first time has no part, and it is not repeated again."""

from __future__ import annotations

import pytest

from seawall.cases.model import Case, CaseState, Label, Outcome, TaskKind
from seawall.casework import Casework
from seawall.maintain.appeals import AppealError, Result
from seawall.store.errors import StoreConflict
from seawall.store.tables import appeal, review_aside
from tests.casework.seen_once import COLLEAGUE, REVIEWER, casework, decide, done, opened, picture, state

__all__ = ["casework"]


def carried(casework: Casework, account: str, data: bytes) -> Case:
    case = opened(casework, account, data)
    done(casework)
    assert state(casework, case) is CaseState.DECIDED
    return case


def decision_of(casework: Casework, case: Case) -> str:
    return casework.cases.decisions(case.id)[-1].id


def overturned(casework: Casework, case: Case, person: str) -> None:
    casework.appeals.file_for(decision_of(casework, case), person="4" * 32, text="it is mine")
    claim = casework.cases.claim(person, kinds=[TaskKind.APPEAL])
    assert claim is not None
    casework.appeals.decide(claim.task.id, person, claim.task.token, Result.OVERTURNED, "The rule does not apply.")


def test_a_case_that_was_decided_unseen_can_be_opened_again_and_seen(casework: Casework) -> None:
    opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = carried(casework, "account-2", picture())
    casework.cases.reopen(second.id, COLLEAGUE, "it looks harmless")
    turn = casework.desk.claim(COLLEAGUE, queues=[each.name for each in casework.cases.policy.queues])
    assert turn.known == {}
    assert casework.cases.asked(turn.task.id) == {each.id for each in turn.items}
    assert decide(casework, COLLEAGUE, Label.BENIGN) == second.id
    assert casework.cases.decisions(second.id)[-1].outcome is Outcome.NO_VIOLATION
    assert casework.cases.verify(second.id)


def test_whose_verdict_was_repeated_has_no_part_in_the_appeal(casework: Casework) -> None:
    opened(casework, "account-1", picture(95))
    decide(casework, REVIEWER, Label.ADULT)
    opened(casework, "account-3", picture(95, spot=True))
    decide(casework, COLLEAGUE, Label.ADULT)
    second = opened(casework, "account-2", picture(95), picture(95, spot=True))
    assert state(casework, second) is CaseState.DECIDED
    decision = decision_of(casework, second)
    casework.appeals.file_for(decision, person="4" * 32)
    for person in (REVIEWER, COLLEAGUE):
        assert casework.cases.claim(person, kinds=[TaskKind.APPEAL]) is None
    with casework.store.begin() as connection:
        connection.execute(review_aside.delete())
    claim = casework.cases.claim(COLLEAGUE, kinds=[TaskKind.APPEAL])
    if claim is not None:
        with pytest.raises(AppealError):
            casework.appeals.decide(claim.task.id, COLLEAGUE, claim.task.token, Result.UPHELD, "It applies.")
    for person in (REVIEWER, COLLEAGUE):
        ended = {"state": "upheld", "decider": person, "decided_at": "2026", "reason": "x"}
        with pytest.raises(StoreConflict), casework.store.begin() as connection:
            connection.execute(appeal.update().values(**ended))


def test_what_an_appeal_showed_to_be_wrong_is_decided_unseen_no_more(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = carried(casework, "account-2", picture())
    third = carried(casework, "account-3", picture())
    overturned(casework, second, COLLEAGUE)
    assert casework.cases.decisions(second.id)[-1].outcome is Outcome.NO_VIOLATION
    done(casework)
    assert state(casework, second) is CaseState.DECIDED, "what the appeal decided stands"
    assert state(casework, third) is CaseState.NEW, "what else was decided unseen is looked at"
    assert state(casework, first) is CaseState.NEW, "and so is what was said of the same bytes"
    again = opened(casework, "account-2", picture())
    done(casework)
    assert state(casework, again) is CaseState.NEW
    claims = [casework.cases.claim(REVIEWER) for _ in range(3)]
    assert first.id not in {each.case.id for each in claims if each is not None}, "others judge it"
    for case in (first, second, third, again):
        assert casework.cases.verify(case.id)


def test_where_it_only_looked_alike_the_first_verdict_is_not_doubted(casework: Casework) -> None:
    first = opened(casework, "account-1", picture(95))
    decide(casework, REVIEWER, Label.ADULT)
    second = carried(casework, "account-2", picture(90))
    overturned(casework, second, COLLEAGUE)
    done(casework)
    assert state(casework, first) is CaseState.DECIDED
    again = opened(casework, "account-2", picture(90))
    done(casework)
    assert state(casework, again) is CaseState.NEW


def test_what_is_judged_again_otherwise_than_a_rule_did_withdraws_the_verdict_behind(casework: Casework) -> None:
    first = opened(casework, "account-1", picture())
    decide(casework, REVIEWER, Label.ADULT)
    second = carried(casework, "account-2", picture())
    (item,) = casework.cases.items(second.id)
    with casework.store.begin() as connection:
        casework.seen.withdraw(connection, items=[item.id], why="judged_again")
    done(casework)
    assert state(casework, second) is CaseState.NEW
    assert state(casework, first) is CaseState.DECIDED
