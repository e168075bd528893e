"""What a report says follows from records: who viewed what, what made it, where it came from, and who is named."""

from __future__ import annotations

from typing import Any

import pytest

from seawall.cases.model import (
    Door,
    GenerativeAi,
    ItemKind,
    Label,
    NewItem,
    Outcome,
    SubjectKind,
)
from seawall.casework import Casework
from seawall.content.media import Medium
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.provenance import read_provenance
from seawall.maintain.authorities.reports import Report, ReportState
from seawall.maintain.authorities.testkit import TestKit
from seawall.vault.derivatives import MediumFacts, Rung
from seawall.vault.derivatives.facts import FactBook
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


@pytest.fixture
def url(migrated_url: str) -> str:
    """A database of each kind in turn."""
    return migrated_url


ORIGIN = {
    "dataset": "org/boats",
    "shard": "00001.tar",
    "url": "https://example.invalid/a",
    "crawled_at": "2026-01-02T03:04:05Z",
}
MATCH = {"list": "boats", "list_version": "3", "entry": "e-17", "type": "sha256", "distance": 0, "purpose": "csam"}


def documents(casework: Casework, report: Report) -> tuple[Node, tuple[Node, ...]]:
    """Return what a report says."""
    package = casework.reports.package(report.id, person=APPROVERS[0])
    return package.report, package.files


def block(node: Node) -> dict[str, str]:
    """Return the facts of provenance of a document."""
    texts = [each.text or "" for each in node.all("additionalInfo")]
    return next(found for each in texts if (found := read_provenance(each)) is not None)


def show(casework: Casework, hands: Hands, case_id: str, person: str, rung: Rung) -> None:
    """Show the first item of a case to somebody."""
    item = casework.cases.items(case_id)[0]
    assert item.vault is not None
    assert item.sha256 is not None
    FactBook(casework.store).note(item.sha256, MediumFacts(Medium.IMAGE, "png", 8, 8, 1, None))
    exposure = casework.viewing.shown(
        item.vault, item.sha256, user=person, case=case_id, task=None, rung=rung, severity=2
    )
    hands.pass_by(seconds=5)
    casework.viewing.seen(exposure, 4000)


def real(casework: Casework, *items: NewItem, **facts: Any) -> Report:
    """Judge a real case, and draft its report."""
    case = opened_with(casework, *items, drill=False, **facts)
    for person in REVIEWERS:
        if not casework.cases.decisions(case.id):
            judge(
                casework,
                case,
                person,
                facts.get("label", Label.CSEM_SEXUALISED_MEDIA),
                facts.get("ai", GenerativeAi.NO),
            )
    return casework.reports.draft(case.id)[-1]


def hit(**evidence: Any) -> NewItem:
    """Return a hit in a dataset."""
    said = {"matches": [MATCH], "origin": ORIGIN} | evidence
    return NewItem(
        key="scan/1", kind=ItemKind.IMAGE, sha256="a" * 64, ref=ORIGIN["url"], stage="dataset", evidence=said
    )


@pytest.mark.parametrize(
    ("rung", "said"),
    [(None, "false"), (Rung.GREY_FULL, "false"), (Rung.FULL, "true")],
    ids=["never", "reduced", "full"],
)
def test_a_file_was_viewed_if_the_record_of_viewing_says_so(
    casework: Casework, hands: Hands, rung: Rung | None, said: str
) -> None:
    case = opened(casework, b"blue glass heron", b"green glass heron")
    if rung is not None:
        show(casework, hands, case.id, REVIEWERS[0], rung)
    judge(casework, case, REVIEWERS[0])
    _, files = documents(casework, drafted(casework, case))
    shown = casework.cases.items(case.id)[0].sha256
    of_file = {each.said("originalFileHash"): each.said("fileViewedByEsp") for each in files}
    assert of_file.pop(str(shown)) == said
    assert set(of_file.values()) == {"false"}
    assert {each.said("exifViewedByEsp") for each in files} == {"false"}


