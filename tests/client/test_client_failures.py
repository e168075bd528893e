"""The clients when no decision comes: what is tried again, what is not, and what is raised."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest

from seawall.client import (
    Busy,
    Malformed,
    NotDecided,
    Refused,
    Unreachable,
    permit,
)
from tests.client.client_asked import DECISION, Ask, Asked


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
