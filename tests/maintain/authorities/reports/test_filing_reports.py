"""Reports are filed once, as they were approved, and what they rest on is kept from the receipt on."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import httpx
import pytest

from seawall.cases.model import Door, ItemKind, NewItem, SubjectKind
from seawall.casework import Casework
from seawall.errors import SeawallError
from seawall.maintain.authorities.reports import ApprovalRefused, ReportBusy, ReportError, ReportState
from seawall.maintain.authorities.testkit import TestKit
from tests.maintain.authorities.reports.office import (
    APPROVERS,
    REVIEWERS,
    Hands,
    approved,
    drafted,
    filed_there,
    filer,
    judge,
    opened,
    opened_with,
    ready,
)

Kit = tuple[str, TestKit]
FAULTS = ("drop_before", "drop_after", "error_before", "error_after", "html", "html_after", "too_many", "latin1")
CALLS = ("status", "submit", "upload", "fileinfo", "finish")


def test_a_report_goes_from_a_case_to_a_receipt(casework: Casework, kit: Kit) -> None:
    address, there = kit
    case = opened(casework, b"blue glass heron", b"green glass heron")
    judge(casework, case, REVIEWERS[0])
    report = drafted(casework, case)
    assert (report.state, report.faults, report.environment.value) == (ReportState.DRAFT, 0, "test")
    report = approved(casework, report)
    assert report.state is ReportState.APPROVED
    (done,) = filer(casework, address).once()
    assert done.state is ReportState.FILED
    report = casework.reports.get(report.id)
    (finished,) = filed_there(there)
    assert (finished["id"], len(finished["files"]), report.complete) == (report.remote_id, 2, True)
    assert {each["sha256"] for each in finished["files"]} == {
        str(each.sha256) for each in casework.cases.items(case.id)
    }
    assert filer(casework, address).once() == []
    with pytest.raises(ReportError, match="nothing of it changes"):
        casework.reports.mark_filed(report.id, "1", person=APPROVERS[0], via="session")


def test_what_is_sent_is_what_was_approved(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    package = casework.reports.package(report.id, person=APPROVERS[0])
    assert package.preview().digest == report.digest
    filer(casework, address).once()
    stored = there.environments["/ispws"].reports[str(casework.reports.get(report.id).remote_id)]
    assert stored.document == package.report
    (sent,) = stored.details
    for name in ("reportId", "fileId"):
        assert sent.said(name) != package.files[0].said(name), "the authority gave its own"
    plain = [each for each in sent.children if each.name not in ("reportId", "fileId")]
    assert plain == [each for each in package.files[0].children if each.name not in ("reportId", "fileId")]


def test_the_same_person_does_not_approve_twice_nor_anybody_what_changed(casework: Casework) -> None:
    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0])
    report = drafted(casework, case)
    digest = report.digest or ""
    casework.reports.approve(report.id, digest, person=APPROVERS[0], via="session")
    with pytest.raises(ApprovalRefused, match="another person"):
        casework.reports.approve(report.id, digest, person=APPROVERS[0], via="token")
    with pytest.raises(ApprovalRefused, match="signed in"):
        casework.reports.approve(report.id, digest, person=APPROVERS[1], via="shell")
    changed = casework.reports.answer(report.id, "compromised_account", "no", person=APPROVERS[1])
    assert changed.digest != digest
    assert changed.approvals == ()
    with pytest.raises(ApprovalRefused, match="something else"):
        casework.reports.approve(report.id, digest, person=APPROVERS[1], via="session")


def test_one_approval_is_enough_once_the_wait_is_over(casework: Casework, kit: Kit, hands: Hands) -> None:
    address, there = kit
    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0])
    report = approved(casework, drafted(casework, case), people=1)
    files = filer(casework, address)
    assert files.once() == []
    with pytest.raises(ReportBusy, match="until it is due"):
        files.file(report.id)
    hands.pass_by(minutes=59)
    there.clock.forward(59 * 60)
    assert files.once() == []
    hands.pass_by(minutes=2)
    there.clock.forward(120)
    assert [each.state for each in files.once()] == [ReportState.FILED]


def test_a_report_that_says_little_is_sent_with_a_reason_alone(casework: Casework) -> None:
    item = NewItem(key="scan/1", kind=ItemKind.IMAGE, sha256="a" * 64, evidence={"matches": [{"type": "canary"}]})
    case = opened_with(casework, item, door=Door.SCAN, subject_kind=SubjectKind.SOURCE, subject="dataset:boats")
    judge(casework, case, REVIEWERS[0])
    (report,) = casework.reports.draft(case.id)
    digest = report.digest or ""
    with pytest.raises(ApprovalRefused, match="says little"):
        casework.reports.approve(report.id, digest, person=APPROVERS[0], via="session")
    casework.reports.answer(report.id, "low_score", "nothing more is on record", person=APPROVERS[0])
    assert casework.reports.approve(report.id, digest, person=APPROVERS[0], via="session").approvals


@pytest.mark.parametrize(("call", "fault"), list(product(CALLS, FAULTS)))
def test_a_fault_at_any_call_files_it_once(casework: Casework, kit: Kit, hands: Hands, call: str, fault: str) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron", b"green glass heron"))
    there.faults.order([{"call": call, "nth": 1, "fault": fault}])
    files = filer(casework, address)
    for _ in range(12):
        files.once()
    assert casework.reports.get(report.id).state is ReportState.FILED
    (finished,) = filed_there(there)
    assert sorted(each["sha256"] for each in finished["files"]) == sorted(
        str(each.sha256) for each in casework.cases.items(report.case_id)
    )
    assert all(each["described"] for each in finished["files"])
    assert casework.reports.get(report.id).complete


def test_a_decision_that_falls_before_the_finish_takes_the_report_back(casework: Casework, kit: Kit) -> None:
    address, there = kit
    case = opened(casework, b"blue glass heron")
    report = ready(casework, case)
    there.faults.order([{"call": "finish", "nth": 1, "fault": "drop_before"}])
    files = filer(casework, address)
    assert [each.state for each in files.once(1)] == [ReportState.FILING]
    (decision,) = casework.cases.decisions(case.id)
    with casework.store.begin() as connection:
        casework.cases.overturn(connection, decision.id, person="9" * 32, reason="it was harmless")
    files.once()
    assert casework.reports.get(report.id).state is ReportState.WITHDRAWN
    assert [each["state"] for each in there.environments["/ispws"].state()] == ["retracted"]


def test_a_decision_that_falls_before_anything_is_sent_ends_the_report(casework: Casework, kit: Kit) -> None:
    address, there = kit
    case = opened(casework, b"blue glass heron")
    report = ready(casework, case)
    (decision,) = casework.cases.decisions(case.id)
    with casework.store.begin() as connection:
        casework.cases.overturn(connection, decision.id, person="9" * 32, reason="it was harmless")
    casework.reports.draft_due()
    filer(casework, address).once()
    assert casework.reports.get(report.id).state is ReportState.WITHDRAWN
    assert there.environments["/ispws"].state() == []


def test_approvals_that_are_taken_back_take_back_what_is_open(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    there.faults.order([{"call": "upload", "nth": 1, "fault": "error_before"}])
    files = filer(casework, address)
    files.once(1)
    casework.reports.retract(report.id, person=APPROVERS[1], reason="the wrong account")
    files.once()
    found = casework.reports.get(report.id)
    assert (found.state, found.approvals) == (ReportState.DRAFT, ())
    assert [each["state"] for each in there.environments["/ispws"].state()] == ["retracted"]
    approved(casework, found)
    files.once()
    assert casework.reports.get(report.id).state is ReportState.FILED


def test_who_is_not_let_in_stops_everything_until_a_person_looks(casework: Casework, kit: Kit) -> None:
    from seawall.maintain.authorities.ncmec.environment import EnvironmentName
    from seawall.maintain.authorities.reports import pausing

    address, there = kit
    first = ready(casework, opened(casework, b"blue glass heron"))
    second = ready(casework, opened(casework, b"green glass heron", subject="account-8"))
    there.faults.order([{"call": "upload", "nth": 1, "fault": "unauthorized"}])
    files = filer(casework, address)
    assert [each.state for each in files.once()] == [ReportState.PAUSED]
    assert casework.reports.get(second.id).state is ReportState.APPROVED
    assert files.once() == []
    assert pausing.resume(casework.reports, "ncmec", EnvironmentName.TEST, person=APPROVERS[0]) == 1
    files.once()
    files.once()
    assert {casework.reports.get(each.id).state for each in (first, second)} == {ReportState.FILED}
    assert len(filed_there(there)) == 2


def test_three_refused_reports_in_a_row_stop_the_others(casework: Casework, kit: Kit) -> None:
    address, there = kit
    reports = [ready(casework, opened(casework, f"heron {n}".encode(), subject=f"account-{n}")) for n in range(5)]
    there.faults.order([{"call": "submit", "fault": "code", "code": 4100}])
    files = filer(casework, address)
    assert [each.state for each in files.once()] == [ReportState.NEEDS_REPAIR] * 3
    assert files.once() == []
    states = [casework.reports.get(each.id).state for each in reports]
    assert states.count(ReportState.APPROVED) == 2


def test_clocks_that_do_not_agree_stop_everything(casework: Casework, kit: Kit, hands: Hands) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    there.clock.forward(3 * 3600)
    filer(casework, address).once()
    assert casework.reports.get(report.id).state is ReportState.APPROVED
    assert there.environments["/ispws"].state() == []
    with casework.store.read() as connection:
        from seawall.maintain.authorities.reports import pausing

        assert pausing.paused(connection, "ncmec", "test") == "clock_skew"
    del hands


def test_a_refused_report_waits_for_repair_and_goes_on_when_it_is_mended(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    there.faults.order([{"call": "fileinfo", "nth": 1, "fault": "code", "code": 4100}])
    files = filer(casework, address)
    files.once()
    assert files.once() == []
    stopped = casework.reports.get(report.id)
    assert (stopped.state, stopped.why) == (ReportState.NEEDS_REPAIR, "refused")
    mended = casework.reports.answer(report.id, "compromised_account", "no", person=APPROVERS[0])
    approved(casework, mended)
    files.once()
    assert casework.reports.get(report.id).state is ReportState.FILED
    assert sorted(each["state"] for each in there.environments["/ispws"].state()) == ["finished", "retracted"]


def test_an_authority_that_is_away_for_days_loses_nothing_and_people_are_told(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    away = filer(casework, "http://127.0.0.1:9")
    assert isinstance(casework.store.clock, Hands)
    told = []
    for length in (1, 20, 60, 200, 72 * 60):
        casework.store.clock.pass_by(minutes=length)
        away.once()
        told.append(casework.reports.get(report.id).alarms)
    assert told == [0, 1, 2, 3, 3]
    there.clock.forward(sum((1, 20, 60, 200, 72 * 60)) * 60)
    filer(casework, address).once()
    assert casework.reports.get(report.id).state is ReportState.FILED


def test_who_lost_the_lease_writes_nothing_more(casework: Casework, kit: Kit, hands: Hands) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    slow, quick = filer(casework, address), filer(casework, address)
    seen = []

    def overtaken(_report: str, act: object) -> None:
        # Between its intent and its call, the first one stands still for longer than its lease.
        if not seen:
            seen.append(act)
            hands.pass_by(minutes=5)
            there.clock.forward(300)
            quick.once()

    slow._told = overtaken
    slow.once()
    quick.once()
    assert casework.reports.get(report.id).state is ReportState.FILED
    assert len(filed_there(there)) == 1
    assert len(seen) == 1


def test_a_report_is_marked_as_filed_by_hand_and_never_sent(casework: Casework, kit: Kit) -> None:
    address, there = kit
    report = ready(casework, opened(casework, b"blue glass heron"))
    with pytest.raises(SeawallError, match="is a number"):
        casework.reports.mark_filed(report.id, "a1", person=APPROVERS[0], via="session")
    found = casework.reports.mark_filed(report.id, "4711", person=APPROVERS[0], receipt=b"thanks", via="session")
    assert (found.state, found.remote_id) == (ReportState.FILED_MANUALLY, "4711")
    assert filer(casework, address).once() == []
    assert there.environments["/ispws"].state() == []


def test_what_a_report_rests_on_is_kept_from_the_receipt_on(casework: Casework, kit: Kit, hands: Hands) -> None:
    address, _ = kit
    case = opened(casework, b"blue glass heron")
    report = ready(casework, case)
    (item,) = casework.cases.items(case.id)
    assert casework.retention.standing(str(item.vault)).winner.until is None  # type: ignore[union-attr]
    filer(casework, address).once()
    found = casework.reports.get(report.id)
    kept = {each.object: each for each in casework.retention.standings(case=case.id)}
    assert {str(item.vault), str(found.documents)} <= set(kept)
    for standing in kept.values():
        assert standing.winner is not None
        assert standing.winner.receipt == f"ncmec {found.remote_id}"
        until = datetime.fromisoformat(str(standing.winner.until))
        assert timedelta(days=365) <= until - hands() <= timedelta(days=367)
    assert casework.retention.due(hands() + timedelta(days=364)) == []


def test_nothing_is_sent_where_nobody_says_so(casework: Casework, kit: Kit) -> None:
    report = ready(casework, opened(casework, b"blue glass heron"))
    assert casework.filer.once() == []
    with pytest.raises(ReportError, match="nothing is sent to the test environment"):
        casework.filer.file(report.id)
    assert httpx.get(f"{kit[0]}/_testkit/state", auth=("testkit", "testkit")).json()["/ispws"]["reports"] == []
