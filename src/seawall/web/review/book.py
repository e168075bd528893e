"""Cases as a list and one by one: who did what, and what came of it. These pages show no content."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.cases import CaseError
from seawall.cases.model import CaseState, Item, Verdict
from seawall.errors import NotFound, UsageError
from seawall.users import Permission
from seawall.web.errors import Malformed
from seawall.web.pages import add_page, read_fields
from seawall.web.review import views
from seawall.web.review.console import Console
from seawall.web.review.errors import NotYours
from seawall.web.review.frame import go, page, told, words
from seawall.web.review.summaries import case_rows, decision_rows, event_row
from seawall.web.sessions import current, signed_in

_PAGE = 50
_ID = re.compile(r"[0-9a-f]{32}")
STEERED = ("hold", "resume", "escalate", "reopen", "assign")


def add_book(app: FastAPI, console: Console) -> None:
    """Add the routes."""

    @signed_in(Permission.REVIEW)
    async def cases(request: Request) -> Response:
        return await run_in_threadpool(_cases, request, console)

    @signed_in(Permission.REVIEW)
    async def case(request: Request, case: str) -> Response:
        return await run_in_threadpool(_case, request, console, case)

    @signed_in(Permission.REVIEW, Permission.ASSIGN)
    async def steer(request: Request, case: str) -> Response:
        fields = await read_fields(request)
        wanted, reason = fields.get("move"), fields.get("reason")
        return await run_in_threadpool(_steer, request, console, case, wanted, reason)

    add_page(app, ["GET"], "/review/cases", cases)
    add_page(app, ["GET"], "/review/cases/{case}", case)
    add_page(app, ["POST"], "/review/cases/{case}/steer", steer)


def _cases(request: Request, console: Console) -> Response:
    asked = request.query_params
    names = [each.name for each in console.cases.policy.queues]
    queue = asked.get("queue") if asked.get("queue") in names else None
    state = next((each for each in CaseState if each.value == asked.get("state")), None)
    after = asked.get("after") if _ID.fullmatch(asked.get("after", "")) else None
    try:
        found = console.cases.list(queue=queue, state=state, after=after, limit=_PAGE + 1)
    except NotFound:
        raise NotYours from None
    shown = found[:_PAGE]
    return page(
        request,
        "cases",
        "cases",
        cases=[views.case_view(each) for each in shown],
        more=shown[-1].id if len(found) > _PAGE else None,
        queues=names,
        states=[each.value for each in CaseState],
        queue=queue or "",
        state=state.value if state is not None else "",
    )


def _case(request: Request, console: Console, case_id: str, *, problem: str = "", status: int = 200) -> Response:
    try:
        case = console.cases.get(case_id)
    except (NotFound, UsageError):
        raise NotYours from None
    t = words(request)
    console.read(current(request).user.id, "case", case_id)
    items = console.cases.items(case_id)
    may_steer = current(request).may(Permission.ASSIGN)
    legal = [each for each in console.cases.legal(case.state) if each in STEERED] if may_steer else []
    return page(
        request,
        "case",
        "cases",
        status,
        case=views.case_view(case),
        facts=case_rows(case, t),
        items=[_item(each, console, t) for each in items],
        decisions=[decision_rows(each, console, t) for each in console.cases.decisions(case_id)],
        effects=[
            {
                "words": t(f"review.effect.{each.kind.value}"),
                "undone": each.of is not None,
                "at": each.queued_at,
                "done": each.done_at,
            }
            for each in console.cases.effects(case_id)
        ],
        events=[event_row(each, console, t) for each in console.cases.events(case_id)],
        related=[
            {"id": each.case_id, "short": views.short(each.case_id), "why": each.why}
            for each in console.cases.related(case_id)
        ],
        moves=legal,
        problem=problem,
        told=told(request),
    )


def _steer(request: Request, console: Console, case_id: str, wanted: str, reason: str) -> Response:
    person = current(request).user.id
    if wanted not in STEERED:
        raise Malformed("there is no such move")
    if not reason and wanted != "assign":
        return _case(request, console, case_id, problem=words(request)("review.decide.reason_missing"), status=422)
    try:
        if wanted == "assign":
            console.cases.assign(case_id, person, person)
        else:
            getattr(console.cases, wanted)(case_id, person, reason)
    except CaseError as error:
        return _case(request, console, case_id, problem=error.message, status=422)
    except NotFound:
        raise NotYours from None
    return go(request, f"/review/cases/{case_id}")


def _item(item: Item, console: Console, t: views.Words) -> dict[str, str]:
    verdicts: Sequence[Verdict] = [each for each in console.cases.verdicts(item.case_id) if each.item_id == item.id]
    viewed = console.viewing.viewed(item.vault) if item.vault else None
    return {
        "short": views.short(item.id),
        "kind": item.kind.value,
        "verdict": ", ".join(dict.fromkeys(views.label_words(each.label, t) for each in verdicts)),
        "viewed": t(f"review.seen.{viewed.value}") if viewed is not None else "–",
    }
