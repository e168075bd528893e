"""`/report`: the form, the request for intimate images of adults, the receipt, and what became of a notice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.deploy.notices import (
    NewNotice,
    NoticeInvalid,
    Notices,
    ObjectType,
    Relation,
    Sender,
    emergency_words,
    on_receipt,
    on_status,
)
from seawall.deploy.notices.errors import ReporterSuspended, TooManyNotices, UnknownReceipt
from seawall.deploy.notices.wording import words_for
from seawall.web.errors import HttpProblem
from seawall.web.notices import Suspended, TooMany
from seawall.web.pages import Fields, add_page, add_static, read_fields, render, site_of
from seawall.web.parts import Parts
from seawall.web.public.form import CATEGORIES, MORE, Prefill, choices, error_words, new_nonce, to_notice
from seawall.web.route import anybody

FORM = "public/report.html"
REQUEST = "public/take_it_down.html"
_PATHS = ("/report", "/report/take-it-down", "/report/status")
_KEPT = ("lang", "embed", "subject", "type", "country")


class ForeignForm(HttpProblem):
    """A page of somebody else may not send this form."""

    code = "foreign_form"
    status = 403


def add_public(app: FastAPI, parts: Parts, notices: Notices) -> None:
    """Add the pages.

    Args:
        app: The server.
        parts: What it is made of.
        notices: The book of notices.
    """
    del parts
    pages = _Pages(notices)

    @anybody
    async def form(request: Request) -> Response:
        return pages.form(request, take_it_down=False)

    @anybody
    async def request_form(request: Request) -> Response:
        return pages.form(request, take_it_down=True)

    @anybody
    async def send(request: Request) -> Response:
        return await pages.send(request, take_it_down=False)

    @anybody
    async def send_request(request: Request) -> Response:
        return await pages.send(request, take_it_down=True)

    @anybody
    async def look_up(request: Request) -> Response:
        return pages.look_up(request)

    @anybody
    async def looked_up(request: Request) -> Response:
        _expect_own(request)
        fields = await read_fields(request)
        return await pages.status(request, fields.get("receipt"), typed=True)

    @anybody
    async def status(request: Request, receipt: str) -> Response:
        return await pages.status(request, receipt, typed=False)

    add_static(app)
    add_page(app, ["GET"], "/report", form)
    add_page(app, ["POST"], "/report", send)
    add_page(app, ["GET"], "/report/take-it-down", request_form)
    add_page(app, ["POST"], "/report/take-it-down", send_request)
    add_page(app, ["GET"], "/report/status", look_up)
    add_page(app, ["POST"], "/report/status", looked_up)
    add_page(app, ["GET"], "/report/{receipt}", status)


class _Pages:
    """Makes the pages.

    Args:
        notices: The book of notices.
    """

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._options = notices.options

    def form(self, request: Request, *, take_it_down: bool) -> Response:
        """Return an empty form."""
        filled = Prefill.of(request.query_params)
        fields = Fields({"subject": (filled.subject,), "type": (filled.type,), "country": (filled.country,)})
        return self._form(request, fields, {}, take_it_down=take_it_down)

    async def send(self, request: Request, *, take_it_down: bool) -> Response:
        """Take a notice, and return the page with its receipt; or the form with what is wrong."""
        _expect_own(request)
        fields = await read_fields(request)
        site = site_of(request)
        language = site.wording.choose(request)
        notice, problems = to_notice(fields, language, take_it_down=take_it_down)
        if notice is not None:
            try:
                return await self._received(request, notice)
            except NoticeInvalid as error:
                problems = {each.field: each.kind for each in error.problems}
        return self._form(
            request, fields, error_words(problems, site.wording, language), take_it_down=take_it_down, status=422
        )

    def look_up(self, request: Request, *, wrong: bool = False) -> Response:
        """Return the page that asks for a receipt."""
        return self._render(request, "public/look_up.html", 404 if wrong else 200, wrong=wrong)

    async def status(self, request: Request, receipt: str, *, typed: bool) -> Response:
        """Return what became of a notice."""
        try:
            found = await run_in_threadpool(self._notices.status, receipt)
        except UnknownReceipt:
            return self.look_up(request, wrong=bool(receipt) or typed)
        told = on_status(found, self._options, site_of(request).wording.choose(request).code)
        return self._render(request, "public/status.html", found=found, told=told)

    async def _received(self, request: Request, notice: NewNotice) -> Response:
        address = request.client.host if request.client is not None else None
        try:
            receipt = await run_in_threadpool(self._notices.receive, notice, Sender(address=address))
        except TooManyNotices as error:
            problem = TooMany()
            problem.headers = ((b"retry-after", str(error.retry_after).encode()),)
            raise problem from None
        except ReporterSuspended as error:
            raise Suspended(error.message) from None
        told = on_receipt(receipt, self._options, site_of(request).wording.choose(request).code)
        services = self._notices.help(notice.relation, notice.country)
        return self._render(request, "public/received.html", receipt=receipt, told=told, services=services)

    def _form(
        self,
        request: Request,
        fields: Fields,
        errors: dict[str, str],
        *,
        take_it_down: bool,
        status: int = 200,
    ) -> Response:
        wording = site_of(request).wording
        language = wording.choose(request)
        emergency = emergency_words(fields.get("country") or None, self._options, language.code)

        def say(key: str) -> str:
            return wording.say(language, key)

        return self._render(
            request,
            REQUEST if take_it_down else FORM,
            status,
            fields=fields,
            errors=errors,
            once=fields.get("once") or new_nonce(),
            fixed=bool(fields.get("subject")) and "subject" in request.query_params and "subject" not in errors,
            more=bool(MORE & errors.keys()),
            categories=[
                (each.value, say(f"public.category.{each.value}"), say(f"public.category_hint.{each.value}"))
                for each in CATEGORIES
            ],
            types=[("", say("public.unsure")), *choices(ObjectType, "public.type", say)],
            relations=[("", say("public.unsaid")), *choices(Relation, "public.relation", say)],
            countries=_countries(self._options.emergency),
            action=_here(request),
            emergency=emergency,
        )

    def _render(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        language = site_of(request).wording.choose(request)
        return render(
            request,
            name,
            status,
            frame_ancestors=self._options.embed,
            service=self._options.service,
            contact=self._options.contact,
            exit_url=self._options.exit_url,
            embedded="embed" in request.query_params,
            words=words_for(language.code)[1],
            here=_here(request, without=("lang",)),
            to=lambda path: _kept(path, request, ("lang", "embed", "country")),
            **values,
        )


def _countries(known: Iterable[str]) -> list[tuple[str, str]]:
    codes = sorted(known)
    return [("", "–"), *zip(codes, codes, strict=True)] if codes else []


def _here(request: Request, *, without: Sequence[str] = ()) -> str:
    """Return the address of this page with what the form may be asked with, and no receipt."""
    path = request.url.path if request.url.path in _PATHS else "/report/status"
    return _kept(path, request, [name for name in _KEPT if name not in without])


def _kept(path: str, request: Request, names: Iterable[str]) -> str:
    asked = request.query_params
    kept = {name: asked[name] for name in names if name in asked}
    return f"{path}?{urlencode(kept)}" if kept else path


def _expect_own(request: Request) -> None:
    """Refuse what a page of another site makes its visitors send."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForeignForm
