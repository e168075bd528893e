"""What a streamed reply becomes: the same however its bytes are cut, and never more than the guard let go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.gateway.errors import BadReply
from seawall.deploy.gateway.sse import EventReader, event
from seawall.deploy.gateway.streaming import Relay
from seawall.deploy.guard.contract import Release
from seawall.deploy.guard.errors import GuardUnavailable
from seawall.deploy.guard.requests import CheckReply
from seawall.policy.guard import GuardAction

BAD = "zorblax"
STOP = CheckReply(action=GuardAction.BLOCK, policy="0" * 64, decision_id="d" * 32)
FINE = CheckReply(action=GuardAction.ALLOW, policy="0" * 64, decision_id="e" * 32)


@dataclass
class Holding:
    """Holds ten characters back, and stops at a nonsense word."""

    text: str = ""
    out: int = 0
    reply: CheckReply | None = None
    closed: bool = False
    fails: bool = False

    async def feed(self, text: str) -> Release:
        if self.fails:
            raise GuardUnavailable
        self.text += text
        return self._release(max(self.out, len(self.text) - 10))

    async def finish(self) -> Release:
        found = self._release(len(self.text))
        self.reply = self.reply or FINE
        return found

    async def close(self) -> None:
        self.closed = True
        self.reply = FINE

    def _release(self, until: int) -> Release:
        if BAD in self.text:
            self.reply = STOP
            return Release(stopped=STOP)
        found, self.out = self.text[self.out : until], until
        return Release(found)


@dataclass
class Ran:
    """What came of a relay."""

    events: list[Any]
    streams: list[Holding] = field(default_factory=list)

    def text(self, name: str = "content", index: int = 0) -> str:
        deltas = [
            c["delta"] for e in self.events if isinstance(e, dict) for c in e.get("choices", []) if c["index"] == index
        ]
        return "".join(each.get(name) or "" for each in deltas)


def relay(pieces: list[bytes], *, fails: bool = False, dies: bool = False) -> Ran:
    streams: list[Holding] = []

    def begin() -> Holding:
        streams.append(Holding(fails=fails))
        return streams[-1]

    async def source() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
        if dies:
            raise BadReply("the model server failed in the middle of its reply")

    async def go() -> bytes:
        return b"".join([out async for out in Relay(begin, chat=True).run(source())])

    data = asyncio.run(go())
    found = list(EventReader().feed(data))
    return Ran([each if each == "[DONE]" else json.loads(each) for each in found], streams)


def delta(index: int = 0, reason: str | None = None, **parts: Any) -> bytes:
    choice = {"index": index, "delta": parts, "finish_reason": reason}
    return event(json.dumps({"id": "x", "object": "chat.completion.chunk", "choices": [choice]}))


def words(text: str, name: str = "content") -> bytes:
    return b"".join(delta(**{name: sign}) for sign in text)


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return (data[start:end] for start, end in zip([0, *ends], ends, strict=False))


DONE = event("[DONE]")
REPLIES = [
    words("a small boat on a quiet lake") + delta(reason="stop") + DONE,
    words("a boat ") + words(f"and a {BAD} on it") + delta(reason="stop") + DONE,
    words("thinking of boats", "reasoning_content") + words("a boat on a lake") + delta(reason="stop") + DONE,
    words("a boat on a quiet lake"),
    words("a boat on a quiet lake") + b"data: {nonsense\n\n",
    delta(content="\u00e9\u4e16\u754c" * 9).replace(b"\n", b"\r\n") + delta(reason="stop") + DONE,
]


@given(st.sampled_from(REPLIES), st.lists(st.integers(0, 100_000), max_size=30))
def test_any_cut_of_the_bytes_gives_the_same(data: bytes, places: list[int]) -> None:
    whole, pieces = relay([data]), relay(list(cut(data, places)))
    assert whole.events == pieces.events
    assert BAD not in json.dumps(whole.events)


def test_a_reply_passes_whole() -> None:
    ran = relay([REPLIES[0]])
    assert (ran.text(), ran.events[-1]) == ("a small boat on a quiet lake", "[DONE]")
    assert ran.events[-2]["choices"][0]["finish_reason"] == "stop"


def test_a_block_ends_everything() -> None:
    ran = relay([delta(1, content="the other one goes on for a while"), REPLIES[1], delta(1, content="x" * 50)])
    assert ran.events[-1] == "[DONE]"
    assert ran.events[-2]["choices"][0]["finish_reason"] == "content_filter"
    assert ran.events[-2]["seawall"] == {"decision_id": "d" * 32}
    assert [each.closed for each in ran.streams] == [True, False]
    assert "x" * 11 not in ran.text(index=1)


@pytest.mark.parametrize("data", REPLIES[3:5])
def test_a_reply_that_breaks_off_is_an_error_and_lets_nothing_more_go(data: bytes) -> None:
    for dies in (False, True):
        ran = relay([data], dies=dies)
        assert ran.events[-1]["error"]["code"] == "seawall_upstream"
        assert len(ran.text()) == len("a boat on a quiet lake") - 10
        assert ran.streams[0].closed


def test_without_the_guard_nothing_passes() -> None:
    ran = relay([REPLIES[0]], fails=True)
    assert [each["error"]["code"] for each in ran.events] == ["seawall_unavailable"]


def test_channels_of_a_choice_are_read_together_and_split_terms_are_found() -> None:
    half = len(BAD) // 2
    interleaved = b"".join(
        [
            delta(content=BAD[:half]),
            delta(reasoning_content="hm"),
            delta(content=BAD[half:]),
            delta(reason="stop"),
            DONE,
        ]
    )
    assert relay([interleaved]).events[-2]["choices"][0]["finish_reason"] == "content_filter"


def test_tool_calls_are_checked_and_come_out_whole() -> None:
    calls = [
        delta(tool_calls=[{"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": ""}}]),
        *(delta(tool_calls=[{"index": 0, "function": {"arguments": sign}}]) for sign in '{"where": "the lake"}'),
        delta(reason="tool_calls"),
        DONE,
    ]
    ran = relay(calls)
    found = [c for e in ran.events[:-1] for x in e["choices"] for c in x["delta"].get("tool_calls", [])]
    assert "".join(each["function"].get("name", "") for each in found) == "look"
    assert "".join(each["function"]["arguments"] for each in found) == '{"where": "the lake"}'
    assert [each["id"] for each in found if "id" in each] == ["c1"]
    roles = [x["delta"] for e in ran.events[:-1] for x in e["choices"] if "role" in x["delta"]]
    assert len(roles) == 1
    calls[-2:-2] = [delta(tool_calls=[{"index": 0, "function": {"arguments": BAD}}])]
    assert relay(calls).events[-2]["choices"][0]["finish_reason"] == "content_filter"


def test_events_are_bounded() -> None:
    reader = EventReader(limit=100)
    with pytest.raises(BadReply):
        for _ in range(20):
            list(reader.feed(b"data: 0123456789"))
    many = EventReader(limit=100)
    with pytest.raises(BadReply):
        list(many.feed(b"data: 0123456789\n" * 20))