def test_what_is_viewed_after_the_approval_is_approved_anew(casework: Casework, kit: Kit, hands: Hands) -> None:
    address, there = kit
    case = opened(casework, b"blue glass heron")
    report = ready(casework, case)
    show(casework, hands, case.id, APPROVERS[1], Rung.FULL)
    files = filer(casework, address)
    files.once()
    again = casework.reports.get(report.id)
    assert (again.state, again.edition, again.approvals) == (ReportState.DRAFT, report.edition + 1, ())
    assert there.environments["/ispws"].state() == []
    approved(casework, again)
    files.once()
    assert casework.reports.get(report.id).state is ReportState.FILED
    (stored,) = there.environments["/ispws"].reports.values()
    assert stored.details[0].said("fileViewedByEsp") == "true"


def test_a_hit_in_training_data_carries_its_chain_and_names_nobody(casework: Casework) -> None:
    report = real(casework, hit(), door=Door.SCAN, subject_kind=SubjectKind.SOURCE, subject="domain:example.invalid")
    said, files = documents(casework, report)
    assert (report.event_class, report.informational, files) == ("training_data_hit", False, ())
    assert said.first("personOrUserReported") is None
    assert said.said("internetDetails/webPageIncident/url") == ORIGIN["url"]
    facts = block(said)
    assert facts["dataset"] == "org/boats"
    assert facts["crawled-at"] == ORIGIN["crawled_at"]
    assert (facts["matched-list"], facts["matched-list-version"], facts["matched-member"]) == ("boats", "3", "e-17")
    assert facts["still-live"] == "not checked"
    assert "generation-evidence" not in facts


@pytest.mark.parametrize("missing", ["url", "dataset", "shard", "crawled_at"])
def test_a_hit_without_its_chain_is_informational_and_counted_apart(casework: Casework, kit: Kit, missing: str) -> None:
    chain = {key: value for key, value in ORIGIN.items() if key != missing}
    report = real(
        casework, hit(origin=chain), door=Door.SCAN, subject_kind=SubjectKind.SOURCE, subject="dataset:org/boats"
    )
    assert report.informational
    said, _ = documents(casework, report)
    assert "Informational" in (said.said("additionalInfo") or "")
    casework.reports.answer(report.id, "low_score", "it is known material", person=APPROVERS[0])
    approved(casework, casework.reports.get(report.id))
    filer(casework, kit[0]).once()
    counts = casework.reports.counts()
    assert (counts["filed"], counts["informational"], counts["drills"]) == (0, 1, 0)


@pytest.mark.parametrize("said", [GenerativeAi.YES, GenerativeAi.NO, GenerativeAi.UNKNOWN])
@pytest.mark.parametrize("evidence", ["mark", "broken mark", "origin", "none"])
def test_made_by_ai_is_said_where_a_person_says_so_and_a_record_bears_it_out(
    casework: Casework, said: GenerativeAi, evidence: str
) -> None:
    marks = {
        "mark": {"provenance": [{"kind": "c2pa", "ai": True, "valid": True}]},
        "broken mark": {"provenance": [{"kind": "c2pa", "ai": True, "valid": False}]},
        "origin": {"origin": "generation", "ai_score": 0.99},
        "none": {},
    }
    case = opened(casework, b"blue glass heron", evidence=marks[evidence])
    judge(casework, case, REVIEWERS[0], generative_ai=said)
    _, (file,) = documents(casework, drafted(casework, case))
    expected = said is GenerativeAi.YES and evidence == "mark"
    assert (file.first("fileAnnotations/generativeAi") is not None) is expected
    assert ("generation-evidence" in block(file)) is expected


def test_what_is_on_a_list_of_adults_material_alone_is_never_drafted(casework: Casework) -> None:
    on_list = {"matches": [MATCH | {"list": "adults", "purpose": "ncii_adult"}]}
    item = NewItem(key="up/1", kind=ItemKind.IMAGE, sha256="b" * 64, evidence=on_list)
    report = real(casework, item)
    assert (report.state, report.digest, report.why) == (ReportState.REFUSED, None, "nothing_reportable")
    both = {"matches": [*on_list["matches"], MATCH]}
    other = NewItem(key="up/2", kind=ItemKind.IMAGE, sha256="c" * 64, evidence=both)
    assert real(casework, other, subject="account-9").state is ReportState.DRAFT


def test_the_account_is_named_where_it_is_one_with_its_earlier_reports(casework: Casework, kit: Kit) -> None:
    first = ready(casework, opened(casework, b"blue glass heron"))
    files = filer(casework, kit[0])
    files.once()
    receipt = casework.reports.get(first.id).remote_id
    second = ready(casework, opened(casework, b"green glass heron"))
    said, _ = documents(casework, second)
    assert said.said("personOrUserReported/espIdentifier") == "account-7"
    assert [each.text for each in said.all("personOrUserReported/priorCTReports")] == [receipt]
    files.once()
    assert casework.reports.get(second.id).state is ReportState.FILED


