"""Pages that are nobody else's: what somebody met today, how things are shown to them, what they leave out; support.

And what leads see: sums over five people or more, and how well judgements agree. Never a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.clock import to_iso
from seawall.errors import SeawallError
from seawall.maintain.review import TooLoose
from seawall.users import Permission
from seawall.web.pages import Fields, add_page, read_fields
from seawall.web.review.console import Console
from seawall.web.review.desks import load_view
from seawall.web.review.frame import go, page, words
from seawall.web.review.gentler import choice_of, settings_of
from seawall.web.review.views import moment
from seawall.web.sessions import current, signed_in

ME = "/review/me"
_WEEKS = 8


def add_own(app: FastAPI, console: Console) -> None:
    """Add the routes."""

    @signed_in(Permission.REVIEW)
    async def me(request: Request) -> Response:
        return await run_in_threadpool(_me, request, console)

    @signed_in(Permission.REVIEW)
    async def settings(request: Request) -> Response:
        fields = await read_fields(request)
        return await run_in_threadpool(_set, request, console, fields)

    @signed_in(Permission.REVIEW)
    async def opt_out(request: Request) -> Response:
        fields = await read_fields(request)
        return await run_in_threadpool(_opt_out, request, console, fields.get("category"), fields.get("until"))

    @signed_in(Permission.REVIEW)
    async def opt_in(request: Request) -> Response:
        category = (await read_fields(request)).get("category")
        user = current(request).user.id
        await run_in_threadpool(console.wellness.opt_in, user, None if category == "*" else category)
        return go(request, ME, "saved")

    @signed_in(Permission.REVIEW)
    async def support(request: Request) -> Response:
        return page(request, "support", "support", lines=console.support)

    @signed_in(Permission.SEE_AGGREGATES)
    async def team(request: Request) -> Response:
        return await run_in_threadpool(_team, request, console)

    add_page(app, ["GET"], ME, me)
    add_page(app, ["POST"], f"{ME}/settings", settings)
    add_page(app, ["POST"], f"{ME}/opt-out", opt_out)
    add_page(app, ["POST"], f"{ME}/opt-in", opt_in)
    add_page(app, ["GET"], "/review/support", support)
    add_page(app, ["GET"], "/review/team", team)


def _me(request: Request, console: Console, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    user, t = current(request).user.id, words(request)
    wellness = console.wellness
    kinds = [each for each in wellness.floor.presets if each not in ("default", "canary")]
    opted = [
        {
            "category": name,
            "words": t("review.me.nothing_severe") if name == "*" else name,
            "until": moment(to_iso(until)) if until is not None else None,
        }
        for name, until in wellness.opted_out(user).items()
    ]
    return page(
        request,
        "me",
        "me",
        status,
        load=load_view(wellness.load(user), t),
        settings=settings_of(console.wellness.floor, wellness.settings(user), t),
        categories=[("*", t("review.me.nothing_severe")), *((each, each) for each in kinds)],
        opted=opted,
        errors=errors or {},
        told=[t("review.me.saved")] if request.query_params.get("told") == "saved" else [],
    )


def _set(request: Request, console: Console, fields: Fields) -> Response:
    user, t = current(request).user.id, words(request)
    try:
        presets, limits = choice_of(fields)
        console.wellness.set(user, presets=presets, limits=limits)
    except TooLoose as error:
        return _me(request, console, {error.setting: t("review.me.too_loose")}, 422)
    return go(request, ME, "saved")


def _opt_out(request: Request, console: Console, category: str, until: str) -> Response:
    user, wellness = current(request).user.id, console.wellness
    if category == "*":
        wellness.not_today(user)
    elif until == "today":
        wellness.opt_out(user, category, console.clock() + timedelta(hours=wellness.floor.not_today_hours))
    else:
        wellness.opt_out(user, category)
    return go(request, ME, "saved")


def _team(request: Request, console: Console) -> Response:
    today = console.clock().date()
    weeks = [console.aggregates.week(today - timedelta(days=7 * back)) for back in range(1, _WEEKS + 1)]
    try:
        agreements = list(console.quality.agreement())
    except SeawallError:
        agreements = []
    return page(request, "team", "team", weeks=[each for each in weeks if each is not None], agreements=agreements)
