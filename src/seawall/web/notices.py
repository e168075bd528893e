"""`/v1/notices`: anybody tells of something, and sees by a receipt what became of it. No file is taken here.

Without a key only a digest of the network address that changes daily is kept, to bound how many come from one place.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from seawall.deploy.notices import Notices, Problem, Sender, on_receipt, on_status
from seawall.deploy.notices.errors import NoticeInvalid, ReporterSuspended, TooManyNotices, UnknownReceipt
from seawall.deploy.notices.model import NewNotice, Receipt
from seawall.deploy.notices.requests import NoticeReply, NoticeRequest, NoticeState, inlined, reply, state
from seawall.deploy.notices.wording import words_for
from seawall.web.body import media_type, read
from seawall.web.document import Error
from seawall.web.errors import HttpProblem, Invalid, Unauthenticated, UnknownPath, WrongMediaType
from seawall.web.keys.model import Scope
from seawall.web.parts import Parts
from seawall.web.route import JSON, Reply, add, anybody, validated

MOST_BYTES = 256 * 1024
"""Of one notice: fifty addresses and two thousand characters fit many times."""


class MediaRefused(WrongMediaType):
    """Please never send the material itself: tell where it is, as application/json."""

    code = "no_media"
    hint = "the service itself brings the bytes of a noticed item to POST /v1/evidence"


class TooMany(HttpProblem):
    """Too many notices came from one sender in a short time; this one was not taken."""

    code = "too_many_notices"
    hint = "send it again after the seconds that 'retry-after' tells; if somebody is in danger, call the police"
    status = 429


class Suspended(HttpProblem):
    """Notices of this sender are not processed for a while, because too many were manifestly unfounded."""

    code = "reporter_suspended"
    hint = "notices that concern children are still taken"
    status = 403


class ReceiptUnknown(UnknownPath):
    """There is no notice with this receipt."""

    code = "no_notice"
    hint = "the receipt was shown when the notice was sent; it cannot be recovered"


def add_notices(app: FastAPI, parts: Parts, notices: Notices) -> None:
    """Add the routes.

    Args:
        app: The server.
        parts: What it is made of.
        notices: The book of notices.
    """

    @anybody
    async def give_notice(request: Request) -> Reply:
        """Tell of something. Nobody needs a key; a key says who tells it."""
        sender = sender_of(request, parts)
        if media_type(request) != JSON:
            raise MediaRefused
        asked = validated(NoticeRequest, await read(request, parts.limits, MOST_BYTES))
        notice = asked.to_notice()
        if notice is None:
            raise fields_of(NoticeInvalid([Problem("category", "missing")]))
        receipt = await receive(notices, notice, sender)
        made = reply(receipt, on_receipt(receipt, notices.options), notices.help(notice.relation, notice.country))
        return Reply(made.model_dump_json().encode(), 201)

    @anybody
    async def see_notice(request: Request, receipt: str) -> NoticeState:
        """See what became of a notice."""
        try:
            status = await run_in_threadpool(notices.status, receipt)
        except UnknownReceipt:
            raise ReceiptUnknown from None
        wanted = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
        return state(status, on_status(status, notices.options, wanted if wanted else None))

    schema = {"requestBody": {"required": True, "content": {JSON: {"schema": inlined(NoticeRequest)}}}}
    add(
        app,
        "POST",
        "/v1/notices",
        give_notice,
        response_model=NoticeReply,
        status_code=201,
        responses=_refusals(400, 401, 403, 408, 413, 415, 422, 429, 500, 503),
        openapi_extra=schema,
    )
    add(
        app,
        "GET",
        "/v1/notices/{receipt}",
        see_notice,
        response_model=NoticeState,
        responses=_refusals(404, 500, 503),
    )


async def receive(notices: Notices, notice: NewNotice, sender: Sender) -> Receipt:
    """Take a notice, and tell what is wrong with it as the web does.

    Raises:
        HttpProblem: If it is not taken.
    """
    try:
        return await run_in_threadpool(notices.receive, notice, sender)
    except NoticeInvalid as error:
        raise fields_of(error) from None
    except TooManyNotices as error:
        problem = TooMany()
        problem.headers = ((b"retry-after", str(error.retry_after).encode()),)
        raise problem from None
    except ReporterSuspended as error:
        raise Suspended(error.message) from None


def fields_of(error: NoticeInvalid) -> Invalid:
    """Return which fields are wrong, by place and kind."""
    problem = Invalid()
    problem.fields = [{"loc": each.field.split("."), "type": each.kind} for each in error.problems]
    return problem


def sender_of(request: Request, parts: Parts) -> Sender:
    """Return who sends a request, as far as that can be verified.

    Raises:
        Unauthenticated: If a key is sent that is not accepted: whoever has one must not be taken for a stranger.
    """
    address = request.client.host if request.client is not None else None
    sent = request.headers.get("authorization")
    if sent is None:
        return Sender(address=address)
    kind, _, token = sent.partition(" ")
    key = parts.keys.verify(token.strip()) if kind.lower() == "bearer" and token else None
    if key is None:
        raise Unauthenticated
    return Sender(key.name, key.allows(Scope.CHECK), address)


def never_send(language: str) -> str:
    """Return why files are refused, in a language."""
    return words_for(language)[1].never_send


def _refusals(*statuses: int) -> dict[int | str, dict[str, object]]:
    reasons = {404: "There is no such notice.", 429: "Too many notices came from one sender."}
    return {status: {"model": Error, "description": reasons.get(status, "It was not taken.")} for status in statuses}
