"""The hazards of what is said and kept, H13 to H21 and H25 (reporting.md, section 9): each by its name."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from seawall.cases.model import Door, ItemKind, NewItem, SubjectKind
from seawall.casework import Casework
from seawall.errors import UsageError
from seawall.maintain.authorities.reports import ApprovalRefused, ReportState
from seawall.maintain.authorities.testkit import TestKit
from seawall.store.tables import ledger_event
from seawall.users import Role
from seawall.vault import Held
from seawall.vault.retention.purge import Purge
from tests.maintain.authorities.reports.office import (
    APPROVERS,
    REVIEWERS,
    Hands,
    approved,
    drafted,
    filer,
    judge,
    opened,
    opened_with,
    ready,
)

Kit = tuple[str, TestKit]
PASSWORD = "three plain boats"
SECRET = "a heron of blue glass on the mantelpiece"
WHY = "because the aunt of the heron says so"


def events(casework: Casework, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of the ledger's events of a kind."""
    with casework.store.read() as connection:
        found = connection.execute(select(ledger_event.c.data).order_by(ledger_event.c.seq)).scalars()
        return [event["body"] for data in found if (event := json.loads(data))["kind"] == kind]


def test_h13_no_word_of_a_report_is_outside_of_the_vault(
    casework: Casework, kit: Kit, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address, there = kit
    case = opened(casework, SECRET.encode(), kind=ItemKind.TEXT, media_type="text/plain")
    judge(casework, case, REVIEWERS[0])
    report = casework.reports.draft(case.id)[0]
    report = casework.reports.answer(report.id, "low_score", WHY, person=APPROVERS[0])
    report = casework.reports.answer(report.id, "escalate", WHY, person=APPROVERS[0])
    approved(casework, report)
    there.faults.order([{"call": "finish", "nth": 1, "fault": "code", "code": 4100}])
    filer(casework, address).once()
    (stored,) = there.environments["/ispws"].reports.values()
    assert SECRET in (stored.document.said("internetDetails/chatImIncident/content") or "")
    assert WHY in (stored.document.said("incidentSummary/escalateToHighPriority") or "")
    found = casework.reports.get(report.id)
    told = repr(found) + json.dumps(found.to_dict()) + json.dumps(casework.reports.steps(report.id)) + caplog.text
    files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    for word in (SECRET, WHY, "heron"):
        assert word not in told
        assert not any(word.encode() in data or word.encode("utf-16-le") in data for data in files), word
    assert "testkit" not in repr(casework.filer)


@pytest.mark.parametrize("name", ["fileViewedByEsp", "exifViewedByEsp", "generativeAi", "viewed", "generative_ai"])
def test_h14_nobody_says_by_hand_that_a_file_was_viewed_or_made_by_ai(casework: Casework, name: str) -> None:
    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0])
    report = drafted(casework, case)
    with pytest.raises(UsageError, match="no question"):
        casework.reports.answer(report.id, name, "yes", person=APPROVERS[0])
    assert casework.reports.get(report.id).digest == report.digest


def test_h15_where_somebody_may_be_in_danger_a_person_says_whether_it_is_urgent(casework: Casework, kit: Kit) -> None:
    address, there = kit
    calm = ready(casework, opened(casework, b"green glass heron", subject="account-8"))
    case = opened(casework, b"blue glass heron", imminent=True)
    judge(casework, case, REVIEWERS[0])
    report = drafted(casework, case)
    with pytest.raises(ApprovalRefused, match="in danger"):
        casework.reports.approve(report.id, str(report.digest), person=APPROVERS[0], via="session")
    urgent = approved(casework, casework.reports.answer(report.id, "escalate", "it is tonight", person=APPROVERS[0]))
    assert urgent.escalated
    filer(casework, address).once()
    order = [
        each.document.said("incidentSummary/escalateToHighPriority")
        for each in there.environments["/ispws"].reports.values()
    ]
    assert order == ["it is tonight", None], "the urgent one is first, though it came later"
    assert casework.reports.get(calm.id).state is ReportState.FILED


def test_h16_what_was_reported_is_kept_whoever_wants_it_gone(casework: Casework, kit: Kit, hands: Hands) -> None:
    case = opened(casework, b"blue glass heron")
    report = ready(casework, case)
    filer(casework, kit[0]).once()
    (item,) = casework.cases.items(case.id)
    documents = str(casework.reports.get(report.id).documents)
    hands.pass_by(days=364)
    assert casework.retention.purge(None, "cleaner", vault=casework.vault).destroyed == ()
    for each in (str(item.vault), documents):
        with pytest.raises(Held):
            casework.vault.destroy(each, person="cleaner", reason="the user deleted it")
    hands.pass_by(days=3)
    gone = casework.retention.purge(None, "cleaner", vault=casework.vault).destroyed
    assert {str(item.vault), documents} <= set(gone)


