"""`/v1/appeals`: whoever has a receipt appeals and sees what becomes of it; the host reads what it is to send."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from seawall.deploy.notices.requests import inlined
from seawall.errors import NotFound
from seawall.maintain.appeals import (
    MOST_WORDS,
    AppealError,
    AppealExists,
    AppealInvalid,
    Appeals,
    NothingToAppeal,
    Standing,
    Superseded,
    UnknownReceipt,
    WindowClosed,
    on_standing,
    result_texts,
)
from seawall.maintain.statements import Statements
from seawall.web.body import media_type, read
from seawall.web.document import Error
from seawall.web.errors import HttpProblem, Invalid, UnknownPath, WrongMediaType
from seawall.web.keys.model import Scope
from seawall.web.parts import Parts
from seawall.web.route import JSON, Reply, add, anybody, needs, validated

MOST_BYTES = 64 * 1024
_ID = re.compile(r"[0-9a-f]{32}")


class AppealRequest(BaseModel):
    """An appeal: the receipt of a statement of reasons or of a notice, and what the party has to say."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    receipt: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    text: Annotated[str, StringConstraints(max_length=MOST_WORDS)] = ""
    locale: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$", max_length=16)] = "en"


class AppealOne(BaseModel):
    """What the holder of a receipt may know of one decision."""

    decision: str
    state: str | None = Field(description="open, waiting, upheld, overturned or superseded; null without an appeal.")
    possible: bool
    until: str | None
    due: str | None
    decided_at: str | None
    said: str
    lines: list[str]
    reason: str | None
    redress: list[str]


class AppealStates(BaseModel):
    """What the holder of a receipt may know: of each decision that went against them."""

    decisions: list[AppealOne]


class NoReceipt(UnknownPath):
    """There is no decision with this receipt."""

    code = "no_receipt"
    hint = "the receipt is in the statement of reasons, or was shown when the notice was sent"


class Refused(HttpProblem):
    """This appeal is not possible."""

    code = "appeal"
    hint = "GET /v1/appeals/{receipt} says what is"
    status = 409


class FilesRefused(WrongMediaType):
    """An appeal is words alone, as application/json: please never send the material itself."""

    code = "no_media"


def add_appeals(app: FastAPI, parts: Parts, appeals: Appeals, statements: Statements) -> None:
    """Add the routes.

    Args:
        app: The server.
        parts: What it is made of.
        appeals: The appeals.
        statements: The statements that the host sends to accounts.
    """

    @anybody
    async def give_appeal(request: Request) -> Reply:
        """Appeal with a receipt. Nobody needs a key; who has the receipt is the party."""
        if media_type(request) != JSON:
            raise FilesRefused
        asked = validated(AppealRequest, await read(request, parts.limits, MOST_BYTES))
        await file(appeals, asked.receipt, asked.text, asked.locale)
        standings = await run_in_threadpool(appeals.standing, asked.receipt)
        return Reply(_states(appeals, standings, asked.locale).model_dump_json().encode(), 201)

    @anybody
    async def see_appeal(request: Request, receipt: str) -> AppealStates:
        """See whether an appeal is possible, or what became of it."""
        try:
            standings = await run_in_threadpool(appeals.standing, receipt)
        except UnknownReceipt:
            raise NoReceipt from None
        return _states(appeals, standings, _language(request))

    @needs(Scope.EFFECTS)
    async def see_statement(decision_id: str) -> Reply:
        """Read what the account is told of a decision, in every language, with its receipt. For the host alone."""
        found = await run_in_threadpool(statements.payload, decision_id) if _ID.fullmatch(decision_id) else None
        if found is None:
            raise UnknownPath("there is no statement of reasons for this decision")
        return Reply(json.dumps(dict(found)).encode())

    @needs(Scope.EFFECTS)
    async def see_result(appeal_id: str) -> Reply:
        """Read what a party is told of an appeal that has ended, in every language. For the host alone."""
        try:
            found = await run_in_threadpool(appeals.get, appeal_id)
        except NotFound:
            raise UnknownPath("there is no appeal with this id") from None
        told: dict[str, Any] = {
            "id": found.id,
            "decision": found.decision_id,
            "party": found.party.value,
            "state": found.state.value,
            "decided_at": found.decided_at,
            "texts": result_texts(found, appeals.options),
        }
        return Reply(json.dumps(told).encode())

    schema = {"requestBody": {"required": True, "content": {JSON: {"schema": inlined(AppealRequest)}}}}
    add(
        app,
        "POST",
        "/v1/appeals",
        give_appeal,
        response_model=AppealStates,
        status_code=201,
        responses=_refusals(400, 404, 408, 409, 413, 415, 422, 500, 503),
        openapi_extra=schema,
    )
    add(
        app, "GET", "/v1/appeals/{receipt}", see_appeal, response_model=AppealStates, responses=_refusals(404, 500, 503)
    )
    add(app, "GET", "/v1/statements/{decision_id}", see_statement, responses=_refusals(401, 403, 404, 500, 503))
    add(app, "GET", "/v1/appeal-results/{appeal_id}", see_result, responses=_refusals(401, 403, 404, 500, 503))


async def file(appeals: Appeals, receipt: str, text: str, locale: str) -> None:
    """File an appeal, and tell what is wrong with it as the web does.

    Raises:
        HttpProblem: If it is not taken.
    """
    try:
        await run_in_threadpool(appeals.file, receipt, text, locale)
    except UnknownReceipt:
        raise NoReceipt from None
    except AppealInvalid:
        raise Invalid from None
    except (AppealExists, NothingToAppeal, Superseded, WindowClosed) as error:
        raise _refused(error) from None


def _refused(error: AppealError) -> Refused:
    problem = Refused(error.message, hint=error.hint)
    problem.code = error.code
    return problem


def _states(appeals: Appeals, standings: Sequence[Standing], locale: str) -> AppealStates:
    return AppealStates(decisions=[_one(appeals, each, locale) for each in standings])


def _one(appeals: Appeals, standing: Standing, locale: str) -> AppealOne:
    told = on_standing(standing, appeals.options, locale)
    appeal = standing.appeal
    return AppealOne(
        decision=standing.ground.decision_id,
        state=appeal.state.value if appeal is not None else None,
        possible=standing.open,
        until=standing.ground.until,
        due=appeal.due_at if appeal is not None and not appeal.state.ended else None,
        decided_at=appeal.decided_at if appeal is not None else None,
        said=told.state,
        lines=list(told.lines),
        reason=told.reason,
        redress=list(told.redress),
    )


def _language(request: Request) -> str:
    return request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()[:16] or "en"


def _refusals(*statuses: int) -> dict[int | str, dict[str, object]]:
    reasons = {404: "There is nothing with this receipt or id.", 409: "This appeal is not possible."}
    return {status: {"model": Error, "description": reasons.get(status, "It was not taken.")} for status in statuses}
