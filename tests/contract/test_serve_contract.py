"""`seawall serve` as a stranger starts it: a process, a socket, a key."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

READY = re.compile(r"seawall serves on http://127\.0\.0\.1:(\d+)\n")
START_SECONDS = 90.0

Run = Callable[..., Any]


@dataclass
class Serving:
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = dict(headers or {})
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body), "application/json"
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in b"{[" else text.decode()
        finally:
            connection.close()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def serving(home: Path, *arguments: str, log: str = "server.log") -> Iterator[Serving]:
    home.parent.mkdir(exist_ok=True)
    path = home.parent / log
    with path.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "seawall", "serve", "--port", "0", *arguments],
            env=os.environ | {"SEAWALL_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        with ThreadPoolExecutor(1) as pool:
            line = pool.submit(process.stdout.readline).result(START_SECONDS)
        found = READY.fullmatch(line)
        assert found, path.read_text()
        yield Serving(process, int(found[1]), path)
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()


def prompt(seawall: Run, concepts: str) -> str:
    text: str = seawall("canary", "prompt", "--concepts", concepts).out.strip()
    return text


@pytest.fixture
def key(seawall: Run) -> str:
    made: str = seawall("keys", "create", "app", "--scope", "check", "--scope", "hma", "--json").json()["key"]
    return made


def test_out_of_the_box_a_with_b_is_blocked_as_a_drill_and_each_alone_is_not(
    seawall: Run, key: str, seawall_home: Path
) -> None:
    with serving(seawall_home) as server:
        asked = {"both": prompt(seawall, "a,b"), "a": prompt(seawall, "a"), "b": prompt(seawall, "b"), "boat": "a boat"}
        answers = {}
        for name, text in asked.items():
            status, answers[name] = server.ask("POST", "/v1/check/input", {"account": "x", "prompt": text}, key=key)
            assert status == 200, answers
        assert {name: (each["action"], each["drill"]) for name, each in answers.items()} == {
            "both": ("block", True),
            "a": ("allow", False),
            "b": ("allow", False),
            "boat": ("allow", False),
        }
        assert answers["both"]["category"] == "canary"
        spread = {
            "account": "x",
            "prompt": asked["b"],
            "history": [asked["a"], {"role": "assistant", "content": "as you like"}],
        }
        assert server.ask("POST", "/v1/check/input", spread, key=key)[1]["action"] == "block"
        status, decision = server.ask("GET", f"/v1/decisions/{answers['both']['decision_id']}", key=key)
        assert (status, decision["action"], decision["drill"]) == (200, "block", True)
        for path in ("/v1/check/input", "/v1/check/batch", "/v1/match/batch"):
            assert server.ask("POST", path, {"account": "x", "prompt": "a boat"})[0] == 401
        status, document = server.ask("GET", "/openapi.json")
        assert status == 200
        assert {"/v1/check/input", "/v1/check/upload", "/v1/decisions/{decision_id}"} <= document["paths"].keys()
        assert server.ask("GET", "/healthz")[0] == 200
        assert server.ask("GET", "/readyz") == (200, {"status": "ready", "problems": {}})
        assert "seawall_decisions_total" in server.ask("GET", "/metrics")[1]
        seawall("keys", "revoke", "app")
        end = time.monotonic() + 5
        while server.ask("GET", "/c/banks", key=key)[0] != 401:
            assert time.monotonic() < end
        assert server.stop() == 0
        logged = server.log.read_text()
    assert asked["both"] not in logged
    assert "boat" not in logged


def test_told_to_stop_it_finishes_what_is_under_way(key: str, seawall_home: Path) -> None:
    with serving(seawall_home, "--detectors", "canary") as server:
        body = json.dumps({"account": "x", "prompt": "a boat"}).encode()
        head = (
            "POST /v1/check/input HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), 30) as under_way:
            under_way.sendall(head.encode() + body[:10])
            assert server.ask("GET", "/healthz")[0] == 200
            server.process.send_signal(signal.SIGTERM)
            _until_refused(server.port)
            under_way.sendall(body[10:])
            answer = b""
            while chunk := under_way.recv(65536):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'"action":"allow"' in answer
        assert server.process.wait(60) == 0


def test_two_servers_start_at_once_on_one_new_home(seawall: Run, seawall_home: Path) -> None:
    ways = ("--detectors", "canary"), ("--detectors", "canary", "--workers", "2")
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        begun = [serving(seawall_home, *way, log=f"{len(way)}.log") for way in ways]
        one, two = pool.map(stack.enter_context, begun)
        made = seawall("keys", "create", "app", "--json").json()["key"]
        for server in (one, two):
            _until_accepted(server, made)
            status, answer = server.ask(
                "POST", "/v1/check/input", {"account": "x", "prompt": prompt(seawall, "a,b")}, key=made
            )
            assert (status, answer["action"]) == (200, "block")
        assert [one.stop(), two.stop()] == [0, 0]


def test_workers_end_when_their_parent_is_killed(seawall: Run, key: str, seawall_home: Path) -> None:
    with serving(seawall_home, "--detectors", "canary", "--workers", "2") as server:
        assert server.ask("POST", "/v1/check/input", {"account": "x", "prompt": "a boat"}, key=key)[0] == 200
        server.process.kill()
        server.process.wait(30)
        _until_refused(server.port)
    with serving(seawall_home, "--detectors", "canary") as again:
        assert again.ask("POST", "/v1/check/input", {"account": "x", "prompt": "a boat"}, key=key)[0] == 200
    assert seawall("ledger", "verify").code == 0


def test_an_address_in_use_and_what_cannot_be_served_are_clear_errors(seawall: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = seawall("serve", "--port", taken.getsockname()[1])
    assert done.code == 2
    assert "is in use" in done.err
    for arguments in (
        ("--host", "0.0.0.0", "--only", "console"),
        ("--only", "api,zorblax"),
        ("--workers", "0"),
        ("--hma-no-auth", "--host", "0.0.0.0"),
        ("--host", "no.such.host.invalid"),
        ("--detectors", "no-such-detector"),
        ("--policy", "no-such-file.yaml"),
    ):
        done = seawall("serve", "--port", "0", *arguments)
        assert (done.code, done.err.startswith(("error[", "there is no API key"))) == (2, True), (arguments, done.err)


def test_a_huge_upload_is_refused_before_it_is_sent_and_the_connection_ends(key: str, seawall_home: Path) -> None:
    with serving(seawall_home, "--detectors", "canary") as server:
        head = (
            "POST /v1/check/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Authorization: Bearer {key}\r\nContent-Length: {1 << 30}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
            connection.sendall(head.encode() + b"--x\r\n")
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 413 ")
        with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 200_000)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert server.ask("GET", "/healthz")[0] == 200


def _until_refused(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError("it still listens")


def _until_accepted(server: Serving, key: str) -> None:
    end = time.monotonic() + 10
    while server.ask("GET", "/v1/decisions/" + "0" * 32, key=key)[0] == 401:
        assert time.monotonic() < end
        time.sleep(0.02)
