"""A whole installation that reports to the test kit: a drill or a real case, judged, drafted, approved and filed."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from seawall.cases import Submission
from seawall.cases.model import (
    Case,
    Door,
    EffectKind,
    GenerativeAi,
    ItemKind,
    Label,
    NewItem,
    NewVerdict,
    Opening,
    Outcome,
    Severity,
    SubjectKind,
)
from seawall.casework import Casework
from seawall.maintain.authorities.ncmec.client import Credentials, ReportingApi
from seawall.maintain.authorities.ncmec.environment import EnvironmentName, environment
from seawall.maintain.authorities.options import AuthorityOptions
from seawall.maintain.authorities.reports import Filer, Report
from seawall.maintain.authorities.testkit import TestKit
from seawall.maintain.authorities.testkit.clock import VirtualClock
from seawall.vault.objects import Purpose

REVIEWERS = ("1" * 32, "2" * 32)
APPROVERS = ("3" * 32, "4" * 32)
REPORTER = {"first_name": "Safety", "email": ["safety@example.invalid"]}
OPTIONS: dict[str, Any] = {
    "ncmec": {"environment": "production", "service": "Example Image API", "reporter": REPORTER},
}


def options(**ncmec: Any) -> AuthorityOptions:
    """Return settings with some of NCMEC's changed."""
    return AuthorityOptions.model_validate({"ncmec": OPTIONS["ncmec"] | ncmec})


class Hands(VirtualClock):
    """The clock of an installation: it goes on by itself, and is moved by whoever wants to."""

    def pass_by(self, **length: float) -> None:
        """Let time pass."""
        self.forward(timedelta(**length).total_seconds())


def opened(
    casework: Casework,
    *contents: bytes,
    drill: bool = True,
    subject: str = "account-7",
    kind: ItemKind = ItemKind.IMAGE,
    media_type: str = "image/png",
    imminent: bool = False,
    jurisdiction: str | None = None,
    evidence: dict[str, Any] | None = None,
) -> Case:
    """Open a case of an account with harmless bytes in the vault."""
    items = []
    for data in contents:
        kept = casework.vault.put(io.BytesIO(data), purpose=Purpose.EVIDENCE, person="door", media_type=media_type)
        items.append(
            NewItem(key=f"item/{kept.id}", kind=kind, sha256=kept.sha256, vault=kept.id, evidence=evidence or {})
        )
    return opened_with(casework, *items, drill=drill, subject=subject, imminent=imminent, jurisdiction=jurisdiction)


def opened_with(casework: Casework, *items: NewItem, drill: bool = True, **facts: Any) -> Case:
    """Open a case with items."""
    case_id = casework.cases.open_case(
        Opening(
            subject_kind=facts.get("subject_kind", SubjectKind.ACCOUNT),
            subject=facts.get("subject", "account-7"),
            door=facts.get("door", Door.GUARD),
            severity=Severity.MEDIUM,
            category="canary" if drill else "csem.sexualised_media",
            items=items,
            drill=drill,
            event_class=facts.get("event_class"),
            imminent=facts.get("imminent", False),
            jurisdiction=facts.get("jurisdiction"),
        )
    )
    return casework.cases.get(case_id)


def judge(
    casework: Casework,
    case: Case,
    person: str,
    label: Label = Label.CANARY,
    generative_ai: GenerativeAi = GenerativeAi.UNKNOWN,
    outcome: Outcome = Outcome.REPORTABLE,
) -> None:
    """Let somebody judge a case."""
    claimed = casework.cases.claim(person, queues=[case.queue])
    while claimed is not None and claimed.case.id != case.id:
        claimed = casework.cases.claim(person, queues=[case.queue])
    assert claimed is not None, "the case waits for this person"
    asked = casework.cases.asked(claimed.task.id)
    verdicts = tuple(NewVerdict(each, label, generative_ai=generative_ai, rationale="because") for each in asked)
    effects = (EffectKind.REPORT_DRAFT,) if outcome is Outcome.REPORTABLE else ()
    casework.cases.submit(
        claimed.task.id, person, claimed.task.token, Submission(verdicts, outcome, effects, ("terms-4",))
    )


def drafted(casework: Casework, case: Case) -> Report:
    """Draft the report of a case, say why it says little, and return it."""
    report = casework.reports.draft(case.id)[-1]
    return casework.reports.answer(report.id, "low_score", "nothing more is on record", person=APPROVERS[0])


def approved(casework: Casework, report: Report, people: int = 2) -> Report:
    """Let people approve a report."""
    for person in APPROVERS[:people]:
        assert report.digest is not None
        report = casework.reports.approve(report.id, report.digest, person=person, via="session")
    return report


def filer(casework: Casework, address: str) -> Filer:
    """Return what files to a test kit at an address."""

    def connect(name: EnvironmentName) -> ReportingApi:
        base = "/ispws" if name is EnvironmentName.TEST else "/prod/ispws"
        return ReportingApi(environment(name, f"{address}{base}"), Credentials("testkit", "testkit"))

    return Filer(casework.reports, connect, wait=lambda _tries: timedelta())


def filed_there(kit: TestKit, *, drill: bool = True) -> list[dict[str, Any]]:
    """Return the finished reports of the test kit."""
    return [
        each for each in kit.environments["/ispws" if drill else "/prod/ispws"].state() if each["state"] == "finished"
    ]


def ready(casework: Casework, case: Case) -> Report:
    """Judge a case, draft its report, and approve it."""
    judge(casework, case, REVIEWERS[0], Label.CANARY if case.drill else Label.CSEM_SEXUALISED_MEDIA)
    if not casework.cases.decisions(case.id):
        judge(casework, case, REVIEWERS[1], Label.CANARY if case.drill else Label.CSEM_SEXUALISED_MEDIA)
    return approved(casework, drafted(casework, case))
