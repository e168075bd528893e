"""`seawall doctor` on reports: what waits for somebody is a problem, and a drill never is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from seawall.casework import Casework, open_casework
from seawall.cli._doctor_checks import CHECKS, examine
from seawall.cli._doctor_found import Finding, Installation, Level
from seawall.clock import system_clock
from seawall.maintain.authorities.reports import pausing
from seawall.settings import Settings
from tests.maintain.authorities.reports.office import REVIEWERS, filer, judge, opened, ready


@pytest.fixture
def casework(seawall_home: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Casework]:
    """The installation that is examined."""
    seawall_home.mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, seawall_home / "seawall.db")
    monkeypatch.setenv("SEAWALL_HOME", str(seawall_home))
    reporter = "reporter: {email: [safety@example.invalid]}, service: Example"
    (seawall_home / "authorities.yaml").write_text(f"ncmec: {{environment: production, {reporter}}}")
    with open_casework(Settings.from_env()) as found:
        yield found


def problems(name: str = "reports", **later: float) -> list[str]:
    installation = Installation(Settings.from_env(), lambda: system_clock() + timedelta(**later))
    try:
        found: list[Finding] = [finding for _, finding in examine(installation, {name: CHECKS[name]})]
    finally:
        installation.close()
    return [each.detail for each in found if each.level is Level.PROBLEM]


def test_what_is_young_or_a_drill_is_well(casework: Casework) -> None:
    assert problems() == []
    ready(casework, opened(casework, b"blue glass heron"))
    case = opened(casework, b"green glass heron", subject="account-8")
    judge(casework, case, REVIEWERS[0])
    casework.reports.draft(case.id)
    assert problems(days=9) == []


def test_what_nobody_drafts_or_approves_is_told_after_a_day(casework: Casework) -> None:
    report = ready(casework, opened(casework, b"blue glass heron", drill=False))
    casework.reports.retract(report.id, person="3" * 32, reason="the wrong account")
    assert problems() == []
    assert problems(days=2) == ["reports that wait for approvals for over a day: 1"]


def test_what_does_not_get_through_is_told(casework: Casework) -> None:
    report = ready(casework, opened(casework, b"blue glass heron", drill=False))
    files = filer(casework, "http://127.0.0.1:9")
    files.once()
    with casework.store.begin() as connection:
        from seawall.store.tables import report as table

        long_ago = "2026-01-01T00:00:00.000000Z"
        connection.execute(table.update().where(table.c.id == report.id).values(tried_since=long_ago))
    files.once()
    assert problems() == ["reports that do not get through: 1"]
    assert "reports that are approved, and not filed for over a day: 1" in problems(days=2)
    with casework.store.begin() as connection:
        pausing.pause(casework.reports, connection, "ncmec", "production", "clock_skew")
    assert problems()[0] == "nothing is sent to ncmec (production): clock_skew"


def test_settings_that_cannot_be_read_are_told(casework: Casework) -> None:
    path = Settings.from_env().home / "authorities.yaml"
    path.write_text("ncmec: {environment: everywhere}")
    assert problems("files") == [
        "authorities.yaml: ncmec.environment: Input should be 'disabled', 'test' or 'production'"
    ]
    assert casework is not None


def test_a_decision_that_fell_after_its_report_was_filed_is_told(casework: Casework) -> None:
    report = ready(casework, opened(casework, b"blue glass heron", drill=False))
    casework.reports.mark_filed(report.id, "4711", person="3" * 32, via="session")
    assert problems() == []
    (decision,) = casework.cases.decisions(report.case_id)
    with casework.store.begin() as connection:
        casework.cases.overturn(connection, decision.id, person="9" * 32, reason="it was harmless")
    installation = Installation(Settings.from_env(), system_clock)
    found = [each.detail for _, each in examine(installation, {"reports": CHECKS["reports"]})]
    installation.close()
    assert "reports that were filed, and whose decision fell since: 1" in found
