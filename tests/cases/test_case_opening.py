"""Opening: one open case of a subject, whoever comes when; nothing twice; and why a case stands where it stands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seawall.cases import CaseError, EventKind
from seawall.cases.model import CaseState, ItemKind, NewItem, Severity, SubjectKind
from tests.cases.case_office import CaseOffice, Hands, item


def test_what_is_found_of_a_subject_joins_its_open_case(office: CaseOffice) -> None:
    first = office.open(item(), subject="a-1")
    assert office.open(item(), subject="a-1") == first
    assert office.open(item(), subject="a-2") != first
    assert len(office.cases.items(first)) == 2
    assert [each.kind for each in office.cases.events(first)] == [EventKind.OPENED, EventKind.JOINED]


def test_accounts_and_sources_and_drills_of_one_name_are_apart(office: CaseOffice) -> None:
    cases = {
        office.open(item(), subject="x"),
        office.open(item(), subject="x", subject_kind=SubjectKind.SOURCE),
        office.open(item(), subject="x", drill=True, category="canary"),
    }
    assert len(cases) == 3


def test_the_same_item_adds_nothing(office: CaseOffice) -> None:
    same = item()
    case = office.open(same, subject="a-1")
    assert office.open(same, subject="a-1") == case
    assert len(office.cases.items(case)) == 1
    assert len(office.cases.events(case)) == 1


def test_of_a_closed_case_the_same_item_opens_nothing_and_a_new_one_does(office: CaseOffice) -> None:
    same = item()
    case = office.open(same, subject="a-1")
    office.say(office.take("ada"), "ada")
    assert office.open(same, subject="a-1") == case
    assert office.cases.get(case).state in (CaseState.DECIDED, CaseState.CLOSED)
    assert office.open(item(), subject="a-1") != case


def test_a_graver_item_raises_its_case(office: CaseOffice) -> None:
    low = office.open(subject="a-1", severity=Severity.LOW)
    other = office.open(subject="a-2", severity=Severity.MEDIUM)
    assert office.take("ada").case.id == other
    office.open(item(), subject="a-1", severity=Severity.CRITICAL, category="csem.other")
    raised = office.cases.get(low)
    assert raised.severity is Severity.CRITICAL
    assert raised.queue == "child-safety"
    assert office.take("ben").case.id == low


def test_somebody_in_danger_comes_before_everything(office: CaseOffice, hands: Hands) -> None:
    office.open(severity=Severity.CRITICAL, category="csem.other")
    hands.turn(minutes=1)
    danger = office.open(severity=Severity.LOW, imminent=True)
    assert office.cases.get(danger).queue == "danger"
    assert office.take("ada", queues=["danger", "child-safety"]).case.id == danger


def test_a_case_says_why_it_comes_now_and_by_when(office: CaseOffice) -> None:
    case = office.cases.get(office.open(severity=Severity.CRITICAL, imminent=True, reach=1000))
    words = " ".join(case.why)
    for part in ("severity critical", "danger"):
        assert part in words, case.why
    assert case.due_at == "2026-03-02T10:00:00.000000Z"
    assert "danger" in str(case.due_why)


def test_the_bytes_of_what_a_notice_told_of_are_no_further_finding(office: CaseOffice) -> None:
    told = item(key="notice/1", notice_id="n1")
    case = office.open(told, subject="a-1")
    brought = item(key="notice/1/bytes", notice_id="n1", parent=told.key)
    assert office.open(brought, subject="a-1") == case
    assert not any("goes on" in each for each in office.cases.get(case).why)
    office.open(item(key="notice/2", notice_id="n2", parent=told.key), subject="a-1")
    assert any("goes on, 2 findings" in each for each in office.cases.get(case).why)


def test_a_promise_that_is_sooner_than_the_queues_holds(office: CaseOffice) -> None:
    soon = "2026-03-02T09:45:00.000000Z"
    assert office.cases.get(office.open(due_at=soon)).due_at == soon
    late = "2027-01-01T00:00:00.000000Z"
    assert str(office.cases.get(office.open(due_at=late)).due_at) < late


def test_a_case_may_be_of_words_alone_and_knows_what_came_of_what(office: CaseOffice) -> None:
    words = NewItem("prompt-1", ItemKind.PROMPT)
    edit = NewItem("edit-1", ItemKind.IMAGE, sha256="a" * 64, parent="prompt-1", stage="delivered")
    case = office.open(words, edit)
    first, second = office.cases.items(case)
    assert (first.kind, first.vault, second.parent) == (ItemKind.PROMPT, None, "prompt-1")
    assert office.say(office.take("ada"), "ada").decision is not None


def test_cases_of_the_same_file_and_earlier_ones_of_the_subject_are_related(office: CaseOffice) -> None:
    old = office.open(item(), subject="a-1")
    office.say(office.take("ada"), "ada")
    same = office.open(item(sha256="c" * 64), subject="b-1")
    new = office.open(item(sha256="c" * 64), subject="a-1")
    found = {each.case_id: each.why for each in office.cases.related(new)}
    assert set(found) == {old, same}
    assert all(found.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": ""}, {"subject": "x" * 5000}, {"category": ""}, {"category": "a b"}, {"reach": -1},
        {"due_at": "tomorrow"}, {"items": ()}, {"jurisdiction": "x" * 100},
    ],
)  # fmt: skip
def test_what_is_no_opening_is_refused_and_leaves_nothing(office: CaseOffice, changes: dict[str, Any]) -> None:
    with pytest.raises(CaseError):
        office.open(**changes)
    assert office.cases.list() == []


def test_doors_that_find_something_at_the_same_moment_open_one_case(office: CaseOffice, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: office.open(item(), subject="a-1"), range(24)))
    assert len(set(made)) == 1
    assert len(office.cases.items(made[0])) == 24
    assert office.cases.verify(made[0])
    assert len({each.number for each in office.cases.events(made[0])}) == len(office.cases.events(made[0]))
