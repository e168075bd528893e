"""`POST /v1/effects/{id}/ack`: the host says that it has done what an effect told. Only that counts as done."""

from __future__ import annotations

import json
import re

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from seawall.errors import NotFound, UsageError
from seawall.web.document import refusals
from seawall.web.errors import HttpProblem, UnknownPath
from seawall.web.keys.model import Scope
from seawall.web.parts import Parts
from seawall.web.route import Reply, add, needs

_ID = re.compile(r"[0-9a-f]{32}")


class EffectState(BaseModel):
    """An effect, as far as it has come."""

    id: str
    state: str
    acknowledged_at: str | None


class EffectMissing(UnknownPath):
    """There is no effect with this id."""

    code = "no_effect"
    hint = "the id is that of the event that was delivered"


class EffectGivenUp(HttpProblem):
    """This effect was given up by a person."""

    code = "effect_given_up"
    hint = "see 'seawall effects ls'"
    status = 409


def add_effects(app: FastAPI, parts: Parts) -> None:
    """Add the route."""

    @needs(Scope.EFFECTS)
    async def acknowledge(effect_id: str) -> Reply:
        """Say that an effect has happened; saying it again changes nothing."""
        if not _ID.fullmatch(effect_id):
            raise EffectMissing
        try:
            message = await run_in_threadpool(parts.acknowledge, effect_id)
        except NotFound:
            raise EffectMissing from None
        except UsageError:
            raise EffectGivenUp from None
        state = {"id": message.id, "state": message.state.value, "acknowledged_at": message.acknowledged_at}
        return Reply(json.dumps(state).encode())

    add(
        app,
        "POST",
        "/v1/effects/{effect_id}/ack",
        acknowledge,
        response_model=EffectState,
        responses=refusals(404, 409),
    )
