"""Every text that a model would see is in the check, and what is not understood is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.deploy.gateway import chat, completions, images, responses, videos
from seawall.deploy.gateway.errors import BadReply, Unsupported
from seawall.deploy.gateway.pieces import Pieces

META = {"account": "x"}
PLAIN = st.text("abcdefghij ", min_size=1, max_size=12)


def seen(pieces: Pieces) -> str:
    check = pieces.input_check(META)
    turns = [each if isinstance(each, str) else each.content for each in check.history]
    return "\n".join([check.prompt, check.system or "", check.negative_prompt or "", *turns])


def test_every_text_of_a_chat_is_seen() -> None:
    body = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "one"},
            {"role": "user", "content": [{"type": "text", "text": "two", "note": "three"}], "name": "four"},
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "five", "arguments": "six"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "seven"},
            {"role": "user", "content": "eight"},
            {"role": "assistant", "content": "nine"},
        ],
        "tools": [{"type": "function", "function": {"name": "ten", "description": "eleven"}}],
        "response_format": {"type": "json_schema", "json_schema": {"twelve": {}}},
        "zorblax": ["thirteen"],
    }
    pieces = chat.read(body)
    assert pieces.prompt == "eight"
    text = seen(pieces)
    for word in [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    ]:
        assert word in text, word
    assert pieces.output_check(META, "ten").history


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant", "tool"]), PLAIN), min_size=1, max_size=8))
def test_no_message_is_lost(turns: list[tuple[str, str]]) -> None:
    text = seen(chat.read({"messages": [{"role": role, "content": words} for role, words in turns]}))
    assert all(words in text for _, words in turns)


def test_a_word_that_is_split_over_parts_is_whole() -> None:
    parts = [{"type": "text", "text": "zorb"}, {"type": "text", "text": "lax"}]
    assert "zorblax" in chat.read({"messages": [{"role": "user", "content": parts}]}).prompt


def test_media_are_attached() -> None:
    url = "data:image/png;base64,aGVsbG8="
    parts = [
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "input_image", "image_url": url},
        {"type": "input_audio", "input_audio": {"data": "aGVsbG8=", "format": "wav"}},
    ]
    check = chat.read({"messages": [{"role": "user", "content": parts}]}).input_check(META)
    assert [each.base64 for each in check.attachments] == [b"hello"] * 3


REFUSED: list[Any] = [
    (chat.read, {}),
    (chat.read, {"messages": []}),
    (chat.read, {"messages": "x"}),
    (chat.read, {"messages": [{"role": "zorblax", "content": "x"}]}),
    (chat.read, {"messages": [{"role": "user", "content": 1}]}),
    (chat.read, {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}),
    (chat.read, {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "http://x/"}]}]}),
    (chat.read, {"messages": [{"role": "user", "content": "x"}], "modalities": ["text", "audio"]}),
    (chat.read, {"messages": [{"role": "user", "content": "x" * (1 << 21)}]}),
    (completions.read, {"prompt": [[1, 2]]}),
    (responses.read, {"input": "x", "conversation": "c"}),
    (responses.read, {"input": "x", "tools": [{"type": "web_search"}]}),
    (responses.read, {"input": [{"type": "item_reference", "id": "x"}]}),
    (responses.read, {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}),
    (images.read, {"prompt": 1}),
    (images.read, {"prompt": "x", "image": "http://x/"}),
    (videos.read, {"prompt": "x", "input_reference": "f"}),
]


@pytest.mark.parametrize(("read", "body"), REFUSED)
def test_what_cannot_be_checked_is_refused(read: Any, body: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        read(body).input_check(META)


def test_replies_of_unknown_kinds_are_no_replies() -> None:
    for show, reply in (
        (chat.show, {"choices": [{"message": {"content": 1}}]}),
        (chat.show, {"choices": [{"message": {"audio": {"data": "x"}}}]}),
        (chat.show, {"choices": [{"message": {"tool_calls": [{"type": "custom", "custom": {}}]}}]}),
        (responses.show, {"output": [{"type": "image_generation_call", "result": "x"}]}),
        (images.show, {"data": [{"b64_json": "x", "url": "y"}]}),
        (images.show, {"data": [{"b64_json": "?"}]}),
        (videos.show, {"id": "../x"}),
    ):
        with pytest.raises(BadReply):
            show(reply)  # type: ignore[operator]
