"""The page of a task: its case, its items step by step, and the form on which it is decided."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from seawall.cases import CaseError, IllegalTransition, LeaseLost, NotForYou, Result, Submitted
from seawall.cases.model import TaskKind
from seawall.maintain.review import TermUnknown
from seawall.users import Permission
from seawall.web.errors import Malformed
from seawall.web.pages import SIGNED_BYTES, Fields, add_page, read_fields
from seawall.web.review import views
from seawall.web.review.console import Console
from seawall.web.review.errors import LeaseOver, NotYours
from seawall.web.review.forms import Problems, draft_of, drafted, read_submission
from seawall.web.review.frame import HOME, go, leads, page, told, words
from seawall.web.review.holding import Held, held
from seawall.web.review.showing import item_views
from seawall.web.sessions import SignedIn, current, signed_in

MOVES = ("skip", "hold", "escalate")
_TOLD = {Result.DECIDED: "saved", Result.AWAITS: "second", Result.DISAGREES: "disagrees", Result.ESCALATED: "escalated"}


def add_tasks(app: FastAPI, console: Console) -> None:
    """Add the routes."""
    pages = _TaskPages(console)

    @signed_in(Permission.REVIEW)
    async def task(request: Request, task: str) -> Response:
        return await run_in_threadpool(pages.task, request, task)

    @signed_in(Permission.REVIEW)
    async def heartbeat(request: Request, task: str) -> Response:
        fields = await read_fields(request, most=SIGNED_BYTES)
        return await run_in_threadpool(pages.heartbeat, request, task, fields)

    @signed_in(Permission.REVIEW)
    async def decide(request: Request, task: str) -> Response:
        fields = await read_fields(request, most=SIGNED_BYTES)
        return await run_in_threadpool(pages.decide, request, task, fields)

    @signed_in(Permission.REVIEW)
    async def move(request: Request, task: str) -> Response:
        fields = await read_fields(request)
        return await run_in_threadpool(pages.move, request, task, fields)

    add_page(app, ["GET"], "/review/tasks/{task}", task)
    add_page(app, ["POST"], "/review/tasks/{task}/heartbeat", heartbeat)
    add_page(app, ["POST"], "/review/tasks/{task}/decide", decide)
    add_page(app, ["POST"], "/review/tasks/{task}/move", move)


class _TaskPages:
    """Makes the pages.

    Args:
        console: What they show.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def task(self, request: Request, task_id: str) -> Response:
        """Return the page of a task."""
        me = current(request)
        try:
            holding = held(self._console, me.user.id, task_id)
            # Whoever opens the page is there: a lease that had run out is theirs again, if nobody else took the task.
            task = self._console.desk.heartbeat(task_id, me.user.id, holding.task.token)
        except (NotYours, LeaseLost):
            return go(request, HOME, "lost")
        holding = replace(holding, task=replace(holding.task, lease_until=task.lease_until))
        if holding.task.kind is TaskKind.APPEAL:
            asked = request.url.query
            return go(request, f"/review/appeals/{holding.task.id}" + (f"?{asked}" if asked else ""))
        return self._page(request, me, holding, draft_of(holding.task.draft), {}, "")

    def heartbeat(self, request: Request, task_id: str, fields: Fields) -> Response:
        """Keep the lease, and the draft."""
        user = current(request).user.id
        draft = drafted(fields.get("draft"))
        try:
            task = self._console.desk.heartbeat(task_id, user, token_of(fields), draft)
        except LeaseLost:
            raise LeaseOver from None
        return JSONResponse({"lease_until": task.lease_until}, headers={"cache-control": "no-store"})

    def decide(self, request: Request, task_id: str, fields: Fields) -> Response:
        """Take a decision; or return the page with what is wrong, and everything that was filled in."""
        me = current(request)
        try:
            holding = held(self._console, me.user.id, task_id)
        except NotYours:
            if self._console.desk.done_by(task_id) == me.user.id:
                return go(request, HOME, "saved")  # The button was pressed twice.
            return self._lost(request, me, task_id, fields)
        asked = [each for each in holding.items if each.id in holding.asked]
        known = {key: each for key, each in holding.known.items() if key in holding.asked}
        submission, problems = read_submission(fields, asked, known, holding.alike)
        problem = ""
        if submission is not None:
            try:
                self._console.vocabularies.expect(term for each in submission.verdicts for term in each.vocabulary)
                if holding.beside:
                    given = {each.item_id: each.label for each in submission.verdicts}
                    self._console.desk.submit(task_id, me.user.id, token_of(fields), given)
                    return go(request, HOME, "saved")
                done = self._console.cases.submit(task_id, me.user.id, token_of(fields), submission)
                return go(request, HOME, _said(done))
            except LeaseLost:
                return self._lost(request, me, task_id, fields)
            except NotForYou:
                return go(request, HOME, "lost")
            except (CaseError, TermUnknown) as error:
                problem = error.message
        else:
            problem = words(request)("review.decide.check")
        return self._page(request, me, holding, fields, problems, problem, status=422)

    def move(self, request: Request, task_id: str, fields: Fields) -> Response:
        """Give a task back, or do something else with its case."""
        me = current(request)
        wanted = fields.get("move")
        if wanted not in MOVES:
            raise Malformed("there is no such move")
        holding = held(self._console, me.user.id, task_id)
        reason, draft = fields.get("reason"), holding.task.draft
        if wanted != "skip" and not reason:
            problem = words(request)("review.decide.reason_missing")
            return self._page(request, me, holding, draft_of(draft), {}, problem, status=422)
        try:
            if wanted == "skip" or holding.beside:
                token = token_of(fields)
                self._console.desk.release(task_id, me.user.id, token, reason=reason or "skipped", draft=draft)
            elif wanted == "hold":
                self._console.cases.hold(holding.case.id, me.user.id, reason)
            else:
                self._console.cases.escalate(holding.case.id, me.user.id, reason)
        except LeaseLost:
            return go(request, HOME, "lost")
        except IllegalTransition as error:
            return self._page(request, me, holding, draft_of(draft), {}, error.message, status=422)
        return go(request, HOME, wanted)

    def _lost(self, request: Request, me: SignedIn, task_id: str, fields: Fields) -> Response:
        """Keep what was filled in although the task is somebody else's now, and say so."""
        if not self._console.desk.beside(task_id):
            with suppress(CaseError):
                self._console.cases.heartbeat(task_id, me.user.id, token_of(fields), draft_of_fields(fields))
        return go(request, HOME, "lost")

    def _page(
        self,
        request: Request,
        me: SignedIn,
        holding: Held,
        filled: Fields,
        errors: Problems,
        problem: str,
        status: int = 200,
    ) -> Response:
        t = words(request)
        console = self._console
        console.read(me.user.id, "case", holding.case.id)
        items = item_views(request, console, me, holding)
        related = [] if holding.beside else console.cases.related(holding.case.id)
        return page(
            request,
            "task",
            "desk",
            status,
            task=views.task_view(holding.task),
            case=views.case_view(holding.case),
            items=items,
            related=[{"id": each.case_id, "short": views.short(each.case_id), "why": each.why} for each in related],
            label_groups=views.label_groups(drill=holding.case.drill),
            outcomes=views.outcomes(t),
            effects=views.effects(t),
            vocabularies=console.newest_vocabularies(),
            filled=filled,
            errors={name: t(f"review.decide.{kind}") for name, kind in errors.items()},
            problem=problem,
            told=told(request),
            moves=MOVES,
            media=any(each.shown is not None and each.shown.how == "player" for each in items),
            lead=leads(request),
        )


def _said(done: Submitted) -> str:
    return _TOLD[done.result]


def token_of(fields: Fields) -> int:
    """Return the number of the lease that a form carries.

    Raises:
        Malformed: If it carries none.
    """
    sent = fields.get("token")
    if not (sent.isascii() and sent.isdecimal() and len(sent) < 19):
        raise Malformed("the form lacks its lease")
    return int(sent)


def draft_of_fields(fields: Fields) -> dict[str, Any]:
    """Return what a form sent as a draft."""
    left_out = {"csrf", "token"}
    return {"fields": [[name, value] for name in sorted(fields.names() - left_out) for value in fields.all(name)]}
