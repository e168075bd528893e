"""`/appeal`: for whoever has a receipt: no account, no script, no cookie. A receipt is never in an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.deploy.notices import NoticeOptions
from seawall.maintain.appeals import (
    AppealError,
    AppealInvalid,
    Appeals,
    NothingToAppeal,
    Standing,
    UnknownReceipt,
    on_standing,
)
from seawall.web.errors import HttpProblem
from seawall.web.pages import Fields, add_page, add_static, read_fields, render, site_of
from seawall.web.parts import Parts
from seawall.web.route import anybody

FORM = "appeals/form.html"
_KEPT = ("lang", "embed")


class ForeignAppeal(HttpProblem):
    """A page of somebody else may not send this form."""

    code = "foreign_form"
    status = 403


def add_appeal_pages(app: FastAPI, parts: Parts, appeals: Appeals, options: NoticeOptions) -> None:
    """Add the pages.

    Args:
        app: The server.
        parts: What it is made of.
        appeals: The appeals.
        options: What the pages for everybody call this service, and who may embed them.
    """
    del parts
    pages = _Pages(appeals, options)

    @anybody
    async def form(request: Request) -> Response:
        return pages.form(request, Fields(), {})

    @anybody
    async def send(request: Request) -> Response:
        return await pages.send(request)

    @anybody
    async def status(request: Request) -> Response:
        return await pages.status(request)

    add_static(app)
    add_page(app, ["GET"], "/appeal", form)
    add_page(app, ["POST"], "/appeal", send)
    add_page(app, ["POST"], "/appeal/status", status)


class _Pages:
    """Makes the pages.

    Args:
        appeals: The appeals.
        options: Of the pages for everybody.
    """

    def __init__(self, appeals: Appeals, options: NoticeOptions) -> None:
        self._appeals = appeals
        self._options = options

    def form(self, request: Request, fields: Fields, errors: dict[str, str], status: int = 200) -> Response:
        """Return the form."""
        return self._render(request, FORM, status, fields=fields, errors=errors)

    async def send(self, request: Request) -> Response:
        """Take an appeal, and return what becomes of it; or the form with what is wrong."""
        fields = await self._fields(request)
        language = site_of(request).wording.choose(request).code
        receipt = fields.get("receipt")
        if not receipt:
            return self._wrong(request, fields, "receipt", "missing")
        try:
            await run_in_threadpool(self._appeals.file, receipt, fields.get("text"), language)
        except UnknownReceipt:
            return self._wrong(request, fields, "receipt", "unknown", 404)
        except AppealInvalid:
            return self._wrong(request, fields, "text", "invalid")
        except NothingToAppeal:
            return self._wrong(request, fields, "receipt", "nothing", 409)
        except AppealError:
            # The page of the decision says why: it is too late, or there is an appeal already.
            return await self._shown(request, receipt, 409)
        return await self._shown(request, receipt, 200, new=True)

    async def status(self, request: Request) -> Response:
        """Return what became of an appeal, or whether one is possible."""
        fields = await self._fields(request)
        receipt = fields.get("receipt")
        try:
            return await self._shown(request, receipt, 200)
        except UnknownReceipt:
            return self._wrong(request, fields, "receipt", "unknown" if receipt else "missing", 404)

    async def _shown(self, request: Request, receipt: str, status: int, *, new: bool = False) -> Response:
        standings = await run_in_threadpool(self._appeals.standing, receipt)
        code = site_of(request).wording.choose(request).code
        told = [(each, on_standing(each, self._appeals.options, code)) for each in standings]
        return self._render(
            request, "appeals/status.html", status, told=told, new=new, receipt=receipt, possible=_possible(standings)
        )

    def _wrong(self, request: Request, fields: Fields, name: str, kind: str, status: int = 422) -> Response:
        wording = site_of(request).wording
        words = wording.say(wording.choose(request), f"appeals.errors.{kind}")
        return self.form(request, fields, {name: words}, status)

    async def _fields(self, request: Request) -> Fields:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise ForeignAppeal
        return await read_fields(request)

    def _render(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        return render(
            request,
            name,
            status,
            frame_ancestors=self._options.embed,
            service=self._options.service,
            contact=self._options.contact,
            exit_url=self._options.exit_url,
            embedded="embed" in request.query_params,
            here=_kept("/appeal", request, ("embed",)),
            to=lambda path: _kept(path, request, _KEPT),
            **values,
        )


def _possible(standings: Sequence[Standing]) -> bool:
    return any(each.open for each in standings)


def _kept(path: str, request: Request, names: Sequence[str]) -> str:
    kept = {name: request.query_params[name] for name in names if name in request.query_params}
    return f"{path}?{urlencode(kept)}" if kept else path
