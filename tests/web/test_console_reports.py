"""Reports in the console, over HTTP: read by those who may open evidence, approved as they stand, by two people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seawall.cases.model import Door, ItemKind
from seawall.maintain.authorities.reports import ReportState
from seawall.users import Role
from tests.maintain.authorities.reports.office import judge
from tests.web.console_bench import WORDS, Bench, open_bench, picture

REPORTER = "ncmec: {environment: production, service: Example, reporter: {email: [safety@example.invalid]}}"


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path, files={"authorities.yaml": REPORTER}) as opened:
        yield opened


def drafted(bench: Bench, **rest: Any) -> str:
    """Open a drill of a picture and a text, judge it, and draft its report; return the report's id."""
    items = (bench.item(picture(1)), bench.item(WORDS.encode(), ItemKind.TEXT))
    case = bench.casework.cases.get(bench.open(*items, drill=True, door=Door.DRILL, category="canary", **rest))
    judge(bench.casework, case, "9" * 32)
    return bench.casework.reports.draft(case.id)[-1].id


def digest(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def test_two_people_approve_what_the_page_shows(bench: Bench) -> None:
    report = drafted(bench)
    rita, theo = bench.person("rita"), bench.person("theo", Role.LEAD)
    assert f'href="/review/reports/{report}"' in rita.get("/review/reports").text
    page = rita.get(f"/review/reports/{report}").text
    assert "we viewed the whole file" in page
    assert page.index("<details>") < page.index(WORDS), "words of a case are folded away"
    assert rita.post(f"/review/reports/{report}", {"move": "approve", "digest": digest(page)}).status_code == 303
    assert bench.casework.reports.get(report).state is ReportState.APPROVED
    page = rita.get(f"/review/reports/{report}").text
    assert 'value="approve"' not in page
    seen = digest(theo.get(f"/review/reports/{report}").text)
    again = rita.post(f"/review/reports/{report}", {"move": "approve", "digest": seen})
    assert (again.status_code, "another person" in again.text) == (422, True)
    assert theo.post(f"/review/reports/{report}", {"move": "approve", "digest": seen}).status_code == 303
    approvals = bench.casework.reports.get(report).approvals
    assert [(each.person, each.via) for each in approvals] == [(rita.id, "session"), (theo.id, "session")]


def test_an_answer_changes_what_is_approved(bench: Bench) -> None:
    report = drafted(bench, imminent=True)
    rita = bench.person("rita")
    page = rita.get(f"/review/reports/{report}").text
    assert "Somebody may be in danger" in page
    before = digest(page)
    refused = rita.post(f"/review/reports/{report}", {"move": "approve", "digest": before})
    assert (refused.status_code, "in danger" in refused.text) == (422, True)
    said = {"question": "escalate", "answer": "it is tonight"}
    assert rita.post(f"/review/reports/{report}", said).status_code == 303
    after = digest(rita.get(f"/review/reports/{report}").text)
    assert after != before
    stale = rita.post(f"/review/reports/{report}", {"move": "approve", "digest": before})
    assert (stale.status_code, "something else" in stale.text) == (422, True)
    assert rita.post(f"/review/reports/{report}", {"move": "approve", "digest": after}).status_code == 303
    assert rita.post(f"/review/reports/{report}", {"move": "retract", "reason": "the wrong one"}).status_code == 303
    assert bench.casework.reports.get(report).approvals == ()


@pytest.mark.parametrize(
    "said", [{}, {"question": "fileViewedByEsp", "answer": "true"}, {"move": "approve"}, {"move": "retract"}]
)
def test_what_is_no_answer_is_said_so_and_changes_nothing(bench: Bench, said: dict[str, str]) -> None:
    report = drafted(bench)
    rita = bench.person("rita")
    rita.get(f"/review/reports/{report}")
    assert rita.post(f"/review/reports/{report}", said).status_code == 422
    found = bench.casework.reports.get(report)
    assert (found.edition, found.state, found.approvals) == (1, ReportState.DRAFT, ())


def test_only_who_may_open_evidence_sees_reports_and_each_reading_is_on_record(bench: Bench) -> None:
    report = drafted(bench)
    for name, role in (("noor", Role.REVIEWER), ("otto", Role.AUDITOR), ("lea", Role.LEAD)):
        somebody = bench.person(name, role, grant=False)
        for path in ("/review/reports", f"/review/reports/{report}"):
            assert somebody.get(path).status_code == 403
        if role is not Role.AUDITOR:
            assert "/review/reports" not in somebody.get("/review").text
    rita = bench.person("rita")
    before = [each for each in bench.events("vault.opened") if each.body["person"] == rita.id]
    rita.get(f"/review/reports/{report}")
    read = [each for each in bench.events("vault.opened") if each.body["person"] == rita.id]
    assert len(read) == len(before) + 1
    assert read[-1].body["purpose"] == "approving the report"
    assert rita.get(f"/review/reports/{'0' * 32}").status_code == 404


def test_the_list_is_narrowed_by_state(bench: Bench) -> None:
    report = drafted(bench)
    rita = bench.person("rita")
    assert report in rita.get("/review/reports?state=draft").text
    assert report not in rita.get("/review/reports?state=filed").text
    assert "No reports." in rita.page
    for query in ("state=lost", "after=x", "state=%00"):
        assert report in rita.get(f"/review/reports?{query}").text
