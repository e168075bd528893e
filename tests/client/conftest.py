"""A stand-in for the server: answers as the contract says, remembers what it was asked, and fails as it is told."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from seawall.client import AsyncClient, Client
from seawall.deploy.guard.contract import Media, Release
from seawall.deploy.guard.requests import (
    BatchCheck,
    BatchReply,
    CheckReply,
    FinetuneCheck,
    InputCheck,
    OutputCheck,
    UploadCheck,
)
from seawall.errors import StoreError
from tests.client.client_asked import DECISION, KEY, Ask, Asked
from tests.client.pipeline_for_hook import ColourGuard


def reply(action: str = "allow", **more: Any) -> dict[str, Any]:
    """A reply of the guard."""
    return {"action": action, "policy": "p" * 64, "decision_id": DECISION, **more}


@dataclass
class FakeGuard:
    """Blocks what holds the token `zorblax`; answers `then` first, one for each request."""

    then: list[httpx.Response | Exception] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        self.bodies.append(request.read())
        return self._answer(request)

    async def later(self, request: httpx.Request) -> httpx.Response:
        """Answer one request of an async client."""
        self.requests.append(request)
        self.bodies.append(await request.aread())
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.then:
            planned = self.then.pop(0)
            if isinstance(planned, Exception):
                raise planned
            return httpx.Response(planned.status_code, headers=planned.headers, content=planned.content)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return httpx.Response(401, json={"error": {"code": "unauthorized"}})
        body = self.bodies[-1]
        if request.url.path == "/v1/check/batch":
            return httpx.Response(
                200, json={"results": [self._judge(json.dumps(each).encode()) for each in items(body)]}
            )
        return httpx.Response(200, json=self._judge(body))

    @staticmethod
    def _judge(body: bytes) -> dict[str, Any]:
        return reply("block", message="no", reasons=["rule"]) if b"zorblax" in body else reply()

    def meta(self, at: int = -1) -> dict[str, Any]:
        """The check of a request: its JSON body, or the `meta` part of its upload."""
        body = self.bodies[at]
        found = re.search(rb'name="meta"\r\n.*?\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
        return json.loads(found.group(1) if found else body)  # type: ignore[no-any-return]

    def file(self, at: int = -1) -> bytes:
        """The file of an upload."""
        found = re.search(
            rb'name="file"; filename="file"\r\n.*?\r\n\r\n(.*)\r\n--\w+--\r\n$', self.bodies[at], re.DOTALL
        )
        assert found
        return found.group(1)


def items(body: bytes) -> list[Any]:
    """The items of a batch."""
    return json.loads(body)["items"]  # type: ignore[no-any-return]


@pytest.fixture
def guard() -> FakeGuard:
    """A guard that answers."""
    return FakeGuard()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long clients would have slept; nobody does."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("seawall.client.client.time.sleep", slept.append)
    monkeypatch.setattr("seawall.client.async_client.anyio.sleep", sleep)
    return slept


@dataclass
class FakeChecks:
    """A guard in this process: blocks `zorblax`, reviews `quimble`, warns of `mofture`, fails on `snarp`."""

    asked: list[Any] = field(default_factory=list)
    media: list[bytes] = field(default_factory=list)
    streamed: str = ""
    closed: int = 0

    async def input(self, check: InputCheck) -> CheckReply:
        self.asked.append(check)
        said = [each if isinstance(each, str) else each.content for each in check.history]
        files = b"".join(each.base64 or b"" for each in check.attachments)
        return judge("\n".join([check.prompt, check.negative_prompt or "", check.system or "", *said]).encode() + files)

    async def upload(self, check: UploadCheck, media: Media) -> CheckReply:
        return self._file(check, media)

    async def output(self, check: OutputCheck, media: Media | None = None) -> CheckReply:
        if media is not None:
            return self._file(check, media)
        self.asked.append(check)
        return judge((check.text or "").encode())

    async def finetune(self, check: FinetuneCheck) -> CheckReply:
        self.asked.append(check)
        return judge(json.dumps(check.manifest).encode())

    async def batch(self, check: BatchCheck) -> BatchReply:
        return BatchReply(results=[judge(json.dumps(each).encode()) for each in check.items])

    def stream(self, check: OutputCheck) -> FakeStream:
        self.asked.append(check)
        return FakeStream(self)

    def _file(self, check: Any, media: Media) -> CheckReply:
        self.asked.append(check)
        with media.open() as stream:
            self.media.append(stream.read())
        return judge(self.media[-1])


class FakeStream:
    """Holds back eight characters."""

    def __init__(self, checks: FakeChecks) -> None:
        self._checks = checks
        self._released = 0
        self.reply: CheckReply | None = None

    async def feed(self, text: str) -> Release:
        self._checks.streamed += text
        return self._let_go(len(self._checks.streamed) - 8)

    async def finish(self) -> Release:
        release = self._let_go(len(self._checks.streamed))
        self.reply = release.stopped or judge(b"")
        return release

    async def close(self) -> None:
        self._checks.closed += self.reply is None

    def _let_go(self, until: int) -> Release:
        text = self._checks.streamed
        decision = judge(text.encode())
        if decision.action != "allow":
            self.reply = decision
            return Release(stopped=decision)
        start, self._released = self._released, max(self._released, until)
        return Release(text[start : self._released])


def judge(data: bytes) -> CheckReply:
    """Decide by nonsense words."""
    if b"snarp" in data:
        raise StoreError("the database cannot be used")
    for word, action in ((b"zorblax", "block"), (b"quimble", "review"), (b"fernwibble", "not_examined")):
        if word in data:
            return CheckReply.model_validate(reply(action, message="Not here."))
    return CheckReply.model_validate(reply("warn" if b"mofture" in data else "allow"))


@pytest.fixture
def checks() -> FakeChecks:
    """A guard in this process."""
    return FakeChecks()


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


@pytest.fixture
def watch() -> ColourGuard:
    """A guard that sees red."""
    return ColourGuard()
