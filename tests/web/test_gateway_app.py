"""The gateway with a guard that is a stand-in: what happens when the guard, the model server or the client fails."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from seawall.deploy.gateway.fetch import SafeFetcher
from seawall.deploy.guard.contract import Media, Release
from seawall.deploy.guard.errors import GuardBusy, GuardUnavailable
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.deploy.guard.requests import CheckReply
from seawall.policy.guard import GuardAction
from seawall.web.gateway.app import create_gateway
from seawall.web.gateway.jobs import Jobs
from seawall.web.gateway.outputs import Outputs
from seawall.web.gateway.parts import GatewayParts
from seawall.web.gateway.upstream import Deadlines, Upstream
from seawall.web.keys import ApiKey, Scope
from seawall.web.logs import make_logger

CHAT = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "a boat"}]}
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


def decided(action: GuardAction) -> CheckReply:
    return CheckReply(action=action, policy="0" * 64, decision_id="d" * 32, message="Not this.")


@dataclass
class Stream:
    """Lets everything go at its end."""

    guard: Guard
    held: str = ""
    reply: CheckReply | None = None

    async def feed(self, text: str) -> Release:
        self.guard.fed += 1
        self.held += text
        return Release()

    async def finish(self) -> Release:
        self.reply = decided(GuardAction.ALLOW)
        return Release(self.held)

    async def close(self) -> None:
        self.guard.closed += 1
        self.reply = decided(GuardAction.ALLOW)


@dataclass
class Guard:
    """Says what it is told to say."""

    input_action: GuardAction = GuardAction.ALLOW
    output_action: GuardAction = GuardAction.ALLOW
    fails: Exception | None = None
    asked: list[Any] = field(default_factory=list)
    closed: int = 0
    fed: int = 0

    async def input(self, check: Any) -> CheckReply:
        if self.fails is not None:
            raise self.fails
        self.asked.append(check)
        return decided(self.input_action)

    async def output(self, check: Any, media: Media | None = None) -> CheckReply:
        self.asked.append((check, media))
        return decided(self.output_action)

    def stream(self, check: Any) -> Stream:
        return Stream(self)

    upload = finetune = batch = input


class Keys:
    """One key."""

    def verify(self, token: str) -> ApiKey | None:
        if token not in ("key", "other"):
            return None
        scope = Scope.GATEWAY if token == "key" else Scope.CHECK
        return ApiKey("0" * 12, "app", frozenset({scope}), "2026-01-01T00:00:00.000000Z")


class Model:
    """A model server of bytes: answers every connection with what it is told, and may then hang up or wait."""

    def __init__(self) -> None:
        self.answer = b""
        self.waits = False
        self.heads: list[bytes] = []
        self.hung_up = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def json(self, value: Any, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.answer = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\n" % status
        self.answer += b"set-cookie: a=b\r\ncontent-length: %d\r\n\r\n" % len(body) + body

    def stream(self, data: bytes) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        self.answer += b"%x\r\n" % len(data) + data + b"\r\n"

    def close(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"END")
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                connection.settimeout(10)
                head = b""
                while b"\r\n\r\n" not in head and not head.startswith(b"END"):
                    head += connection.recv(65536)
                if head.startswith(b"END"):
                    return
                top, _, body = head.partition(b"\r\n\r\n")
                self.heads.append(top)
                length = re.search(rb"content-length: (\d+)", top.lower())
                left = int(length[1]) - len(body) if length else 0
                while left > 0:
                    left -= len(connection.recv(65536))
                connection.sendall(self.answer)
                if self.waits:
                    while connection.recv(65536):
                        pass
                    self.hung_up.set()


@pytest.fixture
def model() -> Iterator[Model]:
    found = Model()
    yield found
    found.close()


@dataclass
class Front:
    """A gateway in this process."""

    app: Any
    guard: Guard
    parts: GatewayParts

    def ask(self, method: str, path: str, *, key: str | None = "key", **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        headers |= options.pop("headers", {})

        async def go() -> httpx.Response:
            try:
                transport = httpx.ASGITransport(self.app)
                async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                    return await client.request(method, path, headers=headers, **options)
            finally:
                await self.parts.upstream.close()

        return asyncio.run(asyncio.wait_for(go(), 20))


@pytest.fixture
def front(model: Model) -> Front:
    guard, own, budget = Guard(), f"127.0.0.1:{model.port}", MediaBudget(16 << 20)
    parts = GatewayParts(
        checks=guard,  # type: ignore[arg-type]
        keys=Keys(),
        upstream=Upstream(f"http://{own}", key="secret", deadlines=Deadlines(2, 2, 4), limit=1 << 20),
        fetcher=SafeFetcher((), allow_private=(own,), limit=1 << 20, seconds=2, budget=budget),
        outputs=Outputs(),
        jobs=Jobs(),
        secret=b"s" * 32,
        budget=budget,
    )
    return Front(create_gateway(parts, log=make_logger(io.StringIO())), guard, parts)


def said(text: str = "a boat") -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "zorblax": "not known"}
    return {"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "zorblax": "x"}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("problem", [GuardUnavailable(), GuardBusy(), RuntimeError("x")])
def test_without_the_guard_the_model_is_not_asked(front: Front, model: Model, problem: Exception) -> None:
    front.guard.fails = problem
    expected = (500, "internal") if isinstance(problem, RuntimeError) else (503, "seawall_unavailable")
    for stream in (False, True):
        assert code(front.ask("POST", CHAT, json={**BODY, "stream": stream})) == expected
    assert model.heads == []


@pytest.mark.parametrize("action", [GuardAction.BLOCK, GuardAction.REVIEW])
def test_review_and_block_refuse(front: Front, model: Model, action: GuardAction) -> None:
    front.guard.input_action = action
    answer = front.ask("POST", CHAT, json=BODY)
    assert code(answer) == (400, "seawall_blocked")
    assert answer.json()["error"] | {"decision_id": "d" * 32, "message": "Not this."} == answer.json()["error"]
    assert model.heads == []
    front.guard.input_action, front.guard.output_action = GuardAction.ALLOW, action
    model.json(said())
    assert code(front.ask("POST", CHAT, json=BODY)) == (400, "seawall_blocked")


@pytest.mark.parametrize("action", [GuardAction.WARN, GuardAction.NOT_EXAMINED])
def test_what_passes_with_a_remark_says_so(front: Front, model: Model, action: GuardAction) -> None:
    front.guard.input_action = action
    model.json(said())
    answer = front.ask("POST", CHAT, json=BODY)
    assert (answer.status_code, answer.headers["x-seawall-decision"]) == (200, "d" * 32)


def test_only_what_is_known_goes_on_and_comes_back(front: Front, model: Model) -> None:
    model.json(said())
    answer = front.ask("POST", CHAT, json={**BODY, "user": "u1"}, headers={"x-zorblax": "1", "cookie": "c=d"})
    assert "zorblax" not in answer.text
    assert "set-cookie" not in answer.headers
    head = model.heads[0].lower()
    assert b"authorization: bearer secret" in head
    assert b"accept-encoding: identity" in head
    assert b"zorblax" not in head
    assert b"cookie" not in head
    assert front.guard.asked[0].account == "u1"
    check, _ = front.guard.asked[1]
    assert (check.prompt, check.text) == ("a boat", "a boat")


def test_keys_are_for_the_gateway(front: Front, model: Model) -> None:
    assert code(front.ask("POST", CHAT, json=BODY, key=None)) == (401, "unauthenticated")
    assert code(front.ask("POST", CHAT, json=BODY, key="other")) == (403, "scope_missing")
    assert model.heads == []


@pytest.mark.parametrize("status", [400, 404, 429, 500, 302, 401])
def test_words_of_the_model_servers_errors_stay_with_it(front: Front, model: Model, status: int) -> None:
    model.json({"error": {"message": "zorblax"}}, status)
    answer = front.ask("POST", CHAT, json=BODY)
    assert code(answer) == (status if status in (400, 404, 429) else 502, "seawall_upstream")
    assert "zorblax" not in answer.text


def test_garbage_of_the_model_server_is_no_answer(front: Front, model: Model) -> None:
    for value in ([], {"choices": 1}, {"choices": [{"message": {"content": 1}}]}, "x"):
        model.json(value)
        assert code(front.ask("POST", CHAT, json=BODY)) == (502, "seawall_upstream")
    model.answer = b"nonsense\r\n\r\n"
    assert code(front.ask("POST", CHAT, json=BODY)) == (502, "seawall_upstream")
    model.json(said("x" * (2 << 20)))
    assert code(front.ask("POST", CHAT, json=BODY)) == (502, "seawall_upstream")


def _chunk(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}).encode() + b"\n\n"


def test_a_model_server_that_dies_in_a_stream_lets_nothing_go(front: Front, model: Model) -> None:
    model.stream(_chunk("zorblax") + _chunk("zorblax"))
    answer = front.ask("POST", CHAT, json={**BODY, "stream": True})
    assert "seawall_upstream" in answer.text
    assert "zorblax" not in answer.text
    assert front.guard.closed == 1


def test_a_model_server_that_stalls_is_given_up(front: Front, model: Model) -> None:
    model.stream(_chunk("zorblax"))
    model.waits = True
    answer = front.ask("POST", CHAT, json={**BODY, "stream": True})
    assert "seawall_upstream" in answer.text
    assert front.guard.closed == 1
    assert model.hung_up.wait(10)


def test_a_client_that_goes_closes_the_model_and_the_stream(front: Front, model: Model) -> None:
    model.stream(_chunk("zorblax"))
    model.waits = True
    body = json.dumps({**BODY, "stream": True}).encode()
    headers = [(b"authorization", b"Bearer key"), (b"content-type", b"application/json"), (b"host", b"127.0.0.1")]
    scope = {"type": "http", "method": "POST", "path": CHAT, "headers": headers, "query_string": b"", "scheme": "http"}

    shown: list[bytes] = []

    async def go() -> None:
        messages = iter([{"type": "http.request", "body": body}])

        async def receive() -> Any:
            for message in messages:
                return message
            while not front.guard.fed:
                await asyncio.sleep(0)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            shown.append(message.get("body", b""))

        await front.app(scope, receive, send)
        await front.parts.upstream.close()

    asyncio.run(asyncio.wait_for(go(), 20))
    assert model.hung_up.wait(10)
    assert front.guard.closed == 1
    assert b"zorblax" not in b"".join(shown)


def _picture(model: Model, **one: Any) -> None:
    model.json({"created": 0, "data": [one]})


def test_pictures_are_checked_with_their_prompt(front: Front, model: Model) -> None:
    _picture(model, b64_json=PIXEL, revised_prompt="a red boat")
    answer = front.ask("POST", "/v1/images/generations", json={"prompt": "a boat"})
    assert answer.json()["data"] == [{"revised_prompt": "a red boat", "b64_json": PIXEL}]
    assert [check.prompt for check, _ in front.guard.asked[1:]] == ["a boat", "a boat"]
    front.guard.output_action = GuardAction.BLOCK
    answer = front.ask("POST", "/v1/images/generations", json={"prompt": "a boat"})
    assert code(answer) == (400, "seawall_blocked")
    assert PIXEL not in answer.text


@pytest.mark.parametrize("url", ["http://169.254.169.254/x", "http://127.0.0.1:1/x", "file:///x", "https://a.example/"])
def test_pictures_elsewhere_are_not_fetched(front: Front, model: Model, url: str) -> None:
    _picture(model, url=url)
    answer = front.ask("POST", "/v1/images/generations", json={"prompt": "a boat"})
    assert answer.status_code == 502
    assert url not in answer.text


def test_edits_are_checked_with_their_pictures(front: Front, model: Model) -> None:
    _picture(model, b64_json=PIXEL)
    files = {"image": ("x.png", base64.b64decode(PIXEL), "image/png")}
    answer = front.ask("POST", "/v1/images/edits", data={"prompt": "add a boat"}, files=files)
    assert answer.status_code == 200, answer.text
    assert front.guard.asked[0].prompt == "add a boat"
    assert front.guard.asked[0].attachments[0].base64 == base64.b64decode(PIXEL)
    answer = front.ask("POST", "/v1/images/edits", data={"prompt": "x"}, files={"zorblax": ("x", b"y")})
    assert code(answer) == (400, "seawall_unsupported")


def test_kept_pictures_expire_and_are_bounded() -> None:
    now = [0.0]
    clock: Callable[[], float] = lambda: now[0]  # noqa: E731 (a clock of one line)
    kept = Outputs(10, 60, clock)
    tokens = [kept.keep(b"12345", "image/png").rpartition("/")[2] for _ in range(3)]
    assert [kept.get(token) is not None for token in tokens] == [False, True, True]
    now[0] = 61
    assert kept.get(tokens[2]) is None
