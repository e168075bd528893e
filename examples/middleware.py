"""A FastAPI application whose chat route is guarded in this process: nothing is generated for a blocked request.

    python middleware.py "a boat on a lake"

The model is a stand-in that repeats what it is told. To serve it: `uvicorn middleware:app`. With a guard on another
host, put `RemoteChecks(AsyncClient("https://guard.example", key))` in the place of `guard.checks`.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from typing import Any

import httpx
from fastapi import FastAPI, Request

from seawall.client.middleware import SCOPE_KEY, GuardMiddleware, Output, Route
from seawall.deploy.local import open_local

_open = ExitStack()
guard = _open.enter_context(open_local())
app = FastAPI()
app.add_middleware(
    GuardMiddleware,
    guard=guard.checks,
    routes=[
        Route(
            "/v1/chat/completions",
            # Only a header that something before this application sets, and that users cannot.
            account="x-account",
            prompt=(),
            history="/messages",
            surface="chat",
            output=Output(texts=("/choices/*/message/content",)),
        )
    ],
)


@app.post("/v1/chat/completions")
async def chat(body: dict[str, Any], request: Request) -> dict[str, Any]:
    """Answer, once the guard has let the request pass; what is returned is checked again before it leaves."""
    said = body["messages"][-1]["content"]
    return {
        "choices": [{"message": {"role": "assistant", "content": f"You said: {said}"}}],
        "decision": request.scope[SCOPE_KEY].decision_id,
    }


async def ask(prompt: str) -> httpx.Response:
    """Ask the application, as a user would."""
    body = {"messages": [{"role": "user", "content": prompt}]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app.test") as client:
        return await client.post("/v1/chat/completions", json=body, headers={"x-account": "u1"})


if __name__ == "__main__":
    with _open:
        answer = asyncio.run(ask(" ".join(sys.argv[1:]) or "a boat on a lake"))
    sys.stdout.write(f"{answer.status_code} {answer.text}\n")
