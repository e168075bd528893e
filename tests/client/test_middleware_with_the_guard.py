"""The middleware with the guard itself in the process: streams flow, and stop in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from seawall.canary.pack import Pack
from seawall.client.middleware import GuardMiddleware, Output, Route
from seawall.deploy.guard import GuardOptions
from seawall.deploy.local import LocalGuard, open_local

LONG = "the lake is quiet and the boat is far away " * 40


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalGuard]:
    with open_local(tmp_path_factory.mktemp("local"), options=GuardOptions(detectors=("canary",))) as opened:
        yield opened


def _ask(local: LocalGuard, prompt: str, answer: str) -> httpx.Response:
    app = FastAPI()

    @app.post("/chat")
    async def chat(request: Request) -> StreamingResponse:
        async def events() -> AsyncIterator[bytes]:
            for at in range(0, len(answer), 5):
                yield f"data: {json.dumps({'choices': [{'delta': {'content': answer[at : at + 5]}}]})}\n\n".encode()
            yield b"data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    route = Route(
        "/chat",
        account="x-account",
        prompt=(),
        history="/messages",
        surface="chat",
        output=Output(deltas=("/choices/*/delta/content",)),
    )
    guarded: Any = GuardMiddleware(app, guard=local.checks, routes=[route])

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://app.test") as client:
            return await client.post("/chat", json={"messages": [prompt]}, headers={"x-account": "u1"})

    return asyncio.run(run())


def _said(answer: httpx.Response) -> str:
    data = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
    return "".join(each["choices"][0]["delta"]["content"] for each in map(json.loads, data) if "choices" in each)


def test_a_harmless_stream_arrives_whole(local: LocalGuard) -> None:
    answer = _ask(local, "tell me of the lake", LONG)
    assert answer.status_code == 200
    assert _said(answer) == LONG
    assert answer.text.endswith("data: [DONE]\n\n")


def test_a_stream_stops_before_the_words_that_stop_it(local: LocalGuard) -> None:
    both = Pack.load().prompt(("a", "b"))
    answer = _ask(local, "tell me of the lake", LONG + both + LONG)
    assert answer.status_code == 200
    assert LONG.startswith(_said(answer))
    assert _said(answer)
    assert json.loads(answer.text.strip().split("data: ")[-1])["error"]["code"] == "seawall_blocked"


def test_a_prompt_and_the_answer_to_it_are_one_body_of_evidence(local: LocalGuard) -> None:
    pack = Pack.load()
    answer = _ask(local, pack.prompt(("a",)), LONG + pack.prompt(("b",)) + LONG)
    assert LONG.startswith(_said(answer))
    assert "seawall_blocked" in answer.text
    assert _ask(local, pack.prompt(("a", "b")), LONG).status_code == 400
