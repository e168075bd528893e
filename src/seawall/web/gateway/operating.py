"""What operators ask a gateway: whether it lives, whether it can check, and how it did."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from seawall.web.gateway.call import Call
from seawall.web.health import Alive, Ready, problems_of
from seawall.web.instruments import CONTENT_TYPE
from seawall.web.route import JSON, expect_local, send_bytes


async def health(call: Call) -> None:
    """Say that the process lives."""
    await call.answer_bytes(Alive().model_dump_json().encode(), JSON)


async def ready(call: Call) -> None:
    """Say whether requests can be checked now; 503 names what is wrong."""
    problems = await problems_of(call.parts.probes)
    said = Ready(status="not_ready" if problems else "ready", problems=problems)
    await send_bytes(call.send, call.scope, 503 if problems else 200, said.model_dump_json().encode(), JSON)


async def metrics(call: Call) -> None:
    """Return metrics in Prometheus' text format; without a key on this machine alone."""
    if call.key is None:
        expect_local(call.scope)
    await call.answer_bytes(await run_in_threadpool(call.parts.instruments.text), CONTENT_TYPE)