def test_the_same_evidence_is_reported_once_and_stands_alone_if_the_other_falls(casework: Casework, kit: Kit) -> None:
    address, there = kit
    first = ready(casework, opened(casework, b"blue glass heron"))
    again = opened(casework, b"blue glass heron")
    assert casework.cases.decisions(again.id), "equal bytes were judged before, so it is decided unseen"
    (joined,) = casework.reports.draft(again.id)
    assert (joined.state, joined.joined_to) == (ReportState.JOINED, first.id)
    (decision,) = casework.cases.decisions(first.case_id)
    with casework.store.begin() as connection:
        casework.cases.overturn(connection, decision.id, person="9" * 32, reason="the other one is right")
    casework.reports.draft_due()
    casework.reports.draft_due()
    (alone,) = casework.reports.of_case(again.id)
    assert (casework.reports.get(first.id).state, alone.state) == (ReportState.WITHDRAWN, ReportState.DRAFT)
    approved(casework, drafted(casework, again))
    filer(casework, address).once()
    assert [each["state"] for each in there.environments["/ispws"].state()] == ["finished"]


def test_what_is_found_after_a_report_was_filed_goes_into_one_that_follows(casework: Casework, kit: Kit) -> None:
    address, there = kit
    case = opened(casework, b"blue glass heron")
    first = ready(casework, case)
    files = filer(casework, address)
    files.once()
    casework.cases.reopen(case.id, REVIEWERS[1], "more was found")
    opened(casework, b"green glass heron")
    judge(casework, casework.cases.get(case.id), REVIEWERS[1])
    reports = casework.reports.draft(case.id)
    assert [each.state for each in reports] == [ReportState.FILED, ReportState.DRAFT, ReportState.JOINED]
    said, sent = documents(casework, reports[1])
    assert [each.text for each in said.all("personOrUserReported/priorCTReports")] == [
        casework.reports.get(first.id).remote_id
    ]
    assert len(sent) == 1
    approved(casework, casework.reports.answer(reports[1].id, "low_score", "more", person=APPROVERS[0]))
    files.once()
    assert [each["state"] for each in there.environments["/ispws"].state()] == ["finished", "finished"]
    assert casework.reports.draft(case.id) == casework.reports.of_case(case.id), "nothing more is drafted"


def test_words_are_content_and_long_words_a_file(casework: Casework) -> None:
    short = opened(casework, b'{"prompt": "a heron"}', kind=ItemKind.PROMPT, media_type="application/json")
    judge(casework, short, REVIEWERS[0])
    said, files = documents(casework, drafted(casework, short))
    assert "prompt: a heron" in (said.said("internetDetails/chatImIncident/content") or "")
    assert files == ()
    long = opened(casework, b"heron " * 5000, subject="account-8", kind=ItemKind.TEXT, media_type="text/plain")
    judge(casework, long, REVIEWERS[0])
    said, (file,) = documents(casework, drafted(casework, long))
    assert said.first("internetDetails/chatImIncident/content") is None
    assert (file.said("fileRelevance"), file.first("industryClassification")) == ("Supplemental Reported", None)


def test_somebody_in_danger_escalates_by_a_persons_words_alone(casework: Casework) -> None:
    case = opened(casework, b"blue glass heron", imminent=True)
    judge(casework, case, REVIEWERS[0])
    report = drafted(casework, case)
    assert not report.escalated
    report = casework.reports.answer(report.id, "escalate", "they wrote that it is tonight", person=APPROVERS[0])
    said, _ = documents(casework, report)
    assert report.escalated
    assert said.said("incidentSummary/escalateToHighPriority") == "they wrote that it is tonight"
    report = casework.reports.answer(report.id, "escalate", "no", person=APPROVERS[0])
    assert not report.escalated


def test_a_case_that_is_not_reportable_has_no_report(casework: Casework) -> None:
    from seawall.errors import NotFound

    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0], outcome=Outcome.NOT_REPORTABLE)
    with pytest.raises(NotFound, match="nobody has asked"):
        casework.reports.draft(case.id)
