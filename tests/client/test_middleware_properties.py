"""The middleware, on whatever is asked or answered: what is read is all that was sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.client.middleware import GuardMiddleware
from seawall.client.middleware.events import Events, PlainText
from seawall.client.middleware.pointers import NotJson, read_json, strings
from tests.client.middleware_door import DRAW, Guard

_BODY = st.recursive(
    st.text(max_size=5) | st.integers() | st.none() | st.sampled_from(["zorblax", "quimble", "a boat"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["prompt", "options", "negative", "image", "masks", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_BODY)
def test_whatever_is_asked_reaches_the_application_only_after_the_guard_saw_it(checks: Guard, body: Any) -> None:
    reached: list[Any] = []
    checks.asked.clear()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(json.loads((await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def run() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": json.dumps(body).encode()}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/models/m/draw", "query_string": b"u1"}
        headers = [(b"content-type", b"application/json")]
        await GuardMiddleware(app, guard=checks, routes=[DRAW])({**scope, "headers": headers}, receive, send)
        return sent

    sent = asyncio.run(run())
    assert len(sent) == 2
    assert (sent[0]["status"] == 200) == bool(reached)
    if reached:
        given_prompt = body["prompt"]
        assert checks.asked[0].prompt == (given_prompt if isinstance(given_prompt, str) else "\n".join(given_prompt))
        assert "zorblax" not in checks.asked[0].prompt
        assert not isinstance(body.get("options"), dict) or body["options"].get("negative") not in (
            "zorblax",
            "quimble",
        )


@given(st.binary(max_size=60))
def test_json_is_read_alike_or_refused(data: bytes) -> None:
    try:
        value = read_json(data)
    except NotJson:
        return
    assert value == json.loads(data.decode())


_DOCUMENT = st.recursive(
    st.text(max_size=5) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@given(_DOCUMENT)
def test_every_string_of_a_document_is_found(document: Any) -> None:
    def count(value: Any) -> int:
        if isinstance(value, dict):
            return sum(map(count, value.values()))
        return sum(map(count, value)) if isinstance(value, list) else isinstance(value, str)

    assert len(list(strings(document))) >= count(document)


@given(st.text(max_size=60), st.integers(1, 7))
def test_text_is_cut_without_loss(text: str, size: int) -> None:
    cutter = PlainText()
    data = text.encode("utf-8", "replace")
    parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    pieces = [piece for at, part in enumerate(parts) for piece in cutter.cut(part, at == len(parts) - 1)]
    assert b"".join(piece.data for piece in pieces) == data
    assert "".join(piece.text for piece in pieces).encode() == data


@given(st.lists(st.text(max_size=9), max_size=5), st.integers(1, 40), st.sampled_from(["\n", "\r\n", "\r"]))
def test_events_are_cut_alike_however_they_arrive(texts: list[str], size: int, end: str) -> None:
    whole = "".join(f"data: {json.dumps({'t': text})}{end}{end}" for text in texts).encode()
    parts = [whole[at : at + size] for at in range(0, len(whole), size)] or [b""]
    cutter = Events(["/t"])
    pieces = [piece for at, part in enumerate(parts) for piece in cutter.cut(part, at == len(parts) - 1)]
    assert "".join(piece.text for piece in pieces) == "".join(texts)
