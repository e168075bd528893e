"""Chat completions, completions and responses."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from seawall.deploy.gateway import chat, completions, responses
from seawall.deploy.gateway.errors import BadReply
from seawall.deploy.gateway.pieces import Pieces
from seawall.deploy.gateway.sse import event
from seawall.deploy.gateway.streaming import Relay, failure
from seawall.errors import SeawallError
from seawall.web.gateway.call import Call

_Show = Callable[[Mapping[str, Any]], tuple[dict[str, Any], list[str]]]


async def chat_completions(call: Call) -> None:
    """Answer a chat."""
    body = await call.json()
    await _answer(call, body, "/v1/chat/completions", chat.read(body), chat.show, is_chat=True)


async def text_completions(call: Call) -> None:
    """Go on with a text."""
    body = await call.json()
    await _answer(call, body, "/v1/completions", completions.read(body), completions.show, is_chat=False)


async def _answer(call: Call, body: dict[str, Any], path: str, pieces: Pieces, show: _Show, *, is_chat: bool) -> None:
    meta = call.meta(body, "chat")
    await call.check_input(pieces, meta)
    if body.get("stream"):
        await _streamed(call, body, path, pieces, meta, is_chat=is_chat)
        return
    shown, texts = show(await call.parts.upstream.json(call.ask(path, json=body)))
    for text in texts:
        await call.check_output(pieces, meta, text=text)
    await call.answer(shown)


async def _streamed(
    call: Call, body: dict[str, Any], path: str, pieces: Pieces, meta: Mapping[str, Any], *, is_chat: bool
) -> None:
    begun = False

    async def relayed() -> AsyncGenerator[bytes]:
        nonlocal begun
        begun = True
        relay = Relay(lambda: call.stream(pieces, meta), chat=is_chat)
        async with aclosing(relay.run(reply.pieces())) as out:
            async for piece in out:
                yield piece

    try:
        async with call.parts.upstream.ask(call.ask(path, json=body)) as reply:
            if reply.kind != "text/event-stream":
                raise BadReply("the model server does not stream")
            await call.answer_stream(relayed())
    except SeawallError as error:
        if not begun:
            raise
        await call.send({"type": "http.response.body", "body": failure(error)})


async def model_responses(call: Call) -> None:
    """Answer by responses. A streamed one is checked as a whole and then sent as the events of a stream."""
    body = await call.json()
    pieces, meta = responses.read(body), call.meta(body, "chat")
    await call.check_input(pieces, meta)
    asked = {**body, "stream": False, "store": False}
    asked.pop("stream_options", None)
    shown, texts = responses.show(await call.parts.upstream.json(call.ask("/v1/responses", json=asked)))
    for text in texts:
        await call.check_output(pieces, meta, text=text)
    if not body.get("stream"):
        await call.answer(shown)
        return

    async def told() -> AsyncIterator[bytes]:
        for name, data in responses.events(shown):
            yield event(json.dumps(data), name)

    await call.answer_stream(told())
