"""The model server: asked with headers that are allowed, within deadlines, and read within bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seawall.deploy.gateway.errors import BadReply
from seawall.deploy.gateway.pieces import reply_object
from seawall.errors import ExitCode, SeawallError
from seawall.web import strict_json
from seawall.web.errors import HttpProblem
from seawall.web.gateway.problems import UpstreamRefused

if TYPE_CHECKING:
    import httpx

_PASSED = ("openai-organization", "openai-project", "x-request-id")
_TOLD = (404, 409, 413, 422, 429)


class UpstreamDown(SeawallError):
    """The model server cannot be reached."""

    code = "seawall_unavailable"
    exit_code = ExitCode.UNEXAMINED


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long the model server may take.

    Attributes:
        connect: Seconds until there is a connection.
        idle: Seconds between two pieces.
        total: Seconds for all of it.
    """

    connect: float = 5.0
    idle: float = 120.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to the model server.

    Attributes:
        method: HTTP's.
        path: Path and query.
        headers: Those of the client, of which a few are passed on.
        json: The body, if it is JSON.
        fields: Fields of a form.
        files: Files of a form: field, (name, bytes, content type).
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    json: Any = field(default=None, repr=False)
    fields: Mapping[str, Any] | None = field(default=None, repr=False)
    files: tuple[tuple[str, tuple[str, bytes, str]], ...] = field(default=(), repr=False)


class Upstream:
    """Asks the model server. An asynchronous context manager.

    Args:
        base: Its address.
        key: Its key, if it wants one.
        pass_auth: Whether the client's own key is passed on.
        deadlines: How long it may take.
        limit: Most bytes of a reply.
    """

    def __init__(
        self,
        base: str,
        *,
        key: str | None = None,
        pass_auth: bool = False,
        deadlines: Deadlines | None = None,
        limit: int = 256 << 20,
    ) -> None:
        self.base = base
        self.limit = limit
        self.pass_auth = pass_auth
        self._key = key
        self._deadlines = deadlines or Deadlines()
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    @asynccontextmanager
    async def ask(self, ask: Ask) -> AsyncIterator[Reply]:
        """Ask, and have the reply for the length of a block.

        Raises:
            UpstreamDown: If it cannot be reached.
            UpstreamRefused: If it refuses.
            BadReply: If its answer is none, or ends too early.
        """
        import httpx

        try:
            async with asyncio.timeout(self._deadlines.total), self._opened(ask) as answer:
                _expect(answer, self.pass_auth)
                yield Reply(answer, self.limit)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise UpstreamDown from None
        except (httpx.HTTPError, httpx.StreamError, TimeoutError):
            raise BadReply("the model server failed or was too slow") from None

    async def json(self, ask: Ask) -> dict[str, Any]:
        """Ask, and return a reply that is JSON.

        Raises:
            SeawallError: As `ask`.
        """
        async with self.ask(ask) as reply:
            return await reply.json()

    @asynccontextmanager
    async def _opened(self, ask: Ask) -> AsyncIterator[httpx.Response]:
        headers = {name: ask.headers[name] for name in _PASSED if name in ask.headers}
        headers |= {"accept-encoding": "identity", "user-agent": "seawall", "accept": "*/*"}
        if self.pass_auth and "authorization" in ask.headers:
            headers["authorization"] = ask.headers["authorization"]
        elif self._key is not None:
            headers["authorization"] = f"Bearer {self._key}"
        content: dict[str, Any] = {}
        if ask.json is not None:
            content["content"] = json.dumps(ask.json).encode()
            headers["content-type"] = "application/json"
        elif ask.fields is not None:
            content = {"data": ask.fields, "files": list(ask.files)}
        async with self._there().stream(ask.method, self.base + ask.path, headers=headers, **content) as answer:
            yield answer

    def _there(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            times = self._deadlines
            timeout = httpx.Timeout(times.idle, connect=times.connect, pool=times.connect)
            limits = httpx.Limits(max_connections=1000, max_keepalive_connections=32)
            self._client = httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False, follow_redirects=False)
        return self._client


class Reply:
    """An answer of the model server, not read yet."""

    def __init__(self, answer: httpx.Response, limit: int) -> None:
        self._answer = answer
        self._limit = limit

    @property
    def kind(self) -> str:
        """Its content type, without parameters."""
        return str(self._answer.headers.get("content-type", "")).partition(";")[0].strip().lower()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield its body.

        Raises:
            BadReply: If it is too long, or ends too early.
        """
        import httpx

        taken = 0
        try:
            async for chunk in self._answer.aiter_raw():
                taken += len(chunk)
                if taken > self._limit:
                    raise BadReply("the reply is too long")
                yield chunk
        except httpx.HTTPError:
            raise BadReply("the model server failed in the middle of its reply") from None

    async def data(self) -> bytes:
        """Return its body.

        Raises:
            BadReply: As `pieces`.
        """
        return b"".join([chunk async for chunk in self.pieces()])

    async def json(self) -> dict[str, Any]:
        """Return a body that is a JSON object.

        Raises:
            BadReply: If it is something else.
        """
        try:
            return reply_object(strict_json.parse(await self.data()))
        except HttpProblem:
            raise BadReply("the reply is not JSON") from None


def _expect(answer: httpx.Response, pass_auth: bool) -> None:
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadReply("the reply is encoded, which was not asked for")
    status = answer.status_code
    if status in (200, 201, 202):
        return
    if status in _TOLD or status == 400 or (pass_auth and status in (401, 403)):
        # Its own words may repeat a prompt or hold a text of the model: they are not passed on.
        raise UpstreamRefused(status)
    raise BadReply("the model server failed")
