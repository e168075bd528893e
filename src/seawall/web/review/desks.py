"""The desk: what is next, how the queues stand, breaks, and stopping."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.clock import to_iso
from seawall.errors import SeawallError
from seawall.maintain.review import BreakNotOver, Load, Rest
from seawall.users import Permission
from seawall.web.pages import add_page, read_fields
from seawall.web.review.console import Console
from seawall.web.review.forms import drafted
from seawall.web.review.frame import HOME, go, leads, page, told, words
from seawall.web.review.views import Words
from seawall.web.sessions import current, signed_in

BREAK = "/review/break"


def add_desk(app: FastAPI, console: Console) -> None:
    """Add the routes."""

    @signed_in(Permission.REVIEW)
    async def desk(request: Request) -> Response:
        return await run_in_threadpool(_desk, request, console)

    @signed_in(Permission.REVIEW)
    async def take(request: Request) -> Response:
        queue = (await read_fields(request)).get("queue")
        return await run_in_threadpool(_take, request, console, queue)

    @signed_in(Permission.REVIEW)
    async def rest(request: Request) -> Response:
        return await run_in_threadpool(_rest, request, console)

    @signed_in(Permission.REVIEW)
    async def begin(request: Request) -> Response:
        await run_in_threadpool(console.wellness.begin_break, current(request).user.id)
        return go(request, BREAK)

    @signed_in(Permission.REVIEW)
    async def end(request: Request) -> Response:
        try:
            await run_in_threadpool(console.wellness.end_break, current(request).user.id)
        except BreakNotOver:
            return go(request, BREAK)
        return go(request, HOME)

    @signed_in(Permission.REVIEW)
    async def stop(request: Request) -> Response:
        fields = await read_fields(request)
        me = current(request)
        # What is on the page and not yet kept comes along with the stop.
        await run_in_threadpool(_keep, console, me.user.id, fields.get("task"), fields.get("draft"))
        await run_in_threadpool(console.desk.stop, me.user.id)
        return go(request, BREAK, "stop")

    add_page(app, ["GET"], HOME, desk)
    add_page(app, ["POST"], "/review/next", take)
    add_page(app, ["GET"], BREAK, rest)
    add_page(app, ["POST"], BREAK, begin)
    add_page(app, ["POST"], f"{BREAK}/end", end)
    add_page(app, ["POST"], "/review/stop", stop)


def load_view(load: Load, t: Words) -> dict[str, Any]:
    """Return what somebody has met today, as pages show it to them."""
    percent = min(100, round(100 * load.spent / load.budget)) if load.budget else 100
    word = "must" if load.must_break else {100: "must", 80: "high", 50: "soft"}.get(load.soft, "calm")
    why = ", ".join(t(f"review.why.{each.value}") for each in load.reasons)
    return {
        "percent": percent,
        "words": t(f"review.load.{word}", percent=percent),
        "why": why,
        "must_break": load.must_break,
        "on_break": load.on_break,
        "facts": [
            (t("review.me.severe"), f"{load.severe} / {load.severe_cap}"),
            (t("review.me.break_due"), _clock(load.break_due)),
        ],
    }


def _desk(request: Request, console: Console) -> Response:
    user, t = current(request).user.id, words(request)
    mine = console.queues(lead=leads(request))
    load = console.wellness.load(user)
    return page(
        request,
        "desk",
        "desk",
        open_task=next(iter(console.desk.held(user)), None),
        load=load_view(load, t),
        queues=[each for each in console.cases.queues() if each.queue in mine],
        told=told(request),
    )


def _take(request: Request, console: Console, queue: str) -> Response:
    user, lead = current(request).user.id, leads(request)
    mine = console.queues(lead=lead)
    queues = [queue] if queue in mine else mine
    given = console.desk.claim(user, queues=queues, kinds=console.kinds(lead=lead))
    if not isinstance(given, Rest):
        return go(request, f"/review/tasks/{given.task.id}")
    if console.wellness.load(user).must_break:
        return go(request, BREAK)
    return go(request, HOME, "nothing" if not given.answer.reasons else "lighter")


def _rest(request: Request, console: Console) -> Response:
    user, t = current(request).user.id, words(request)
    load = console.wellness.load(user)
    kind = "enforced" if load.must_break and load.until else "now" if load.on_break else "offer"
    why = load_view(load, t)["why"]
    return page(
        request,
        "break",
        "desk",
        words=t(f"review.break.{kind}"),
        why=why,
        until=to_iso(load.until) if load.until is not None else None,
        on_break=load.on_break,
        may_end=load.on_break and not (_due(load, console) and load.until is not None and load.until > console.clock()),
        told=told(request),
    )


def _due(load: Load, console: Console) -> bool:
    """Whether a break was due, so that it lasts as long as a break does."""
    return load.break_due is not None and load.break_due <= console.clock()


def _keep(console: Console, user: str, task_id: str, draft: str) -> None:
    task = next((each for each in console.desk.held(user) if each.id == task_id), None)
    if task is None or not draft:
        return
    try:
        console.desk.heartbeat(task.id, user, task.token, drafted(draft))
    except SeawallError:
        return  # Stopping comes before anything that is written.


def _clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M} UTC" if moment is not None else "–"
