"""The gateway with pictures, sounds and processes that die: whatever comes out was checked with all that went in."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.contract.gateway_pair import CHAT, CONTROLS, Process, asked, chat, events, running, words

FORM = {"Content_Type": "multipart/form-data; boundary=x"}


def drawn(concepts: str) -> bytes:
    """Return a picture of canary concepts, PNG."""
    from seawall.deploy.gateway.fake_model import picture

    return picture(words(concepts) if concepts else "")


def with_picture(text: str, concepts: str, **more: Any) -> dict[str, Any]:
    """Return a chat with a picture in its message."""
    url = "data:image/png;base64," + base64.b64encode(drawn(concepts)).decode()
    content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]
    return {"model": "m", "messages": [{"role": "user", "content": content}], **more}


def form(fields: dict[str, str], name: str, data: bytes, kind: str = "image/png") -> bytes:
    """Return a form with one file."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\nContent-Type: {kind}\r\n\r\n'
    return "".join(parts).encode() + head.encode() + data + b"\r\n--x--\r\n"


def test_a_in_a_picture_of_the_prompt_with_b_in_the_answer_is_refused(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    status, answer = front.json("POST", CHAT, with_picture("canary: b", "a"))
    assert (status, answer["error"]["code"]) == (400, "seawall_blocked")
    for concepts in ("", "c"):
        assert front.json("POST", CHAT, with_picture("canary: b", concepts))[0] == 200, concepts
    assert front.json("POST", CHAT, with_picture("say: a boat", "a"))[0] == 200


def test_the_same_in_a_stream_never_leaves(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    status, _, data = front.ask("POST", CHAT, with_picture("canary: b", "a", stream=True))
    found = events(data)
    assert (status, found[-1]) == (200, "[DONE]")
    assert found[-2]["choices"][0]["finish_reason"] == "content_filter"
    assert b"lantern" not in data
    status, _, data = front.ask("POST", CHAT, with_picture("say: a small boat", "a", stream=True))
    shown = "".join(each["choices"][0]["delta"].get("content", "") for each in events(data)[:-1])
    assert (status, shown) == (200, "a small boat")


def test_variations_speech_and_transcriptions_pass(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    status, _, data = front.ask("POST", "/v1/images/variations", form({}, "image", drawn("c")), **FORM)
    assert status == 200, data
    assert base64.b64decode(json.loads(data)["data"][0]["b64_json"]).startswith(b"\x89PNG")
    status, headers, data = front.ask("POST", "/v1/audio/speech", {"model": "m", "input": "a boat", "voice": "one"})
    assert (status, headers["content-type"], data[:4]) == (200, "audio/wav", b"RIFF"), data
    sound = data
    status, _, data = front.ask(
        "POST", "/v1/audio/transcriptions", form({"model": "m"}, "file", sound, "audio/wav"), **FORM
    )
    assert (status, json.loads(data)["text"]) == (200, "A quiet lake, and a small boat on it.")


def test_speech_of_what_must_not_be_is_not_made(running_pair: tuple[Process, Process]) -> None:
    front, model = running_pair
    before = asked(model)
    status, answer = front.json("POST", "/v1/audio/speech", {"model": "m", "input": words("ab"), "voice": "one"})
    assert (status, answer["error"]["code"]) == (400, "seawall_blocked")
    assert asked(model) == before


def test_operators_see_that_it_lives_is_ready_and_counts(running_pair: tuple[Process, Process]) -> None:
    front, _ = running_pair
    front.json("POST", CHAT, chat("say: a boat"))
    nobody = Process(front.process, front.port, front.log)
    assert nobody.json("GET", "/healthz") == (200, {"status": "ok"})
    assert nobody.json("GET", "/readyz") == (200, {"status": "ready", "problems": {}})
    status, headers, data = nobody.ask("GET", "/metrics")
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/plain")
    assert b'seawall_decisions_total{action="allow",drill="false",kind="input"}' in data
    assert b'route="/v1/chat/completions"' in data
    assert nobody.ask("GET", "/metrics", Host="a.example")[0] == 403, "a page elsewhere may not read them"


def test_a_model_server_that_is_killed_is_told_and_the_gateway_goes_on(seawall_home: Path, tmp_path: Path) -> None:
    with running(seawall_home, tmp_path / "model.log", "--demo-upstream") as model:
        url = f"http://127.0.0.1:{model.port}"
        with running(seawall_home, tmp_path / "gateway.log", "--upstream", url, "--pass-auth", *CONTROLS) as front:
            front.key = "the client's own"
            assert front.json("POST", CHAT, chat("say: a boat"))[0] == 200
            # Killed while answers are under way, of which each is whole, or refused.
            answers: list[tuple[int, bytes]] = []

            def ask() -> None:
                status, _, data = front.ask("POST", CHAT, chat("say: " + "zorblax " * 2000, stream=True))
                answers.append((status, data))

            asking = [threading.Thread(target=ask) for _ in range(8)]
            for thread in asking:
                thread.start()
            model.process.send_signal(signal.SIGKILL)
            for thread in asking:
                thread.join(60)
            assert len(answers) == 8
            for status, data in answers:
                assert (status == 200 and (b"[DONE]" in data or b"seawall_upstream" in data)) or status in (502, 503)
            status, answer = front.json("POST", CHAT, chat("say: a boat"))
            assert (status, answer["error"]["code"]) == (503, "seawall_unavailable")
            assert front.ask("GET", "/healthz")[0] == 200
            assert "zorblax" not in front.log.read_text()


@pytest.mark.parametrize("drain", ["20", "0"])
def test_a_gateway_that_is_told_to_stop_finishes_or_refuses_what_is_under_way(
    seawall_home: Path, tmp_path: Path, drain: str
) -> None:
    with running(seawall_home, tmp_path / "model.log", "--demo-upstream") as model:
        url = f"http://127.0.0.1:{model.port}"
        arguments = ("--upstream", url, "--pass-auth", "--drain", drain, *CONTROLS)
        with running(seawall_home, tmp_path / "gateway.log", *arguments) as front:
            front.key = "the client's own"
            answers: list[bytes] = []
            begun = threading.Event()

            def ask() -> None:
                begun.set()
                try:
                    answers.append(front.ask("POST", CHAT, chat("say: " + "a boat " * 5000, stream=True))[2])
                except (OSError, http.client.HTTPException):
                    answers.append(b"")

            asking = threading.Thread(target=ask)
            asking.start()
            assert begun.wait(10)
            front.process.send_signal(signal.SIGTERM)
            asking.join(60)
            assert front.process.wait(60) == 0
            assert not answers[0] or b"[DONE]" in answers[0] or b"error" in answers[0] or drain == "0"
