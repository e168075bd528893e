"""Pages that are nobody else's: what somebody met today, how things are shown to them, what they leave out; support.

And what leads see: sums over five people or more, and how well judgements agree. Never a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.clock import to_iso
from seawall.errors import SeawallError
from seawall.maintain.review import TooLoose
from seawall.maintain.review.wellness import Preset
from seawall.users import Permission
from seawall.vault.derivatives.model import Rung
from seawall.web.errors import Malformed
from seawall.web.pages import Fields, add_page, read_fields
from seawall.web.review.console import Console
from seawall.web.review.desks import load_view
from seawall.web.review.frame import go, page, words
from seawall.web.review.views import Words, moment
from seawall.web.sessions import current, signed_in

ME = "/review/me"
_FLOORS = "floor"
_SECONDS = (2, 3, 5, 8, 10, 15, 20, 30)
_VOLUMES = (0, 10, 20, 30, 40)
_BUDGETS = (25, 50, 75)
_WEEKS = 8


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as a choice: only what is as strict as the floor is offered."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str
    hint: str = ""


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
        settings=_settings(console, user, t),
        categories=[("*", t("review.me.nothing_severe")), *((each, each) for each in kinds)],
        opted=opted,
        errors=errors or {},
        told=[t("review.me.saved")] if request.query_params.get("told") == "saved" else [],
    )


def _settings(console: Console, user: str, t: Words) -> list[Setting]:
    """Return the settings of the gravest kind of harm, which hold for all kinds, and the day's budget."""
    floor, own = console.wellness.floor, console.wellness.settings(user)
    strictest = _strictest([*floor.presets.values()])
    chosen = own.presets["csam"]
    same = t("review.me.as_floor")
    rungs = [each for each in Rung if each.place <= floor.presets["csam"].top.place]
    return [
        Setting(
            "start",
            t("review.me.start"),
            tuple((each.value, t(f"review.rungs.{each.value}")) for each in rungs if each.place <= 1),
            chosen.start.value,
            t("review.me.start_hint"),
        ),
        Setting(
            "top",
            t("review.me.top"),
            tuple((each.value, t(f"review.rungs.{each.value}")) for each in reversed(rungs)),
            chosen.top.value,
            t("review.me.top_hint"),
        ),
        Setting(
            "hide_seconds",
            t("review.me.hide"),
            tuple((str(each), str(each)) for each in _SECONDS if each <= strictest.hide_seconds),
            str(chosen.hide_seconds),
            t("review.me.hide_hint"),
        ),
        Setting(
            "volume",
            t("review.me.volume"),
            tuple((str(each), f"{each} %") for each in _VOLUMES if each <= strictest.volume),
            str(chosen.volume),
        ),
        Setting(
            "day_units",
            t("review.me.budget"),
            (
                ("", same),
                *((str(floor.limits.day_units * each // 100), f"{each} %") for each in reversed(_BUDGETS)),
            ),
            str(own.limits.day_units) if "limits.day_units" in own.chosen else "",
            t("review.me.budget_hint"),
        ),
    ]


def _strictest(presets: Sequence[Preset]) -> Preset:
    found = presets[0]
    for each in presets[1:]:
        found = found.stricter(each)
    return found


def _set(request: Request, console: Console, fields: Fields) -> Response:
    user = current(request).user.id
    wanted: dict[str, Any] = {name: fields.get(name) for name in ("start", "top") if fields.get(name)}
    for name in ("hide_seconds", "volume", "day_units"):
        text = fields.get(name)
        if text and not (text.isascii() and text.isdecimal() and len(text) < 7):
            raise Malformed("this setting is a number")
    wanted |= {name: int(fields.get(name)) for name in ("hide_seconds", "volume") if fields.get(name)}
    units = int(fields.get("day_units")) if fields.get("day_units") else None
    floor = console.wellness.floor
    presets = {kind: _fitting(floor.preset(kind), wanted) for kind in floor.presets if kind != "default"}
    try:
        console.wellness.set(user, presets=presets, limits={"day_units": units})
    except TooLoose as error:
        return _me(request, console, {"start": error.message}, 422)
    return go(request, ME, "saved")


def _fitting(floor: Preset, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a choice is stricter than the floor of one kind; of the rest, the floor's."""
    made: dict[str, Any] = {}
    for name, value in wanted.items():
        checked = Preset.checked(name, value)
        if checked is None:
            raise TooLoose(f"{name} cannot be this", hint="")
        stricter = floor.with_choice({name: checked})
        made[name] = value if getattr(stricter, name) == checked and stricter != floor else None
    return made


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
