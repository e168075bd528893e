"""`POST /v1/prevention/...`: a host's page tells what readers of a message did, and never who they were."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.concurrency import run_in_threadpool

from seawall.deploy.guard.requests import Country, HelpService
from seawall.deploy.prevention.door import Choice
from seawall.errors import NotFound
from seawall.web.document import refusals
from seawall.web.errors import UnknownPath
from seawall.web.keys.model import Scope
from seawall.web.parts import Parts, Prevention
from seawall.web.route import add, needs

MessageName = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MessageClick(_Strict):
    """A link of a message was followed."""

    message_id: MessageName


class ClickCounted(BaseModel):
    """It was counted."""

    message_id: str


class AudienceChoice(_Strict):
    """A reader says for whom they want to be spoken to."""

    message_id: MessageName
    """The message beside which the choice was offered; its language stays."""
    audience: Choice
    country: Country | None = None
    """Telephone numbers are shown only inside their country."""


class ChosenMessage(BaseModel):
    """What to show. It was counted as shown."""

    message_id: str
    text: str
    services: list[HelpService]


class MessageMissing(UnknownPath):
    """No message has this id."""

    code = "no_message"
    hint = "GET /v1/decisions/{id} gives it as `message`"


def add_prevention(app: FastAPI, parts: Parts) -> None:
    """Add the routes."""

    def door() -> Prevention:
        if parts.prevention is None:
            raise MessageMissing
        return parts.prevention

    @needs(Scope.CHECK)
    async def count_click(click: MessageClick) -> ClickCounted:
        """Count that somebody followed a link of a message; it is never told who."""
        try:
            await run_in_threadpool(door().clicked, click.message_id)
        except NotFound:
            raise MessageMissing from None
        return ClickCounted(message_id=click.message_id)

    @needs(Scope.CHECK)
    async def choose_audience(choice: AudienceChoice) -> ChosenMessage:
        """Return the words and services for those whom a reader counts themselves among, and count them as shown."""
        try:
            said = await run_in_threadpool(door().chosen, choice.message_id, choice.audience, choice.country)
        except NotFound:
            raise MessageMissing from None
        return ChosenMessage(message_id=said.id or "", text=said.text, services=list(said.services))

    add(app, "POST", "/v1/prevention/clicks", count_click, responses=refusals(400, 404, 408, 413, 415, 422))
    add(app, "POST", "/v1/prevention/choices", choose_audience, responses=refusals(400, 404, 408, 413, 415, 422))
