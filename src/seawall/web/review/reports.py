"""Reports to authorities: what would be sent, in plain words, and the approval of exactly that. No medium is shown.

The words of a case are behind a fold, closed at first; that somebody read a report is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.errors import NotFound, SeawallError
from seawall.maintain.authorities.ncmec.package import Package
from seawall.maintain.authorities.ncmec.preview import Line
from seawall.maintain.authorities.reports import Report, ReportState
from seawall.users import Permission
from seawall.web.pages import Fields, add_page, read_fields
from seawall.web.review.console import Console
from seawall.web.review.errors import NotYours
from seawall.web.review.frame import go, page, told, words
from seawall.web.review.views import Words
from seawall.web.sessions import current, signed_in

QUESTIONS = ("escalate", "low_score", "compromised_account", "self_production", "minor_to_minor")
_YES_OR_NO = QUESTIONS[2:]
_OPEN = frozenset({ReportState.DRAFT, ReportState.APPROVED, ReportState.NEEDS_REPAIR})
_TONES = {
    ReportState.FILED: "good",
    ReportState.FILED_MANUALLY: "good",
    ReportState.NEEDS_REPAIR: "bad",
    ReportState.STOPPED: "bad",
    ReportState.PAUSED: "bad",
    ReportState.DRAFT: "care",
}
_FOLDED = frozenset({"content"})
_PURPOSE = "approving the report"
_PAGE = 50
_SHORT = 8
_ID = re.compile(r"[0-9a-f]{32}")


def add_reports(app: FastAPI, console: Console) -> None:
    """Add the routes."""

    @signed_in(Permission.OPEN_EVIDENCE)
    async def reports(request: Request) -> Response:
        return await run_in_threadpool(_reports, request, console)

    @signed_in(Permission.OPEN_EVIDENCE)
    async def report(request: Request, report: str) -> Response:
        return await run_in_threadpool(_report, request, console, report)

    @signed_in(Permission.OPEN_EVIDENCE)
    async def act(request: Request, report: str) -> Response:
        fields = await read_fields(request)
        return await run_in_threadpool(_act, request, console, report, fields)

    add_page(app, ["GET"], "/review/reports", reports)
    add_page(app, ["GET"], "/review/reports/{report}", report)
    add_page(app, ["POST"], "/review/reports/{report}", act)


def _reports(request: Request, console: Console) -> Response:
    asked = request.query_params
    state = next((each for each in ReportState if each.value == asked.get("state")), None)
    after = asked.get("after") if _ID.fullmatch(asked.get("after", "")) else None
    found = console.reports.list(state=state, after=after, limit=_PAGE + 1)
    shown = found[:_PAGE]
    return page(
        request,
        "reports",
        "reports",
        reports=[_view(each) for each in shown],
        more=shown[-1].id if len(found) > _PAGE else None,
        states=[each.value for each in ReportState],
        state=state.value if state is not None else "",
    )


def _report(request: Request, console: Console, report_id: str, *, problem: str = "") -> Response:
    me, t = current(request), words(request)
    try:
        report = console.reports.get(report_id)
    except NotFound:
        raise NotYours from None
    package = None
    if report.documents is not None:
        package = console.reports.package(report.id, person=me.user.id, purpose=_PURPOSE)
    mine = any(each.person == me.user.id for each in report.approvals)
    return page(
        request,
        "report",
        "reports",
        422 if problem else 200,
        report=_view(report),
        facts=_facts(report, t),
        documents=_documents(package) if package is not None and not report.faults else [],
        faults=[{"path": each.path, "rule": each.rule, "message": each.message} for each in _faults(package, console)],
        missing=list(package.completeness().missing) if package is not None else [],
        approvals=[{"name": console.name_of(each.person), "at": each.at, "via": each.via} for each in report.approvals],
        steps=[_step(each) for each in console.reports.steps(report.id)],
        questions=QUESTIONS if report.state in _OPEN else (),
        yes_or_no=_YES_OR_NO,
        may_approve=report.state in _OPEN and not report.faults and not mine and report.digest is not None,
        mine=mine,
        digest=report.digest,
        told=told(request),
        problem=problem,
    )


def _act(request: Request, console: Console, report_id: str, fields: Fields) -> Response:
    person = current(request).user.id
    try:
        if fields.get("move") == "approve":
            console.reports.approve(report_id, fields.get("digest"), person=person, via="session")
        elif fields.get("move") == "retract":
            console.reports.retract(report_id, person=person, reason=fields.get("reason"))
        else:
            console.reports.answer(report_id, fields.get("question"), fields.get("answer"), person=person)
    except NotFound:
        raise NotYours from None
    except SeawallError as error:
        return _report(request, console, report_id, problem=error.message)
    return go(request, f"/review/reports/{report_id}", "saved")


def _view(report: Report) -> dict[str, Any]:
    return {
        "id": report.id,
        "short": report.id[-_SHORT:],
        "case": report.case_id,
        "state": report.state.value,
        "tone": _TONES.get(report.state, "quiet"),
        "drill": report.environment.value == "test",
        "event_class": report.event_class,
        "score": report.score,
        "informational": report.informational,
        "danger": report.imminent and not report.escalated,
        "urgent": report.escalated,
        "made": report.made_at,
    }


def _facts(report: Report, t: Words) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = [
        (t("review.reports.authority"), report.authority),
        (t("review.reports.class"), report.event_class),
        (t("review.reports.score"), f"{report.score} / 100"),
        (t("review.reports.edition"), report.edition),
    ]
    if report.why is not None:
        rows.append((t("review.reports.why"), report.why))
    if report.remote_id is not None:
        rows.append((t("review.reports.receipt"), report.remote_id))
    if report.due_at is not None:
        rows.append((t("review.reports.due"), report.due_at[:16].replace("T", " ") + " UTC"))
    return rows


def _documents(package: Package) -> list[dict[str, Any]]:
    return [{"name": name, "lines": [_line(each) for each in lines]} for name, lines in package.preview().documents]


def _line(line: Line) -> dict[str, Any]:
    return {"what": line.what, "said": line.said, "depth": min(line.depth, 5), "folded": line.what in _FOLDED}


def _faults(package: Package | None, console: Console) -> list[Any]:
    return [] if package is None else package.faults(console.clock())


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {"at": step["at"], "kind": step["kind"], "what": step["call"] or "", "came": step["meaning"] or ""}
