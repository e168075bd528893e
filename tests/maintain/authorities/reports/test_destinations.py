"""Who is told of a finding: by where the provider is, who the user is and what was found; each with its own clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from seawall.cases.model import Door, ItemKind, Label, NewItem, Opening, Severity, SubjectKind
from seawall.casework import Casework
from seawall.maintain.authorities.destinations import Destination, Way, portal_text, route
from seawall.maintain.authorities.drafting import CaseFacts
from seawall.maintain.authorities.options import Contact
from tests.maintain.authorities.reports.office import REVIEWERS, judge, opened, ready

URL = "https://boats.example.invalid/a"
REPORTER = Contact(email=["safety@example.invalid"])


def facts(
    casework: Casework, country: str | None, *, url: bool = False, imminent: bool = False, **more: Any
) -> CaseFacts:
    """Return what is on record of a case of somebody in a country."""
    item = NewItem(key="up/1", kind=ItemKind.IMAGE, sha256="d" * 64, ref=URL if url else "upload-1")
    case_id = casework.cases.open_case(
        Opening(
            SubjectKind.ACCOUNT,
            "account-7",
            Door.GUARD,
            Severity.HIGH,
            "csem.sexualised_media",
            (item,),
            jurisdiction=country,
            imminent=imminent,
        )
    )
    case = casework.cases.get(case_id)
    for person in REVIEWERS:
        if not casework.cases.decisions(case_id):
            judge(casework, case, person, more.get("label", Label.CSEM_SEXUALISED_MEDIA))
    return casework.reports.facts(case_id)


@pytest.mark.parametrize(
    ("established", "country", "address", "imminent", "expected"),
    [
        ("US", "US", False, False, {"ncmec"}),
        ("US", None, True, True, {"ncmec"}),
        ("US", "GB", False, False, {"ncmec", "nca"}),
        ("US", "GB", True, False, {"ncmec", "nca", "iwf"}),
        ("GB", "US", True, False, {"nca", "iwf"}),
        ("US", "DE", True, False, {"ncmec"}),
        ("US", "DE", False, True, {"ncmec", "national_law_enforcement"}),
        ("FR", "US", False, True, {"national_law_enforcement"}),
        ("US", "CA", False, False, {"ncmec", "police_canada"}),
        ("US", "CA", True, False, {"ncmec", "police_canada", "c3p"}),
        ("US", "AU", True, True, {"ncmec"}),
        ("JP", "BR", True, True, set()),
    ],
)
def test_who_is_told_follows_from_the_law_and_from_what_was_found(
    casework: Casework, established: str, country: str | None, address: bool, imminent: bool, expected: set[str]
) -> None:
    found = route(facts(casework, country, url=address, imminent=imminent), established=established)
    assert {each.authority for each in found} == expected
    assert all(each.source and each.wording for each in found if each.duty), "each duty says its law"
    assert [each.duty for each in found] == sorted((each.duty for each in found), reverse=True)


@pytest.mark.parametrize(
    ("imminent", "label", "priority"),
    [(True, Label.CSEM_SEXUALISED_MEDIA, 1), (False, Label.CSAM, 2), (False, Label.CSEM_PROMOTION, 3)],
)
def test_the_uk_is_told_by_priority_and_the_first_at_once(
    casework: Casework, imminent: bool, label: Label, priority: int
) -> None:
    said = facts(casework, "GB", imminent=imminent, label=label)
    nca = next(each for each in route(said, established="US") if each.authority == "nca")
    assert nca.priority == priority
    opened_at = datetime.fromisoformat(said.case.opened_at)
    assert nca.due_at == (said.case.opened_at if priority == 1 else None)
    assert (nca.due_at is None) or datetime.fromisoformat(nca.due_at) == opened_at


def test_a_receipt_covers_what_the_law_says_it_covers_and_nothing_else(casework: Casework) -> None:
    said = facts(casework, "GB", url=True)
    before = {each.authority: each for each in route(said, established="US")}
    assert before["nca"].covered_by is None
    assert "counts as reported" in (before["nca"].ground or "")
    after = {each.authority: each for each in route(said, established="US", receipts={"ncmec": "4711"})}
    assert after["nca"].covered_by == "ncmec 4711"
    assert (after["iwf"].covered_by, after["iwf"].ground, after["ncmec"].covered_by) == (None, None, None)
    assert route(said, established="US", receipts={"nca": "1"})[0].covered_by is None


def text(casework: Casework, authority: str, said: CaseFacts) -> str:
    found: dict[str, Destination] = {each.authority: each for each in route(said, established="US")}
    assert found[authority].way is Way.TEXT
    return portal_text(found[authority], said, reporter=REPORTER, service="Example Image API")


def test_a_text_says_what_its_authority_asks_for_and_nothing_else(casework: Casework) -> None:
    said = facts(casework, "CA", url=True)
    address = text(casework, "c3p", said)
    assert f"Address: {URL}" in address
    for word in ("account-7", "d" * 64, "SHA-256", "When:"):
        assert word not in address
    police = text(casework, "police_canada", said)
    for word in ("account-7", "d" * 64, "When:", "Viewed by us: unviewed", f"Address: {URL}"):
        assert word in police
    for person in REVIEWERS:
        assert person not in address + police


def test_a_drill_says_so(casework: Casework) -> None:
    case = opened(casework, b"blue glass heron")
    judge(casework, case, REVIEWERS[0])
    said = casework.reports.facts(case.id)
    (ncmec,) = route(said, established="US")
    assert ncmec.way is Way.API
    assert "THIS IS A DRILL" in portal_text(ncmec, said, reporter=REPORTER, service=None)


def test_receipts_of_a_case_are_by_authority(casework: Casework) -> None:
    report = ready(casework, opened(casework, b"blue glass heron"))
    assert casework.reports.receipts(report.case_id) == {}
    casework.reports.mark_filed(report.id, "4711", person="3" * 32, via="session")
    assert casework.reports.receipts(report.case_id) == {"ncmec": "4711"}
