"""The middleware beside the usual course: other messages of ASGI, requests without end, routes that check nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi.responses import Response

from seawall.client.middleware import GuardMiddleware, Output, Route
from seawall.client.middleware.pointers import Pointer
from seawall.errors import UsageError
from tests.client.middleware_door import CHAT, UPLOAD, Door, Guard


def test_an_application_is_not_asked_for_compressed_or_partial_answers(checks: Guard) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.pathsend", "path": "/etc/hostname"})

    sent: list[Any] = []

    async def run() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b'{"messages": ["a"]}'}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"x-account", b"u1"), (b"content-type", b"application/json"), (b"accept-encoding", b"gzip")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": [*headers, (b"range", b"bytes=0-1")],
            "extensions": {"http.response.pathsend": {}},
        }
        await GuardMiddleware(app, guard=checks, routes=[CHAT])(scope, receive, send)

    asyncio.run(run())
    assert [name for name, _ in seen[0]["headers"]] == [b"x-account", b"content-type"]
    assert seen[0]["extensions"] == {}
    assert sent[0]["status"] == 503


def test_a_socket_on_a_guarded_route_is_closed(checks: Guard) -> None:
    sent: list[Any] = []

    async def run() -> None:
        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise AssertionError

        scope = {"type": "websocket", "path": "/v1/chat/completions", "headers": []}
        await GuardMiddleware(app, guard=checks, routes=[CHAT])(scope, receive, send)

    asyncio.run(run())
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_bug_of_the_application_is_not_hidden(checks: Guard) -> None:
    def fail() -> Response:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        Door(checks, fail).chat("a boat")


def test_a_request_that_never_ends_is_given_up(checks: Guard) -> None:
    sent: list[Any] = []

    async def run() -> None:
        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "PUT",
            "path": "/files/a",
            "headers": [(b"x-account", b"u1")],
        }
        guard = GuardMiddleware(lambda *_: asyncio.sleep(0), guard=checks, routes=[UPLOAD], reading_seconds=0.01)
        await guard(scope, receive, send)

    asyncio.run(run())
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "no-slash"},
        {"prompt": ()},
        {"prompt": "prompt"},
        {"history": "messages"},
        {"attachments": ("image",)},
    ],
)
def test_a_route_that_would_check_nothing_or_elsewhere_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Route(**{"path": "/a", "account": "x", **wrong})
    with pytest.raises(UsageError):
        Output(texts=("no-slash",))


def test_pointers_lead_where_the_standard_says() -> None:
    document = {"a/b": 1, "m~n": 2, "": 3, "list": [{"x": 4}, {"x": None}, {"x": 5}], "0": 6}
    found = {
        text: Pointer.parse(text).find(document)
        for text in ("/a~1b", "/m~0n", "/", "/list/0/x", "/list/*/x", "/list/9", "/list/-1", "/0", "/none/x")
    }
    assert [*found.values()] == [[1], [2], [3], [4], [4, 5], [], [], [6], []]
    assert Pointer.parse("").find(document) == [document]
