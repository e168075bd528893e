"""`/healthz`: the process lives. `/readyz`: it can decide and record. `/metrics`: how it did."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from seawall.errors import SeawallError
from seawall.web.document import refusals
from seawall.web.instruments import CONTENT_TYPE
from seawall.web.keys.model import Scope
from seawall.web.parts import Parts, Probe
from seawall.web.route import Reply, add, anybody, needs

PROBE_SECONDS = 3.0


class Alive(BaseModel):
    """The process lives."""

    status: str = "ok"


class Ready(BaseModel):
    """Whether the server can decide and record.

    Attributes:
        status: `ready` or `not_ready`.
        problems: Code of what is wrong, by part.
    """

    status: str
    problems: dict[str, str] = {}


def add_health(app: FastAPI, parts: Parts) -> None:
    """Add the routes."""

    @anybody
    async def healthz() -> Alive:
        """Say that the process lives."""
        return Alive()

    @anybody
    async def readyz() -> Reply:
        """Say whether checks can be answered now; 503 names what is wrong."""
        problems = await problems_of(parts.probes)
        ready = Ready(status="not_ready" if problems else "ready", problems=problems)
        return Reply(ready.model_dump_json().encode(), 503 if problems else 200)

    @needs(Scope.METRICS, unless=lambda parts: parts.loopback)
    async def metrics() -> Reply:
        """Return metrics in Prometheus' text format."""
        return Reply(await run_in_threadpool(parts.instruments.text), content_type=CONTENT_TYPE)

    @anybody
    async def openapi() -> Reply:
        """Return the OpenAPI document."""
        return Reply(json.dumps(app.openapi()).encode())

    not_ready = {503: {"model": Ready, "description": "Something is wrong."}}
    add(app, "GET", "/healthz", healthz)
    add(app, "GET", "/readyz", readyz, response_model=Ready, responses=not_ready)
    text = {200: {"description": "Metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}}}
    add(app, "GET", "/metrics", metrics, response_model=None, responses=text | refusals())
    add(app, "GET", "/openapi.json", openapi, include_in_schema=False)


async def problems_of(probes: Mapping[str, Probe]) -> dict[str, str]:
    """Ask all probes at once; return the code of what is wrong, by part."""
    answers = await asyncio.gather(*(_probe(probe) for probe in probes.values()))
    return {name: answer for name, answer in zip(probes, answers, strict=True) if answer is not None}


async def _probe(probe: Probe) -> str | None:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await run_in_threadpool(probe)
    except SeawallError as error:
        return error.code
    except TimeoutError:
        return "timed_out"
