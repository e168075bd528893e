"""A server whose guard is a stand-in, so that every answer of a guard can be had at will."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.lists import LiveLists
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.deploy.guard.requests import BatchCheck, BatchReply, CheckReply, CheckStatus, Meta
from seawall.errors import NotFound
from seawall.hashing.registry import SignalTypes
from seawall.policy.guard import Facts, GuardAction, Judgement, judge, load_guard_policy
from seawall.settings import Settings
from seawall.store.outbox import Message
from seawall.web.app import create_app
from seawall.web.body import Limits
from seawall.web.instruments import Instruments
from seawall.web.keys import ApiKey, Scope
from seawall.web.logs import make_logger
from seawall.web.parts import Hashed, Parts

POLICY = "0" * 64


def no_effect(identity: str) -> Message:
    """Know no effect."""
    raise NotFound(f"there is no effect {identity}")


class StandIn:
    """Answers checks as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, bytes | None]] = []
        self.fails: Exception | None = None
        self.reply = CheckReply(
            action=GuardAction.ALLOW,
            policy=POLICY,
            decision_id="0" * 32,
            checks=[CheckStatus(name="canary", status="ok")],
        )

    def _answer(self, kind: str, check: Any, media: Media | None = None) -> CheckReply:
        if self.fails is not None:
            raise self.fails
        data = None
        if media is not None:
            with media.open() as stream:
                data = stream.read()
        self.asked.append((kind, check, data))
        return self.reply

    async def input(self, check: Meta) -> CheckReply:
        return self._answer("input", check)

    async def upload(self, check: Meta, media: Media) -> CheckReply:
        return self._answer("upload", check, media)

    async def output(self, check: Meta, media: Media | None = None) -> CheckReply:
        return self._answer("output", check, media)

    async def finetune(self, check: Meta) -> CheckReply:
        return self._answer("finetune", check)

    async def batch(self, check: BatchCheck) -> BatchReply:
        return BatchReply(results=[self._answer("batch", item) for item in check.items])

    def stream(self, check: Meta) -> Any:
        raise NotImplementedError


@dataclass
class StandInKeys:
    """One key for each scope, `key-SCOPE`."""

    fails: Exception | None = None

    def verify(self, token: str) -> ApiKey | None:
        if self.fails is not None:
            raise self.fails
        scope = token.removeprefix("key-")
        if not token.startswith("key-") or scope not in set(Scope):
            return None
        return ApiKey("0123456789ab", "stand-in", frozenset({Scope(scope)}), "2026-01-01T00:00:00.000000Z")


@dataclass
class Memory:
    """Decisions in memory."""

    records: dict[str, DecisionRecord] = field(default_factory=dict)
    fails: Exception | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_id(self) -> str:
        return f"{next(self._numbers):032x}"

    def digest(self, parts: Sequence[bytes]) -> str:
        return f"{len(parts):064x}"

    def now(self) -> str:
        return "2026-11-23T00:00:00.000000Z"

    def get(self, decision_id: str) -> DecisionRecord | None:
        return self.records.get(decision_id)

    prompt = False

    def record(self, records: Sequence[DecisionRecord], *, wait: bool = True) -> list[DecisionRecord]:
        if self.fails is not None:
            raise self.fails
        self.records |= {record.id: record for record in records}
        return list(records)


class NoHashes:
    """Hashes nothing."""

    def hashes(self, media: Media) -> Hashed:
        return Hashed({}, {})


@dataclass
class Server:
    """A server in this process."""

    parts: Parts
    guard: StandIn
    keys: StandInKeys
    memory: Memory
    log: io.StringIO
    app: FastAPI

    def ask(
        self, method: str, path: str, *, key: str | None = "check", base: str = "http://127.0.0.1", **options: Any
    ) -> httpx.Response:
        """Ask once; `key` is the scope of the key."""
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers["authorization"] = f"Bearer key-{key}"

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(asyncio.wait_for(go(), 30))

    def with_parts(self, **changes: Any) -> Server:
        """Return a server with other parts."""
        return make_server(replace(self.parts, **changes), self.guard, self.keys, self.memory)


def make_server(parts: Parts, guard: StandIn, keys: StandInKeys, memory: Memory) -> Server:
    log = io.StringIO()
    return Server(parts, guard, keys, memory, log, create_app(parts, log=make_logger(log)))


@pytest.fixture
def lists(seawall_home: Path) -> Iterator[LiveLists]:
    """The canaries alone, and whatever a test imports."""
    with LiveLists(Settings.from_env()) as found:
        yield found


@pytest.fixture
def make_parts(lists: LiveLists) -> Callable[..., Parts]:
    """Make the parts of a server."""
    policy = load_guard_policy()

    def judged(_account: str, facts: Facts) -> Judgement:
        return judge(policy, facts)

    def make(checks: StandIn, keys: StandInKeys, memory: Memory, **options: Any) -> Parts:
        given: Mapping[str, Any] = {
            "checks": checks,
            "keys": keys,
            "decisions": memory,
            "lists": lists,
            "judge": judged,
            "acknowledge": no_effect,
            "types": SignalTypes.installed(),
            "hashes": NoHashes(),
            "instruments": Instruments(),
            "budget": MediaBudget(64 << 20),
            "limits": Limits(json_bytes=100_000, file_bytes=1 << 20, meta_bytes=10_000),
        }
        return Parts(**{**given, **options})

    return make


@pytest.fixture
def server(make_parts: Callable[..., Parts]) -> Server:
    """A server in this process, with a guard that is a stand-in."""
    guard, keys, memory = StandIn(), StandInKeys(), Memory()
    return make_server(make_parts(guard, keys, memory), guard, keys, memory)
