"""`seawall gateway` as a stranger starts it: two processes, sockets, a key."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.gateway_pair import CHAT, Process, asked, chat, events, running, words

Run = Callable[..., Any]


def test_harmless_requests_pass_and_unknown_paths_do_not(running_pair: tuple[Process, Process]) -> None:
    front, model = running_pair
    status, answer = front.json("POST", CHAT, chat("say: a small boat"))
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "a small boat")
    before = asked(model)
    for path in ("/v1/embeddings", "/v1/files", "/v1/chat/completions/", "/", "/v1/seawall/outputs/x"):
        status, answer = front.json("POST", path, {"input": "x"})
        assert (status, answer["error"]["code"]) == (404, "seawall_unknown_path"), path
    assert front.json("GET", CHAT)[0] == 405
    assert asked(model) == before
    assert front.json("GET", "/v1/models")[1]["data"][0]["id"] == "stand-in"
    status, answer = front.json("POST", "/v1/completions", {"model": "m", "prompt": "say: a boat"})
    assert (status, answer["choices"][0]["text"]) == (200, "a boat")
    status, answer = front.json("POST", "/v1/responses", {"model": "m", "input": "say: a boat"})
    assert (status, answer["output"][0]["content"][0]["text"]) == (200, "a boat")


def test_a_with_b_in_a_prompt_is_refused_and_the_model_is_not_asked(running_pair: tuple[Process, Process]) -> None:
    front, model = running_pair
    before = asked(model)
    split = [{"role": "user", "content": words("a")}, {"role": "assistant", "content": "yes"}]
    bodies = [
        (CHAT, chat(words("ab"))),
        (CHAT, {"model": "m", "messages": [*split, {"role": "user", "content": words("b")}]}),
        ("/v1/completions", {"model": "m", "prompt": [words("a"), words("b")]}),
        ("/v1/responses", {"model": "m", "instructions": words("a"), "input": words("b")}),
        ("/v1/images/generations", {"model": "m", "prompt": words("ab")}),
        ("/v1/audio/speech", {"model": "m", "input": words("ab"), "voice": "x"}),
        ("/v1/videos", {"model": "m", "prompt": words("ab")}),
    ]
    for path, body in bodies:
        status, answer = front.json("POST", path, body)
        assert (status, answer["error"]["code"]) == (400, "seawall_blocked"), path
        assert answer["error"]["type"] == "invalid_request_error"
        assert answer["error"]["decision_id"]
    assert asked(model) == before
    assert "heron" not in front.log.read_text()


def test_a_in_the_prompt_with_b_in_the_answer_is_refused(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    for path, body in (
        (CHAT, chat(f"{words('a')} canary: b")),
        ("/v1/completions", {"model": "m", "prompt": f"{words('a')} canary: b"}),
        ("/v1/responses", {"model": "m", "input": f"{words('a')} canary: b", "stream": True}),
        (CHAT, chat("canary: ab")),
        ("/v1/images/generations", {"model": "m", "prompt": "canary: ab"}),
        ("/v1/images/generations", {"model": "m", "prompt": "canary: ab", "response_format": "b64_json"}),
    ):
        status, answer = front.json("POST", path, body)
        assert (status, answer["error"]["code"]) == (400, "seawall_blocked"), path
    assert front.json("POST", CHAT, chat("canary: b"))[0] == 200


def test_what_is_blocked_in_a_stream_never_leaves(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    for path, body in (
        (CHAT, chat(f"{words('a')} canary: b", stream=True)),
        (CHAT, chat("canary: ab", stream=True)),
        ("/v1/completions", {"model": "m", "prompt": f"{words('a')} canary: b", "stream": True}),
    ):
        status, _, data = front.ask("POST", path, body)
        found = events(data)
        assert (status, found[-1]) == (200, "[DONE]")
        assert found[-2]["choices"][0]["finish_reason"] == "content_filter"
        assert re.fullmatch("[0-9a-f-]{32,36}", found[-2]["seawall"]["decision_id"])
        assert b"lantern" not in data


def test_a_streamed_reply_ends_with_done(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    text = "a small boat on a quiet lake " * 30
    status, headers, data = front.ask("POST", CHAT, chat(f"say: {text}", stream=True))
    found = events(data)
    assert (status, headers["content-type"].partition(";")[0], found[-1]) == (200, "text/event-stream", "[DONE]")
    shown = "".join(each["choices"][0]["delta"].get("content", "") for each in found[:-1])
    assert shown == text.strip()
    assert found[-2]["choices"][0]["finish_reason"] == "stop"
    status, _, data = front.ask("POST", "/v1/responses", {"model": "m", "input": "say: a boat", "stream": True})
    assert "response.completed" in data.decode()


def test_pictures_are_checked_and_addresses_are_ours(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    status, answer = front.json("POST", "/v1/images/generations", {"model": "m", "prompt": "a wooden boat"})
    assert status == 200, answer
    url = answer["data"][0]["url"]
    assert url.startswith(f"http://127.0.0.1:{front.port}/v1/seawall/outputs/")
    status, headers, data = front.ask("GET", url.removeprefix(f"http://127.0.0.1:{front.port}"))
    assert (status, headers["content-type"], headers["cache-control"]) == (200, "image/png", "no-store")
    assert data.startswith(b"\x89PNG")
    status, answer = front.json(
        "POST", "/v1/images/generations", {"model": "m", "prompt": "a boat", "response_format": "b64_json"}
    )
    assert (status, list(answer["data"][0])) == (200, ["b64_json"])


def test_a_video_belongs_to_who_asked_for_it(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    status, job = front.json("POST", "/v1/videos", {"model": "m", "prompt": "a boat"}, X_Seawall_Account="one")
    assert status == 200
    path = f"/v1/videos/{job['id']}"
    assert front.json("GET", path, X_Seawall_Account="one")[1]["status"] == "completed"
    assert front.ask("GET", f"{path}/content", X_Seawall_Account="one")[0] == 200
    assert front.json("GET", path, X_Seawall_Account="two")[1]["error"]["code"] == "seawall_unknown_job"


def test_what_cannot_be_seen_is_refused(running_pair: tuple[Process, Process]) -> None:
    front, model = running_pair
    before = asked(model)
    part = {"type": "image_url", "image_url": {"url": "https://example.invalid/x.png"}}
    bodies = [
        (CHAT, {"model": "m", "messages": [{"role": "user", "content": [part]}]}),
        (CHAT, {"model": "m", "messages": [{"role": "user", "content": [{"type": "zorblax"}]}]}),
        ("/v1/completions", {"model": "m", "prompt": [1, 2, 3]}),
        ("/v1/responses", {"model": "m", "input": "x", "previous_response_id": "resp-0"}),
        ("/v1/images/generations", {"model": "m", "prompt": "x", "stream": True}),
    ]
    for path, body in bodies:
        status, answer = front.json("POST", path, body)
        assert (status, answer["error"]["code"]) == (400, "seawall_unsupported"), path
    assert asked(model) == before


def test_told_to_stop_it_ends_with_0(seawall_home: Path, tmp_path: Path) -> None:
    with running(seawall_home, tmp_path / "model.log", "--demo-upstream") as model:
        model.process.send_signal(signal.SIGTERM)
        assert model.process.wait(30) == 0


def test_usage_errors_are_clear(seawall: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.cli import _main

    monkeypatch.setitem(_main.COMMANDS, "gateway", "")
    for arguments in (
        (),
        ("--upstream", "ftp://x"),
        ("--upstream", "http://127.0.0.1:1", "--pass-auth", "--host", "0.0.0.0"),
        ("--upstream", "http://127.0.0.1:1", "--demo-upstream"),
        ("--upstream", "http://127.0.0.1:1", "--upstream-key-env", "SEAWALL_NO_SUCH_VARIABLE"),
    ):
        done = seawall("gateway", *arguments)
        assert done.code == 2, (arguments, done.err)
