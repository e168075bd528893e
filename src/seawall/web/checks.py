"""`POST /v1/check/...`: one thin route for each kind of check."""

from __future__ import annotations

from collections.abc import Awaitable
from time import perf_counter
from typing import TypeVar

from fastapi import FastAPI
from opentelemetry import trace
from starlette.requests import Request

from seawall.deploy.guard.contract import Checks
from seawall.deploy.guard.media.spool import SpooledMedia
from seawall.deploy.guard.requests import (
    BatchCheck,
    BatchReply,
    CheckReply,
    FinetuneCheck,
    InputCheck,
    Meta,
    OutputCheck,
    UploadCheck,
)
from seawall.web.body import media_type
from seawall.web.document import multipart, refusals
from seawall.web.errors import Invalid, WrongMediaType
from seawall.web.instruments import Instruments
from seawall.web.keys.model import Scope
from seawall.web.multipart import read_form
from seawall.web.parts import Parts
from seawall.web.route import JSON, add, needs, read_json, validated

FORM = "multipart/form-data"
_SPAN = "seawall.check"
_M = TypeVar("_M", bound=Meta)


class _Measured:
    """Counts and times checks; traces carry ids and codes alone."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._tracer = trace.get_tracer("seawall")

    async def one(self, kind: str, asked: Awaitable[CheckReply]) -> CheckReply:
        start = perf_counter()
        self._instruments.begun()
        try:
            reply = await (self._traced(kind, asked) if _collected() else asked)
        finally:
            self._instruments.ended()
        self._instruments.took(kind, perf_counter() - start)
        self._instruments.checked(kind, reply)
        return reply

    async def _traced(self, kind: str, asked: Awaitable[CheckReply]) -> CheckReply:
        with self._tracer.start_as_current_span(_SPAN, record_exception=False, set_status_on_exception=False) as span:
            span.set_attribute("seawall.kind", kind)
            reply = await asked
            span.set_attribute("seawall.action", reply.action.value)
            span.set_attribute("seawall.decision_id", reply.decision_id)
            span.set_attribute("seawall.drill", reply.drill)
        return reply

    async def batch(self, checks: Checks, check: BatchCheck) -> BatchReply:
        start, number = perf_counter(), len(check.items)
        self._instruments.begun(number)
        try:
            with self._tracer.start_as_current_span(
                _SPAN, record_exception=False, set_status_on_exception=False
            ) as span:
                span.set_attribute("seawall.kind", "batch")
                span.set_attribute("seawall.items", number)
                reply = await checks.batch(check)
        finally:
            self._instruments.ended(number)
        self._instruments.took("batch", perf_counter() - start)
        for each in reply.results:
            self._instruments.checked("batch", each)
        return reply


def add_checks(app: FastAPI, parts: Parts) -> None:
    """Add the routes."""
    if parts.checks is None:
        return
    checks, measured = parts.checks, _Measured(parts.instruments)

    @needs(Scope.CHECK)
    async def check_input(check: InputCheck) -> CheckReply:
        """Check a request to a model, before anything is generated."""
        return await measured.one("input", checks.input(check))

    @needs(Scope.CHECK)
    async def check_upload(request: Request) -> CheckReply:
        """Check a file that a user brings."""
        _expect(request, FORM)
        with SpooledMedia.create(parts.limits.file_bytes, parts.budget) as media:
            check = await _with_file(request, parts, media, UploadCheck)
            return await measured.one("upload", checks.upload(check, media))

    @needs(Scope.CHECK)
    async def check_output(request: Request) -> CheckReply:
        """Check what a model has made, before anybody sees it: a text as JSON, or a file beside `meta`."""
        if media_type(request) == JSON:
            check = await read_json(request, parts, OutputCheck)
            if check.text is None:
                raise _missing("text")
            return await measured.one("output", checks.output(check))
        _expect(request, FORM)
        with SpooledMedia.create(parts.limits.file_bytes, parts.budget) as media:
            made = await _with_file(request, parts, media, OutputCheck)
            return await measured.one("output", checks.output(made, media))

    @needs(Scope.CHECK)
    async def check_finetune(check: FinetuneCheck) -> CheckReply:
        """Check a fine-tuning job: its data by manifest, and the words that will call it up."""
        return await measured.one("finetune", checks.finetune(check))

    @needs(Scope.CHECK)
    async def check_batch(check: BatchCheck) -> BatchReply:
        """Check many at once; answers are in the order of the items."""
        return await measured.batch(checks, check)

    refused = refusals(400, 408, 409, 413, 415, 422)
    add(app, "POST", "/v1/check/input", check_input, responses=refused)
    add(app, "POST", "/v1/check/upload", check_upload, responses=refused, openapi_extra=multipart(UploadCheck))
    add(
        app,
        "POST",
        "/v1/check/output",
        check_output,
        responses=refused,
        openapi_extra=multipart(OutputCheck, also_json=True),
    )
    add(app, "POST", "/v1/check/finetune", check_finetune, responses=refused)
    add(app, "POST", "/v1/check/batch", check_batch, responses=refused)


def _collected() -> bool:
    """Whether anybody collects traces: otherwise a span costs time for nothing."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def _expect(request: Request, wanted: str) -> None:
    if media_type(request) != wanted:
        raise WrongMediaType(f"this path takes {wanted}")


async def _with_file(request: Request, parts: Parts, media: SpooledMedia, model: type[_M]) -> _M:
    form = await read_form(request, parts.limits, media)
    if form.file is None:
        raise _missing("file")
    if form.meta is None:
        raise _missing("meta")
    media.seal()
    return validated(model, form.meta)


def _missing(field: str) -> Invalid:
    problem = Invalid()
    problem.fields = [{"loc": [field], "type": "missing"}]
    return problem
