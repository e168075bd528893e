"""The clients against the server itself, without a socket: what one sends, the other understands."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any

import httpx
import pytest

from seawall.client import AsyncClient, NotDecided, Refused, permit
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.web.app import create_app
from seawall.web.body import Limits
from seawall.web.instruments import Instruments
from seawall.web.keys.model import ApiKey, Scope
from seawall.web.parts import Parts

KEY = "sw_0123456789ab_" + "k" * 43


class _Keys:
    def verify(self, token: str) -> ApiKey | None:
        if token != KEY:
            return None
        return ApiKey("0123456789ab", "test", frozenset({Scope.CHECK}), "2026-01-01T00:00:00Z")


class _NoDecisions:
    def get(self, decision_id: str) -> None:
        return None


@pytest.fixture
def ask(checks: Any) -> Callable[..., Any]:
    """Call a method of the client against the server."""
    needed = [field.name for field in fields(Parts) if field.default is MISSING and field.default_factory is MISSING]
    some: dict[str, Any] = {
        "checks": checks,
        "keys": _Keys(),
        "decisions": _NoDecisions(),
        "instruments": Instruments(),
        "budget": MediaBudget(64 << 20),
        "limits": Limits(json_bytes=1 << 20, file_bytes=1 << 20),
    }
    parts = Parts(**{**dict.fromkeys(needed), **some})
    app = create_app(parts, log=_Quiet())

    def call(method: str, *arguments: Any, key: str = KEY, **fields: Any) -> Any:
        async def run() -> Any:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with AsyncClient("https://guard.test", key, retries=0, transport=transport) as client:
                return await getattr(client, method)(*arguments, **fields)

        return asyncio.run(run())

    return call


class _Quiet:
    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def test_every_kind_of_check_is_understood(ask: Callable[..., Any], checks: Any) -> None:
    everything = {"surface": "image", "jurisdiction": "DE", "age_signal": "adult", "model": "m1", "locale": "de"}
    assert permit(ask("check_input", "a boat", account="u1", history=["x"], attachments=[b"a"], **everything))
    assert checks.asked[-1].attachments[0].base64 == b"a"
    assert permit(ask("check_upload", io.BytesIO(b"picture"), account="u1", **everything))
    assert permit(ask("check_output", b"made", account="u1", prompt="a boat", **everything))
    assert checks.media == [b"picture", b"made"]
    assert checks.asked[-1].prompt == "a boat"
    assert not permit(ask("check_output", account="u1", text="zorblax"))
    assert permit(ask("check_finetune", {"items": []}, account="u1", trigger_words=["blip"]))
    replies = ask("check_batch", [{"account": "u1", "prompt": "a"}, {"account": "u1", "prompt": "zorblax"}])
    assert [reply.action for reply in replies] == ["allow", "block"]


def test_every_refusal_of_the_server_is_no_decision(ask: Callable[..., Any]) -> None:
    with pytest.raises(Refused) as refused:
        ask("check_input", "a boat", account="u1", key="sw_wrong")
    assert (refused.value.status, refused.value.reason) == (401, "unauthenticated")
    with pytest.raises(Refused):
        ask("check_upload", b"x" * (3 << 20), account="u1")
    with pytest.raises(NotDecided):
        ask("check_input", "snarp", account="u1")
    with pytest.raises(Refused) as missing:
        ask("decision", "0" * 32)
    assert missing.value.status == 404
