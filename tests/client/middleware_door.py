"""An application behind the middleware, with routes of each kind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from seawall.client.middleware import SCOPE_KEY, Body, GuardMiddleware, Output, Route

CHAT = Route(
    "/v1/chat/completions",
    account="x-account",
    prompt=(),
    history="/messages",
    model="/model",
    surface="chat",
    output=Output(texts=("/choices/*/message/content",), deltas=("/choices/*/delta/content",)),
)
DRAW = Route(
    "/models/{model}/draw",
    account=lambda scope: scope["query_string"].decode() or None,
    negative_prompt="/options/negative",
    system="/options/system",
    attachments=("/image", "/masks/*"),
    surface="image",
    output=Output(images=("/data/*/b64",)),
)
UPLOAD = Route("/files/*", account="x-account", body=Body.MEDIA, most=1000)


class Guard(Protocol):
    """What the stand-in knows."""

    asked: list[Any]
    media: list[bytes]
    streamed: str


def application(seen: list[Any], answer: Callable[[], Response] | None = None) -> FastAPI:
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        seen.append(await request.json())
        return answer() if answer else JSONResponse({"choices": [{"message": {"content": "fine"}}]})

    @app.post("/models/{model}/draw")
    async def draw(model: str, body: dict[str, Any]) -> Response:
        seen.append(body)
        return answer() if answer else Response(b"\x89PNG", media_type="image/png")

    @app.put("/files/{name}")
    async def keep(name: str, request: Request) -> dict[str, Any]:
        seen.append(await request.body())
        return {"decision": request.scope[SCOPE_KEY].decision_id}

    @app.post("/other")
    async def other(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(body)
        return body

    return app


class Door:
    """An application behind the middleware."""

    def __init__(self, guard: Any, answer: Callable[[], Response] | None = None, **options: Any) -> None:
        self.seen: list[Any] = []
        self.app = application(self.seen, answer)
        self.app.add_middleware(GuardMiddleware, guard=guard, routes=[CHAT, DRAW, UPLOAD], **options)

    def __call__(self, method: str, url: str, **request: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://app.test") as client:
                return await client.request(method, url, **request)

        return asyncio.run(run())

    def chat(self, *messages: Any, **request: Any) -> httpx.Response:
        body = {"model": "m1", "messages": [{"role": "user", "content": each} for each in messages]}
        return self("POST", "/v1/chat/completions", json=body, headers={"x-account": "u1"}, **request)

    def draw(self, prompt: str = "a boat", **more: Any) -> httpx.Response:
        return self("POST", "/models/m1/draw?u1", json={"prompt": prompt, **more})
