"""The clients give a decision or raise: nothing between, whatever the server does."""

from __future__ import annotations

import inspect
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from seawall.client import (
    AsyncClient,
    CheckReply,
    Client,
    InputCheck,
    Malformed,
    Refused,
    Turn,
    Unreachable,
    permit,
)
from tests.client.client_asked import DECISION, KEY, Ask, Asked


def _decided(action: str) -> httpx.Response:
    return httpx.Response(200, json={"action": action, "policy": "p", "decision_id": DECISION})


def test_both_clients_have_the_same_methods() -> None:
    def face(kind: type) -> dict[str, inspect.Signature]:
        return {
            name: inspect.signature(each)
            for name, each in vars(kind).items()
            if name.startswith(("check_", "decision", "permit")) and callable(each)
        }

    assert face(Client) == face(AsyncClient)
    assert len(face(Client)) == 7


def test_a_request_is_checked_with_everything_that_was_said_of_it(ask: Ask, guard: Asked) -> None:
    reply = ask(
        "check_input",
        "a boat",
        account="u1",
        negative_prompt="fog",
        history=["before", Turn(role="assistant", content="yes")],
        attachments=[b"abc"],
        surface="image",
        jurisdiction="DE",
    )
    assert isinstance(reply, CheckReply)
    assert permit(reply)
    sent = guard.meta()
    assert sent.pop("request_id")
    assert sent == {
        "account": "u1",
        "prompt": "a boat",
        "negative_prompt": "fog",
        "history": ["before", {"role": "assistant", "content": "yes"}],
        "attachments": [{"base64": "YWJj"}],
        "surface": "image",
        "jurisdiction": "DE",
    }
    assert guard.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def test_a_blocked_request_is_not_permitted(ask: Ask) -> None:
    reply = ask("check_input", "zorblax", account="u1")
    assert reply.action == "block"
    assert reply.message == "no"
    assert not permit(reply)


@pytest.mark.parametrize(
    ("action", "allowed"),
    [("allow", True), ("warn", True), ("review", False), ("block", False), ("not_examined", False)],
)
def test_only_allow_and_warn_are_permitted(ask: Ask, guard: Asked, action: str, allowed: bool) -> None:
    guard.then = [_decided(action)]
    reply = ask("check_input", "a boat", account="u1")
    assert permit(reply) is allowed
    assert Client.permit(reply, not_examined_ok=True) is (allowed or action == "not_examined")


def _spooled(tmp_path: Path) -> Iterator[tuple[Any, bytes]]:
    data = bytes(range(256)) * 3000
    path = tmp_path / "private name.png"
    path.write_bytes(data)
    moved = io.BytesIO(b"skip" + data)
    moved.seek(4)
    yield data, data
    yield path, data
    yield io.BytesIO(data), data
    yield moved, data


def test_an_upload_arrives_whole_from_bytes_paths_and_streams(ask: Ask, guard: Asked, tmp_path: Path) -> None:
    for source, data in _spooled(tmp_path):
        assert permit(ask("check_upload", source, account="u1", surface="chat"))
        assert guard.file() == data
        assert guard.meta()["surface"] == "chat"
        assert int(guard.requests[-1].headers["content-length"]) == len(guard.bodies[-1])
        assert b"private name" not in guard.bodies[-1]


class _OneWay(io.RawIOBase):
    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        return self._rest.readinto(buffer)


def test_a_stream_that_cannot_go_back_is_sent_once(ask: Ask, guard: Asked, pauses: list[float]) -> None:
    assert permit(ask("check_upload", _OneWay(b"12345"), account="u1"))
    assert guard.file() == b"12345"
    guard.then = [httpx.ConnectError("no")]
    with pytest.raises(Unreachable):
        ask("check_upload", _OneWay(b"12345"), account="u1")
    assert pauses == []


def test_an_upload_that_is_tried_again_is_sent_from_its_start(ask: Ask, guard: Asked, pauses: list[float]) -> None:
    guard.then = [httpx.Response(503), httpx.Response(502)]
    assert permit(ask("check_upload", io.BytesIO(b"12345"), account="u1"))
    assert guard.bodies[0] == guard.bodies[1] == guard.bodies[2]
    assert len(pauses) == 2


def test_an_output_is_a_file_or_a_text(ask: Ask, guard: Asked) -> None:
    assert permit(ask("check_output", b"png", account="u1", prompt="a boat"))
    assert guard.file() == b"png"
    assert not permit(ask("check_output", account="u1", text="zorblax"))
    assert not permit(ask("check_output", b"png", account="u1", text="zorblax"))
    with pytest.raises(Refused):
        ask("check_output", account="u1")


def test_a_fine_tuning_job_and_a_batch_are_checked(ask: Ask, guard: Asked) -> None:
    assert permit(ask("check_finetune", {"items": []}, account="u1", trigger_words=["blip"]))
    assert guard.meta()["trigger_words"] == ["blip"]
    items = [
        InputCheck(prompt="a boat", account="u1"),
        {"prompt": "zorblax", "account": "u2"},
        {"kind": "output", "check": {"text": "a boat", "account": "u3"}},
    ]
    replies = ask("check_batch", items)
    assert [each.action for each in replies] == ["allow", "block", "allow"]
    sent = guard.meta()["items"]
    assert sent[0]["request_id"] != sent[1]["request_id"] != sent[2]["check"]["request_id"]


def test_a_batch_that_is_not_answered_in_full_is_no_decision(ask: Ask, guard: Asked) -> None:
    guard.then = [httpx.Response(200, json={"results": [_decided("allow").json()]})]
    with pytest.raises(Malformed):
        ask("check_batch", [{"prompt": "a", "account": "u"}, {"prompt": "b", "account": "u"}])


def test_a_decision_can_be_read_again(ask: Ask, guard: Asked) -> None:
    guard.then = [httpx.Response(200, json={"id": DECISION, "action": "block"})]
    assert ask("decision", DECISION)["action"] == "block"
    assert guard.requests[-1].url.path == f"/v1/decisions/{DECISION}"
    with pytest.raises(Refused):
        ask("decision", "../keys")
