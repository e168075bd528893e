"""One request to the gateway: who asks, what the guard says, and how the answer is sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from seawall.deploy.gateway.errors import Unsupported
from seawall.deploy.gateway.pieces import Pieces
from seawall.deploy.guard.contract import Media, TextStream
from seawall.deploy.guard.requests import CheckReply, Meta
from seawall.policy.guard import GuardAction
from seawall.web import strict_json
from seawall.web.body import media_type, read
from seawall.web.errors import Malformed, WrongMediaType
from seawall.web.gateway.parts import GatewayParts
from seawall.web.gateway.problems import DECISION, Refused
from seawall.web.gateway.upstream import Ask
from seawall.web.keys.model import ApiKey
from seawall.web.route import JSON, send_bytes

_STOPS = (GuardAction.BLOCK, GuardAction.REVIEW)
_TOLD = (GuardAction.WARN, GuardAction.NOT_EXAMINED)
_HEADERS = {
    "surface": "x-seawall-surface",
    "jurisdiction": "x-seawall-jurisdiction",
    "age_signal": "x-seawall-age-signal",
}


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        scope: ASGI's.
        receive: ASGI's.
        send: ASGI's.
        parts: What the gateway is made of.
        key: The caller's key, if one is asked for.
        decision: The decision that the client is told of: one to warn, or not to examine.
    """

    scope: Scope
    receive: Receive
    send: Send
    parts: GatewayParts
    key: ApiKey | None
    decision: str | None = field(default=None)

    @property
    def request(self) -> Request:
        """The request, to be read."""
        return Request(self.scope, self.receive)

    async def json(self) -> dict[str, Any]:
        """Return the body, a JSON object.

        Raises:
            HttpProblem: If it is something else.
        """
        request = self.request
        if media_type(request) != JSON:
            raise WrongMediaType(f"this path takes {JSON}")
        body = strict_json.parse(await read(request, self.parts.limits, self.parts.limits.json_bytes))
        if not isinstance(body, dict):
            raise Malformed("the body is not an object")
        return body

    def meta(self, body: Mapping[str, Any], surface: str) -> dict[str, Any]:
        """Return what checks say of this request.

        Raises:
            Unsupported: If a header or field of it is not as it must be.
        """
        headers = self.request.headers
        found: dict[str, Any] = {"account": self.account(body), "surface": surface, "model": body.get("model") or None}
        found |= {name: headers[header] for name, header in _HEADERS.items() if header in headers}
        try:
            return Meta(**found).model_dump(exclude_unset=True)
        except ValidationError:
            raise Unsupported("the account, the model or a header of seawall's is not as it must be") from None

    def account(self, body: Mapping[str, Any]) -> Any:
        """Return the reference of whoever asks."""
        headers = self.request.headers
        given = headers.get("x-seawall-account") or body.get("safety_identifier") or body.get("user")
        if given:
            return given
        caller = self.key.id if self.key is not None else headers.get("authorization", "")
        return "key:" + hmac.digest(self.parts.secret, b"gateway account\0" + caller.encode(), hashlib.sha256).hex()

    async def check_input(self, pieces: Pieces, meta: Mapping[str, Any]) -> None:
        """Have the request checked.

        Raises:
            Refused: If it may not go on.
            SeawallError: If that cannot be told.
        """
        self._hear("input", await self.parts.checks.input(pieces.input_check(meta)))

    async def check_output(
        self, pieces: Pieces, meta: Mapping[str, Any], *, text: str | None = None, media: Media | None = None
    ) -> None:
        """Have something checked that was made of the request.

        Raises:
            Refused: If it may not be shown.
            SeawallError: If that cannot be told.
        """
        self._hear("output", await self.parts.checks.output(pieces.output_check(meta, text), media))

    def stream(self, pieces: Pieces, meta: Mapping[str, Any]) -> TextStream:
        """Begin to check a text that is made of the request."""
        return self.parts.checks.stream(pieces.output_check(meta))

    def _hear(self, kind: str, reply: CheckReply) -> None:
        self.parts.instruments.checked(kind, reply)
        if reply.action in _STOPS:
            raise Refused(reply)
        if reply.action in _TOLD and self.decision is None:
            self.decision = reply.decision_id

    def ask(self, path: str, *, method: str = "POST", **content: Any) -> Ask:
        """Return the request to the model server."""
        return Ask(method, path, self.request.headers, **content)

    async def answer(self, value: Any) -> None:
        """Send JSON."""
        await self.answer_bytes(json.dumps(value).encode(), JSON)

    async def answer_bytes(self, data: bytes, kind: str) -> None:
        """Send bytes."""
        await send_bytes(self.send, self.scope, 200, data, kind, self._extra())

    async def answer_stream(self, pieces: AsyncIterator[bytes]) -> None:
        """Send pieces as they come; if the client goes, `pieces` is ended at once, and its own end is waited for."""
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *self._extra(),
        ]
        sending = asyncio.current_task()
        if sending is None:
            raise RuntimeError("there is no task")
        gone = asyncio.create_task(self._gone(sending))
        try:
            await self.send({"type": "http.response.start", "status": 200, "headers": headers})
            async for piece in pieces:
                await self.send({"type": "http.response.body", "body": piece, "more_body": True})
            await self.send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            # Ours alone is taken back: whoever else cancels this task must be heard.
            if not gone.done() or sending.uncancel() > 0:
                raise
        finally:
            gone.cancel()
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    async def _gone(self, sending: asyncio.Task[Any]) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        sending.cancel()

    def _extra(self) -> list[tuple[bytes, bytes]]:
        return [(DECISION, self.decision.encode())] if self.decision is not None else []
