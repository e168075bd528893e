"""A streamed reply, written anew: nothing leaves that was not checked together with all of its choice before it.

Each choice has one stream of the guard, which all of its channels (text, reasoning, refusal, tool calls) go into in
the order in which they come, so that what is harmless in each of two channels and not together is found.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from seawall.deploy.gateway.chat import CHANNELS, function_of, index_of, tool_call
from seawall.deploy.gateway.errors import BadReply
from seawall.deploy.gateway.pieces import plain, reply_list, reply_text, word
from seawall.deploy.gateway.sse import EventReader, event
from seawall.deploy.guard.contract import TextStream
from seawall.deploy.guard.requests import CheckReply
from seawall.errors import SeawallError

MOST_CHOICES = 128
MOST_BYTES = 64 << 20
_CONTEXT = 200
DONE = event("[DONE]")


Begin = Callable[[], TextStream]
_Key = tuple[str, int]


@dataclass(slots=True)
class _Segment:
    """A piece of text that was fed, and how to show it; `make` is None for what is fed and never shown."""

    left: int
    make: Callable[[str], dict[str, Any]] | None


@dataclass(slots=True)
class _Choice:
    """One choice, while it is made."""

    stream: TextStream
    segments: deque[_Segment] = field(default_factory=deque)
    tails: dict[_Key, str] = field(default_factory=dict)
    current: _Key | None = None
    ended: bool = False
    named: bool = False

    def piece(self, key: _Key, text: str, make: Callable[[str], dict[str, Any]]) -> str:
        """Note a piece of a channel, and return what is fed for it."""
        fed = ""
        if key != self.current and self.current is not None:
            # A channel that goes on after another is read together with its own last words.
            fed = "\n" + self.tails.get(key, "")
            self.segments.append(_Segment(len(fed), None))
        self.current = key
        self.tails[key] = (self.tails.get(key, "") + text)[-_CONTEXT:]
        self.segments.append(_Segment(len(text), make))
        return fed + text

    def shown(self, released: str) -> list[dict[str, Any]]:
        """Return released text as the pieces it was made of."""
        found: list[dict[str, Any]] = []
        at = 0
        while at < len(released):
            if not self.segments:
                raise BadReply("more was released than there was")
            segment = self.segments[0]
            taken = released[at : at + segment.left]
            at += len(taken)
            segment.left -= len(taken)
            if segment.make is not None:
                found.append(segment.make(taken))
            if segment.left == 0:
                self.segments.popleft()
        return found


class Blocked(Exception):
    """The guard has stopped the reply."""

    def __init__(self, reply: CheckReply, index: int) -> None:
        super().__init__()
        self.reply = reply
        self.index = index


class Relay:
    """Writes one streamed reply anew.

    Args:
        begin: Begins the check of one choice.
        chat: Whether these are chat completions, or completions.
    """

    def __init__(self, begin: Begin, *, chat: bool) -> None:
        self._begin = begin
        self._chat = chat
        self._choices: dict[int, _Choice] = {}
        self._head: dict[str, Any] = {}
        self._taken = 0
        self._done = False

    async def run(self, source: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
        """Yield what the client may have. Always ends with `[DONE]` or an error."""
        reader = EventReader()
        try:
            async for chunk in source:
                self._taken += len(chunk)
                if self._taken > MOST_BYTES:
                    raise BadReply("the reply is too long")
                for data in reader.feed(chunk):
                    async for out in self._event(data):
                        yield out
                    if self._done:
                        yield DONE
                        return
            if not self._choices or not all(each.ended for each in self._choices.values()):
                raise BadReply("the model server ended its reply too early")
            yield DONE
        except Blocked as blocked:
            yield self._stopped(blocked)
            yield DONE
        except SeawallError as error:
            yield failure(error)
        finally:
            await self.close()

    async def close(self) -> None:
        """Give up what has not ended; decisions are recorded."""
        for choice in self._choices.values():
            if choice.stream.reply is None:
                with suppress(SeawallError):
                    await choice.stream.close()

    async def _event(self, data: str) -> AsyncIterator[bytes]:
        if data == "[DONE]":
            for index, choice in self._choices.items():
                if not choice.ended:
                    for out in await self._end(index, choice):
                        yield out
            self._done = True
            return
        chunk = _parsed(data)
        if chunk.get("error") is not None:
            raise BadReply("the model server failed in the middle of its reply")
        self._head = plain(chunk, ("id", "object", "model", "system_fingerprint", "service_tier"), ("created",))
        usage = self._head.pop("usage", None)
        for place, given in enumerate(reply_list(chunk.get("choices", []))):
            index = index_of(given, place)
            for out in await self._piece(index, given):
                yield out
        if usage is not None:
            yield self._chunk([], usage=usage)

    async def _piece(self, index: int, given: dict[str, Any]) -> list[bytes]:
        choice = self._choices.get(index)
        if choice is None:
            if len(self._choices) >= MOST_CHOICES:
                raise BadReply
            choice = self._choices[index] = _Choice(self._begin())
        fed = self._fed(index, choice, given)
        if choice.ended:
            if fed:
                raise BadReply("a choice went on after its end")
            return []
        out: list[bytes] = []
        if fed:
            release = await choice.stream.feed(fed)
            out += self._released(index, choice, release.text)
            if release.stopped is not None:
                raise Blocked(release.stopped, index)
        if given.get("finish_reason") is not None:
            out += await self._end(index, choice)
            out.append(self._chunk([self._one(index, {}, word(given["finish_reason"]) or "stop")]))
        return out

    async def _end(self, index: int, choice: _Choice) -> list[bytes]:
        choice.ended = True
        release = await choice.stream.finish()
        out = self._released(index, choice, release.text)
        if release.stopped is not None:
            raise Blocked(release.stopped, index)
        return out

    def _released(self, index: int, choice: _Choice, text: str) -> list[bytes]:
        out = []
        for delta in choice.shown(text):
            # Clients add pieces up by name: who speaks is said once.
            first = {"role": "assistant"} if self._chat and not choice.named else {}
            choice.named = True
            out.append(self._chunk([self._one(index, {**first, **delta}, None)]))
        return out

    def _fed(self, index: int, choice: _Choice, given: dict[str, Any]) -> str:
        """Return what a chunk adds to a choice, in the order in which it is fed."""
        if not self._chat:
            text = reply_text(given.get("text"))
            return choice.piece(("text", 0), text, lambda part: {"text": part}) if text else ""
        delta = given.get("delta") or {}
        if not isinstance(delta, dict) or delta.get("audio") is not None:
            raise BadReply
        fed = ""
        for name in CHANNELS:
            text = reply_text(delta.get(name))
            if text:
                fed += choice.piece((name, 0), text, _channel(name))
        for place, each in enumerate(reply_list(delta.get("tool_calls") or [])):
            fed += _call(choice, each, place)
        old = delta.get("function_call")
        if isinstance(old, dict):
            for name, text in function_of(old).items():
                if text:
                    fed += choice.piece((f"function_call.{name}", 0), text, _function(name))
        return fed

    def _one(self, index: int, delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
        if not self._chat:
            return {"index": index, "text": "", **delta, "logprobs": None, "finish_reason": reason}
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return event(json.dumps({**self._head, "choices": choices, **more}))

    def _stopped(self, blocked: Blocked) -> bytes:
        choice = self._one(blocked.index, {}, "content_filter")
        return self._chunk([choice], seawall={"decision_id": blocked.reply.decision_id})


def failure(error: SeawallError) -> bytes:
    """Return the event that ends a stream which cannot go on."""
    code = "seawall_upstream" if isinstance(error, BadReply) else "seawall_unavailable"
    message = error.message if isinstance(error, BadReply) else "the reply cannot be checked at present"
    return event(json.dumps({"error": {"message": message, "type": "server_error", "param": None, "code": code}}))


def _parsed(data: str) -> dict[str, Any]:
    try:
        chunk = json.loads(data)
        json.dumps(chunk, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadReply("an event of the reply is not JSON") from None
    if not isinstance(chunk, dict):
        raise BadReply("an event of the reply is not an object")
    return chunk


def _channel(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda part: {name: part}


def _function(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda part: {"function_call": {name: part}}


def _call(choice: _Choice, given: dict[str, Any], place: int) -> str:
    call = tool_call({"function": {}, **given}, place)
    index = call["index"]
    head = {key: value for key, value in call.items() if key != "function"}

    def named(part: str) -> dict[str, Any]:
        shown = {"tool_calls": [{"index": index, **head, "function": {"name": part, "arguments": ""}}]}
        head.clear()
        return shown

    def argued(part: str) -> dict[str, Any]:
        return {"tool_calls": [{"index": index, "function": {"arguments": part}}]}

    fed = ""
    if call["function"].get("name"):
        fed += choice.piece(("name", index), call["function"]["name"], named)
    if call["function"].get("arguments"):
        fed += choice.piece(("arguments", index), call["function"]["arguments"], argued)
    return fed