def test_h17_an_order_to_destroy_goes_before_the_receipts_clock(casework: Casework, kit: Kit) -> None:
    import io

    case = opened(casework, b"blue glass heron")
    ready(casework, case)
    filer(casework, kit[0]).once()
    (item,) = casework.cases.items(case.id)
    order = casework.vault.put(io.BytesIO(b"order 7"), purpose="order", person="ada")
    purge = Purge(casework.vault, casework.ledger)
    certificate = purge.by_order(
        str(item.vault), document=order.id, reference="order 7", persons=("adelaide", "benedict"), reason="ordered"
    )
    assert casework.vault.get(str(item.vault)).destroyed == certificate


def test_h18_no_name_or_id_of_whoever_works_here_is_in_a_report(casework: Casework, kit: Kit) -> None:
    address, there = kit
    people = [casework.users.add("boss", Role.ADMIN, PASSWORD)]
    people += [casework.users.add(name, Role.LEAD, PASSWORD, people[0].id) for name in ("rheas", "theias")]
    case = opened(casework, b"blue glass heron")
    judge(casework, case, people[1].id)
    report = casework.reports.draft(case.id)[0]
    report = casework.reports.answer(report.id, "compromised_account", "no", person=people[1].id)
    for person in people[1:]:
        casework.reports.approve(report.id, str(report.digest), person=person.id, via="session")
    filer(casework, address).once()
    (stored,) = there.environments["/ispws"].reports.values()
    said = repr(stored.document) + repr(stored.details)
    for person in people:
        for word in (person.id, person.name, person.pseudonym):
            assert word not in said


def test_h19_an_account_that_somebody_else_used_is_said_to_be_one_and_a_hit_names_nobody(casework: Casework) -> None:
    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0])
    report = drafted(casework, case)

    def said() -> str | None:
        package = casework.reports.package(report.id, person=APPROVERS[0])
        return package.report.said("personOrUserReported/compromisedAccount")

    assert said() is None, "what nobody knows is left out"
    for answer, expected in (("yes", "true"), ("no", "false")):
        casework.reports.answer(report.id, "compromised_account", answer, person=APPROVERS[0])
        assert said() == expected
    hit = NewItem(key="scan/1", kind=ItemKind.IMAGE, sha256="a" * 64, evidence={"matches": [{"list": "boats"}]})
    found = opened_with(casework, hit, door=Door.SCAN, subject_kind=SubjectKind.SOURCE, subject="dataset:boats")
    judge(casework, found, REVIEWERS[0])
    package = casework.reports.package(drafted(casework, found).id, person=APPROVERS[0])
    assert package.report.first("personOrUserReported") is None


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("self_production", "fileAnnotations/possibleSelfProduction"),
        ("minor_to_minor", "incidentSummary/reportAnnotations/minorToMinorInteraction"),
    ],
)
def test_h20_that_the_depicted_may_have_made_it_is_said_by_a_person(casework: Casework, name: str, path: str) -> None:
    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0])
    report = drafted(casework, case)
    for answer, expected in (("yes", True), ("no", False)):
        casework.reports.answer(report.id, name, answer, person=APPROVERS[0])
        package = casework.reports.package(report.id, person=APPROVERS[0])
        found = any(each.first(path) is not None for each in (package.report, *package.files))
        assert found is expected
    with pytest.raises(UsageError, match="yes or no"):
        casework.reports.answer(report.id, name, "perhaps", person=APPROVERS[0])


def test_h21_what_nobody_can_act_on_is_counted_apart_and_sent_with_a_reason(casework: Casework, kit: Kit) -> None:
    for number in range(3):
        hit = NewItem(
            key=f"scan/{number}",
            kind=ItemKind.IMAGE,
            sha256=f"{number}" * 64,
            evidence={"matches": [{"list": "boats"}]},
        )
        facts = {"door": Door.SCAN, "subject_kind": SubjectKind.SOURCE, "subject": f"dataset:boats {number}"}
        case = opened_with(casework, hit, drill=True, **facts)
        judge(casework, case, REVIEWERS[0])
        (report,) = casework.reports.draft(case.id)
        assert (report.informational, report.score < 40) == (True, True)
        with pytest.raises(ApprovalRefused, match="say why"):
            casework.reports.approve(report.id, str(report.digest), person=APPROVERS[0], via="session")
        approved(casework, drafted(casework, case))
    assert len(filer(casework, kit[0]).once()) == 3
    assert casework.reports.counts()["filed"] == 0


def test_h25_whoever_reads_a_report_or_sends_its_files_is_on_record(casework: Casework, kit: Kit) -> None:
    case = opened(casework, b"blue glass heron")
    report = ready(casework, case)
    (item,) = casework.cases.items(case.id)
    before = len(events(casework, "vault.opened"))
    casework.reports.package(report.id, person=APPROVERS[1], purpose="looking it over")
    (read,) = events(casework, "vault.opened")[before:]
    assert (read["person"], read["purpose"], read["case"]) == (APPROVERS[1], "looking it over", case.id)
    filer(casework, kit[0]).once()
    sent = [each for each in events(casework, "vault.opened") if each.get("object", each.get("id")) == item.vault]
    assert [(each["person"], each["purpose"]) for each in sent] == [("report filing", "sending it to an authority")]
    approvals = events(casework, "report.approved")
    assert [each["person"] for each in approvals] == list(APPROVERS)
    (filed,) = events(casework, "report.filed")
    assert filed["receipt"] == casework.reports.get(report.id).remote_id
