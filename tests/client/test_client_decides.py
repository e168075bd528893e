"""The clients give a decision or raise: nothing between, whatever the server does."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import random
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.client import (
    AsyncClient,
    Backoff,
    Busy,
    CheckReply,
    Client,
    InputCheck,
    Malformed,
    NotDecided,
    Refused,
    Turn,
    Unreachable,
    permit,
)
from seawall.client._answers import Answer, retry_after
from seawall.errors import UsageError

KEY = "sw_test"
DECISION = "0190a1b2c3d47e5f8091a2b3c4d5e6f7"


class Asked(Protocol):
    """What the stand-in knows."""

    then: list[Any]
    requests: list[httpx.Request]
    bodies: list[bytes]

    def __call__(self, request: httpx.Request) -> httpx.Response: ...
    async def later(self, request: httpx.Request) -> httpx.Response: ...
    def meta(self, at: int = -1) -> dict[str, Any]: ...
    def file(self, at: int = -1) -> bytes: ...


Ask = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest, guard: Asked) -> Ask:
    """Call a method of either client."""

    def call(method: str, *arguments: Any, options: dict[str, Any] | None = None, **fields: Any) -> Any:
        options = {"base_url": "https://guard.test", "key": KEY, **(options or {})}
        if request.param == "sync":
            with Client(transport=httpx.MockTransport(guard), **options) as client:
                return getattr(client, method)(*arguments, **fields)

        async def run() -> Any:
            async with AsyncClient(transport=httpx.MockTransport(guard.later), **options) as client:
                return await getattr(client, method)(*arguments, **fields)

        return asyncio.run(run())

    return call


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


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={"error": {"code": "unauthorized"}}), Refused),
        (httpx.Response(403), Refused),
        (httpx.Response(404, text="nothing here"), Refused),
        (httpx.Response(413), Refused),
        (httpx.Response(422, json={"detail": "zorblax"}), Refused),
        (httpx.Response(429, headers={"retry-after": "1"}), Busy),
        (httpx.Response(503, headers={"retry-after": "1"}), Busy),
        (httpx.Response(503), Unreachable),
        (httpx.Response(500), Unreachable),
        (httpx.Response(201, json={"action": "allow"}), Malformed),
        (httpx.Response(204), Malformed),
        (httpx.Response(301, headers={"location": "https://elsewhere.test/"}), Malformed),
        (httpx.Response(307, headers={"location": "/v1/check/input"}), Malformed),
        (httpx.Response(200, text="allow"), Malformed),
        (httpx.Response(200, json=[]), Malformed),
        (httpx.Response(200, json={"action": "allow"}), Malformed),
        (httpx.Response(200, json={"action": "ALLOW", "policy": "p", "decision_id": DECISION}), Malformed),
        (httpx.Response(200, json={"action": "permit", "policy": "p", "decision_id": DECISION}), Malformed),
        (httpx.Response(200, json={"action": True, "policy": "p", "decision_id": DECISION}), Malformed),
        (httpx.Response(200, json={"action": "allow", "policy": "p" * 2_000_000, "decision_id": DECISION}), Malformed),
        (httpx.Response(200, headers={"content-type": "application/json"}, content=b'{"action": "allow"'), Malformed),
        (httpx.Response(200, headers={"content-type": "application/json"}, content=b"[" * 100_000), Malformed),
        (
            httpx.Response(200, headers={"content-type": "application/json", "content-length": "99999999999999"}),
            Malformed,
        ),
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ReadTimeout("slow"), Unreachable),
        (httpx.RemoteProtocolError("garbage"), Unreachable),
        (httpx.WriteError("gone"), Unreachable),
    ],
    ids=repr,
)
def test_whatever_is_no_decision_raises(
    ask: Ask, guard: Asked, answer: httpx.Response | Exception, error: type[NotDecided]
) -> None:
    guard.then = [answer]
    with pytest.raises(error) as raised:
        ask("check_input", "a boat", account="u1", options={"retries": 0})
    assert isinstance(raised.value, NotDecided)
    assert len(guard.requests) == 1
    assert "zorblax" not in str(raised.value)


def test_a_reply_of_a_newer_server_is_understood(ask: Ask, guard: Asked) -> None:
    more = {"action": "warn", "policy": "p", "decision_id": DECISION, "new_field": {"a": 1}}
    guard.then = [httpx.Response(200, json=more)]
    assert ask("check_input", "a boat", account="u1").action == "warn"


def test_it_is_tried_again_under_one_request_id(ask: Ask, guard: Asked, pauses: list[float]) -> None:
    guard.then = [httpx.ConnectError("no"), httpx.Response(500)]
    assert permit(ask("check_input", "a boat", account="u1"))
    assert len({guard.meta(at)["request_id"] for at in range(3)}) == 1
    assert len(pauses) == 2
    assert all(0 <= pause <= 0.4 for pause in pauses)
    ask("check_input", "a boat", account="u1")
    assert guard.meta()["request_id"] != guard.meta(0)["request_id"]
    ask("check_input", "a boat", account="u1", request_id="mine")
    assert guard.meta()["request_id"] == "mine"


def test_the_last_failure_is_raised_when_all_attempts_fail(ask: Ask, guard: Asked, pauses: list[float]) -> None:
    guard.then = [httpx.Response(500), httpx.Response(500), httpx.Response(503, headers={"retry-after": "3"})]
    with pytest.raises(Busy) as raised:
        ask("check_input", "a boat", account="u1")
    assert raised.value.retry_after == 3
    assert len(pauses) == 2


def test_the_guards_own_pause_is_kept_if_it_is_short(ask: Ask, guard: Asked, pauses: list[float]) -> None:
    guard.then = [httpx.Response(429, headers={"retry-after": "7"})]
    assert permit(ask("check_input", "a boat", account="u1"))
    assert pauses == [7.0]
    guard.then = [httpx.Response(429, headers={"retry-after": "60"})]
    with pytest.raises(Busy):
        ask("check_input", "a boat", account="u1")
    assert pauses == [7.0]


def test_a_refusal_is_not_repeated(ask: Ask, guard: Asked, pauses: list[float]) -> None:
    guard.then = [httpx.Response(401)]
    with pytest.raises(Refused) as raised:
        ask("check_input", "a boat", account="u1")
    assert raised.value.status == 401
    assert pauses == []


@pytest.mark.parametrize(
    "fields",
    [
        {"account": ""},
        {"account": "u1", "surface": "No Good"},
        {"account": "u1", "jurisdiction": "germany"},
        {"account": "u1", "promt": "misspelt"},
        {"account": "u1", "history": [{"role": "wizard", "content": "zorblax"}]},
        {"account": "u1", "age_signal": "zorblax"},
    ],
)
def test_a_check_that_cannot_be_sent_is_no_decision_and_repeats_no_content(
    ask: Ask, guard: Asked, fields: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as raised:
        ask("check_input", "zorblax \ud800" if "promt" in fields else "zorblax", **fields)
    assert "zorblax" not in str(raised.value)
    assert guard.requests == []


def test_files_that_cannot_be_read_are_no_decision(ask: Ask, guard: Asked, tmp_path: Path) -> None:
    closed = io.BytesIO(b"a")
    closed.close()
    for file in (tmp_path / "none", tmp_path, closed, io.StringIO("text")):
        with pytest.raises(NotDecided):
            ask("check_upload", file, account="u1", options={"retries": 0})


def test_a_closed_client_gives_no_decision(guard: Asked) -> None:
    client = Client("https://guard.test", KEY, transport=httpx.MockTransport(guard))
    client.close()
    with pytest.raises(NotDecided):
        client.check_input("a", account="u")


def test_the_key_is_not_shown() -> None:
    client = Client("https://guard.test", "sw_secret")
    assert "sw_secret" not in repr(client) + repr(vars(client))
    client.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "ftp://guard.test"},
        {"base_url": "guard.test"},
        {"base_url": "https://user:word@guard.test"},
        {"base_url": "https://guard.test?x=1"},
        {"base_url": "http://guard.test"},
        {"base_url": "http://10.0.0.1"},
        {"key": ""},
        {"key": "two words"},
        {"key": "line\nbreak"},
        {"key": "ключ"},
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_address_or_key_that_cannot_be_one_is_refused(kind: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        kind(**{"base_url": "https://guard.test", "key": KEY, **wrong})


def test_unverified_tls_is_refused() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(UsageError):
        Client("https://guard.test", KEY, tls=context)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000"])
def test_plain_http_stays_on_this_machine(address: str) -> None:
    Client(address, KEY).close()
    Client("http://guard.test", KEY, allow_plain_http=True).close()


def test_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:1")
    client = Client("https://guard.test", KEY)
    assert not any(client._http._mounts.values())
    client.close()


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["allow", "warn", DECISION]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["action", "policy", "decision_id", "drill", "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(
    status=st.sampled_from([200, 200, 201, 202, 301, 400, 500]),
    body=_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60),
    kind=st.sampled_from(["application/json", "application/json; charset=utf-8", "text/html", ""]),
)
def test_nothing_but_a_whole_reply_with_a_known_action_is_permitted(status: int, body: bytes, kind: str) -> None:
    try:
        allowed = permit(Answer(status, {"content-type": kind}, body).reply(CheckReply))
    except NotDecided:
        return
    said = json.loads(body)
    assert status == 200
    assert allowed == (said["action"] in ("allow", "warn"))


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_passed_over(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or seconds >= 0


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert retry_after("Thu, 01 Jan 2026 00:00:09 GMT", now) == 9.0
    assert retry_after("Wed, 31 Dec 2025 00:00:09 GMT", now) == 0.0


@given(st.integers(0, 60), st.floats(0, 100), st.integers(0, 10))
def test_pauses_are_bounded_and_never_shorter_than_asked(attempt: int, asked: float, retries: int) -> None:
    backoff = Backoff(retries, _random=random.Random(1))
    pause = backoff.pause(attempt, Busy(retry_after=asked))
    if attempt >= retries or asked > backoff.longest:
        assert pause is None
    else:
        assert pause is not None
        assert asked <= pause <= backoff.longest
    assert backoff.pause(attempt, Malformed()) is None
