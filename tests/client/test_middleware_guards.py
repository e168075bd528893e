"""The middleware on requests: nothing reaches the application that the guard did not let pass."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from seawall.client import AsyncClient, RemoteChecks
from tests.client.client_asked import DECISION
from tests.client.middleware_door import CHAT, Door, Guard


def test_an_allowed_request_reaches_the_application_as_it_came(checks: Guard) -> None:
    door = Door(checks)
    answer = door.chat("hello", "a boat")
    assert answer.status_code == 200
    assert answer.json() == {"choices": [{"message": {"content": "fine"}}]}
    assert door.seen[0]["messages"][1]["content"] == "a boat"
    asked = checks.asked[0]
    assert (asked.account, asked.prompt, asked.surface, asked.model) == ("u1", "a boat", "chat", "m1")
    assert [turn.content for turn in asked.history] == ["hello"]
    assert (checks.asked[1].text, checks.asked[1].prompt) == ("fine", "a boat")


@pytest.mark.parametrize("word", ["zorblax", "quimble", "fernwibble"])
def test_a_request_that_is_not_allowed_never_reaches_it(checks: Guard, word: str) -> None:
    door = Door(checks)
    for answer in (door.chat(word), door.chat(word, "and then"), door.draw(options={"negative": word})):
        assert answer.status_code == 400
        assert answer.json()["error"] == {
            "code": "seawall_blocked",
            "message": "Not here.",
            "decision_id": DECISION,
        }
        assert word not in answer.text
    assert door.seen == []


def test_what_was_not_examined_passes_only_if_the_host_says_so(checks: Guard) -> None:
    assert Door(checks).chat("fernwibble").status_code == 400
    assert Door(checks, not_examined_ok=True).chat("fernwibble").status_code == 200


def test_a_warning_passes(checks: Guard) -> None:
    assert Door(checks).chat("mofture").status_code == 200


def test_without_a_decision_nothing_passes(checks: Guard, guard: Any, pauses: list[float]) -> None:
    door = Door(checks)
    answer = door.chat("snarp")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "seawall_unavailable"
    guard.then = [httpx.Response(503, headers={"retry-after": "3"})] * 3
    client = AsyncClient("https://guard.test", "sw_test", transport=httpx.MockTransport(guard.later))
    remote = Door(RemoteChecks(client))
    answer = remote.chat("hello")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert door.seen == remote.seen == []
    assert remote.chat("a boat").status_code == 200
    assert remote.chat("zorblax").status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/v1//chat/completions", "/v1/chat/completions/", "/V1/Chat/Completions", "//v1/chat/completions"],
)
def test_other_spellings_of_a_path_are_guarded_too(checks: Guard, path: str) -> None:
    door = Door(checks)
    url = httpx.URL("http://app.test").copy_with(raw_path=path.encode())
    answer = door("POST", url, json={"messages": ["zorblax"]}, headers={"x-account": "u1"})
    assert answer.status_code == 400
    assert checks.asked


def test_a_mount_is_guarded_with_and_without_its_prefix(checks: Guard) -> None:
    for path in ("/v1/chat/completions", "/inner/v1/chat/completions"):
        assert CHAT.guards({"type": "http", "method": "POST", "path": path, "root_path": "/inner"})
    assert not CHAT.guards({"type": "http", "method": "POST", "path": "/v1/chat", "root_path": ""})


def test_other_routes_and_harmless_methods_pass_untouched(checks: Guard) -> None:
    door = Door(checks)
    assert door("POST", "/other", json={"prompt": "zorblax"}).status_code == 200
    assert door("GET", "/v1/chat/completions").status_code == 405
    assert checks.asked == []


@pytest.mark.parametrize(
    "request_parts",
    [
        {"json": {"messages": ["a"]}},
        {"json": {"messages": ["a"]}, "headers": [("x-account", "u1"), ("x-account", "u2")]},
        {"json": {"messages": ["a"]}, "headers": {"x-account": " "}},
        {"json": {}, "headers": {"x-account": "u1"}},
        {"json": {"messages": []}, "headers": {"x-account": "u1"}},
        {"json": {"messages": [7]}, "headers": {"x-account": "u1"}},
        {"json": {"messages": [{"role": "wizard", "content": "a"}, "b"]}, "headers": {"x-account": "u1"}},
        {"content": b'{"messages": ["a"]}', "headers": {"x-account": "u1"}},
        {"content": b"messages=a", "headers": {"x-account": "u1", "content-type": "application/x-www-form-urlencoded"}},
        {"content": b"not json", "headers": {"x-account": "u1", "content-type": "application/json"}},
        {
            "content": b'{"messages": ["zorblax"], "messages": ["a"]}',
            "headers": {"x-account": "u1", "content-type": "application/json"},
        },
        {
            "content": '{"messages": ["a"]}'.encode("utf-16"),
            "headers": {"x-account": "u1", "content-type": "application/json"},
        },
        {
            "content": b'{"messages": ["a"]}',
            "headers": {"x-account": "u1", "content-type": "application/json; charset=utf-7"},
        },
        {"content": b"[" * 200_000, "headers": {"x-account": "u1", "content-type": "application/json"}},
        {
            "content": b'{"messages": ["a"]}',
            "headers": {"x-account": "u1", "content-type": "application/json", "content-encoding": "gzip"},
        },
    ],
    ids=range(15),
)
def test_a_request_that_cannot_be_read_for_certain_is_refused(checks: Guard, request_parts: dict[str, Any]) -> None:
    door = Door(checks)
    answer = door("POST", "/v1/chat/completions", **request_parts)
    assert answer.status_code in (400, 415)
    assert answer.json()["error"]["code"].startswith("seawall_")
    assert door.seen == checks.asked == []


def test_pictures_within_messages_are_checked_and_addresses_of_pictures_refused(checks: Guard) -> None:
    door = Door(checks)

    def ask(url: str) -> httpx.Response:
        parts = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": url}}]
        return door.chat(parts)

    good = base64.b64encode(b"picture").decode()
    assert ask(f"data:image/png;base64,{good}").status_code == 200
    assert checks.asked[0].attachments[0].base64 == b"picture"
    assert ask(f"data:image/png;base64,{base64.b64encode(b'zorblax').decode()}").status_code == 400
    assert ask("https://elsewhere.test/a.png").status_code == 400
    assert door.chat([{"type": "hologram", "data": "a"}]).status_code == 400
    assert len(door.seen) == 1


def test_what_a_message_says_beside_its_content_is_read_too(checks: Guard) -> None:
    door = Door(checks)
    call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "zorblax"}}]}
    body = {"messages": [call, {"role": "user", "content": "go on"}]}
    assert door("POST", "/v1/chat/completions", json=body, headers={"x-account": "u1"}).status_code == 400


def test_attachments_and_other_prompts_are_found(checks: Guard) -> None:
    door = Door(checks)
    encoded = base64.b64encode(b"mask").decode()
    assert door.draw(["one", "two"], masks=[encoded], options={"system": "draw"}, image=None).status_code == 200
    asked = checks.asked[0]
    assert (asked.prompt, asked.system, asked.attachments[0].base64) == ("one\ntwo", "draw", b"mask")


def test_an_upload_is_the_body_itself(checks: Guard) -> None:
    door = Door(checks)
    headers = {"x-account": "u1"}
    answer = door("PUT", "/files/a.png", content=b"picture", headers=headers)
    assert answer.json() == {"decision": DECISION}
    assert door.seen == checks.media == [b"picture"]
    assert door("PUT", "/files/a.png", content=b"zorblax", headers=headers).status_code == 400
    assert door("PUT", "/files/a.png", content=b"x" * 1001, headers=headers).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    assert door("PUT", "/files/a.png", content=endless(), headers=headers).status_code == 413
    assert len(door.seen) == 1
