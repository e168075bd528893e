"""Looking: a step of the ladder is recorded, then shown, then told of for how long it was seen.

`GET /review/exposures/{id}` is the only address of the console under which anything of an item's content leaves, and
it answers nobody but the person of the exposure, while they hold the task, for a few minutes.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from math import isfinite

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.errors import NotFound, SeawallError
from seawall.users import Permission
from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing.model import Exposure
from seawall.web.errors import Malformed
from seawall.web.pages import add_page, read_fields, redirect, secure
from seawall.web.review import ladder
from seawall.web.review.console import Console
from seawall.web.review.errors import NotYours, RestFirst, RungLocked
from seawall.web.review.holding import Held, held
from seawall.web.sessions import SignedIn, current, signed_in

FRESH = timedelta(minutes=15)
"""For how long what was asked for can be looked at before it must be asked for again."""

_LONGEST_MS = 86_400_000
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})")
_PART = 1 << 20
_SHOWN = re.compile(r"(image/(png|jpeg|webp|gif|bmp|avif|tiff)|(video|audio)/[a-z0-9.+-]{1,40}|text/plain.*)")
_SANDBOX = "default-src 'none'; sandbox"


def add_looking(app: FastAPI, console: Console) -> None:
    """Add the routes."""

    @signed_in(Permission.REVIEW, Permission.OPEN_EVIDENCE)
    async def show(request: Request, task: str, item: str) -> Response:
        fields = await read_fields(request)
        me = current(request)
        exposure = await run_in_threadpool(_ask, console, me, task, item, fields.get("rung"))
        number = fields.get("n")
        place = f"#item-{number}" if number.isdecimal() and len(number) < 6 else ""
        return redirect(request, f"/review/tasks/{task}?e={exposure}{place}")

    @signed_in(Permission.REVIEW, Permission.OPEN_EVIDENCE)
    async def content(request: Request, exposure: str) -> Response:
        return await run_in_threadpool(_content, console, current(request), exposure, request.headers.get("range"))

    @signed_in(Permission.REVIEW)
    async def seen(request: Request, exposure: str) -> Response:
        fields = await read_fields(request)
        ms, spans, sound = fields.get("ms", "0"), fields.get("spans", "[]"), fields.get("sound") == "1"
        await run_in_threadpool(_seen, console, current(request), exposure, ms, spans, sound)
        return secure(Response(b"", 204))

    add_page(app, ["POST"], "/review/tasks/{task}/items/{item}/show", show)
    add_page(app, ["GET"], "/review/exposures/{exposure}", content)
    add_page(app, ["POST"], "/review/exposures/{exposure}/seen", seen)


def shown_in(console: Console, user: str, holding: Held) -> list[Exposure]:
    """Return what was shown to somebody in the task that they hold."""
    since = holding.task.created_at
    return [each for each in console.viewing.exposures(user, since) if each.task == holding.task.id]


def _ask(console: Console, me: SignedIn, task_id: str, item_id: str, rung_name: str) -> str:
    """Record that somebody asks for a step of the ladder; return the exposure's id.

    Raises:
        NotYours: If they do not hold the task, or it has no such item.
        RungLocked: If the step cannot be taken.
        RestFirst: If a limit is reached.
    """
    holding = held(console, me.user.id, task_id)
    item = next((each for each in holding.items if each.id == item_id and each.id not in holding.known), None)
    if item is None or item.vault is None:
        raise NotYours
    if rung_name not in list(Rung):
        raise Malformed("there is no such step")
    rung = Rung(rung_name)
    preset = console.wellness.preset(me.user.id, holding.case.category)
    why = ladder.locked(item, rung, preset, shown_in(console, me.user.id, holding), may_open=True)
    if why is not None:
        raise RungLocked
    if rung.shows_content and not console.wellness.load(me.user.id).anything_allowed:
        raise RestFirst
    kept = console.vault.get(item.vault)
    return console.viewing.shown(
        kept.id,
        kept.sha256,
        user=me.user.id,
        case=holding.case.id,
        task=holding.task.id,
        rung=rung,
        severity=int(holding.case.severity),
    )


def own_exposure(console: Console, me: SignedIn, exposure_id: str) -> Exposure:
    """Return an exposure that may be looked at now.

    Raises:
        NotYours: If it is somebody else's, too old, or of a task that is no longer held.
    """
    try:
        found = console.viewing.exposure(exposure_id)
    except SeawallError:
        raise NotYours from None
    fresh = console.clock() - datetime.fromisoformat(found.shown_at) <= FRESH
    mine = found.user == me.user.id and any(each.id == found.task for each in console.desk.held(me.user.id))
    if not (fresh and mine):
        raise NotYours
    return found


def _content(console: Console, me: SignedIn, exposure_id: str, wanted: str | None) -> Response:
    exposure = own_exposure(console, me, exposure_id)
    if exposure.rung.shows_content and console.wellness.load(me.user.id).on_break:
        raise RestFirst
    found = _RANGE.fullmatch(wanted or "")
    if exposure.rung is Rung.FULL and found is not None:
        return _part(console, exposure, int(found[1]), int(found[2]) if found[2] else None)
    made = console.derivatives.make(exposure.object, exposure.rung, user=exposure.user, case=exposure.case)
    return _bare(Response(made.data, media_type=_type(made.media_type)))


def _part(console: Console, exposure: Exposure, start: int, end: int | None) -> Response:
    """Return a part of an original, for players that ask for parts."""
    size = console.vault.get(exposure.object).size
    last = min(size - 1, start + _PART * 4 - 1, end if end is not None else size - 1)
    if start >= size or last < start:
        return _bare(Response(b"", 416, {"content-range": f"bytes */{size}"}))
    with console.derivatives.original(exposure.object, user=exposure.user, case=exposure.case) as (media_type, stream):
        stream.seek(start)
        data = stream.read(last - start + 1)
    headers = {"content-range": f"bytes {start}-{start + len(data) - 1}/{size}", "accept-ranges": "bytes"}
    return _bare(Response(data, 206, headers, media_type=_type(media_type)))


def _type(media_type: str) -> str:
    return media_type if _SHOWN.fullmatch(media_type) else "application/octet-stream"


def _bare(response: Response) -> Response:
    """Put the headers on content: kept nowhere, and if it is opened by itself, able to do nothing."""
    secure(response)
    response.headers["content-security-policy"] = _SANDBOX
    response.headers["content-disposition"] = "inline"
    response.headers["cache-control"] = "no-store"
    return response


def _seen(console: Console, me: SignedIn, exposure_id: str, ms: str, spans: str, sound: bool) -> None:
    try:
        played = [(float(start), float(end)) for start, end in json.loads(spans)]
        visible = int(ms)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise Malformed("a beacon tells milliseconds and spans") from None
    if not all(isfinite(each) for span in played for each in span):
        raise Malformed("a beacon tells milliseconds and spans")
    try:
        console.viewing.seen(exposure_id, max(0, min(visible, _LONGEST_MS)), spans=played, sound=sound, user=me.user.id)
    except NotFound:
        raise NotYours from None
