"""The gateway as an ASGI application. What is not in its table is refused, so that nothing passes unchecked."""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from seawall.deploy.gateway.pieces import plain, reply_list
from seawall.errors import SeawallError
from seawall.web.body import BODY_READ
from seawall.web.edge import linger
from seawall.web.errors import MethodRefused, ScopeMissing, Unauthenticated, Unexpected
from seawall.web.gateway import media, operating, text
from seawall.web.gateway.call import Call
from seawall.web.gateway.outputs import PATH
from seawall.web.gateway.parts import GatewayParts
from seawall.web.gateway.problems import GatewayPath, told
from seawall.web.instruments import known_method
from seawall.web.keys.model import ApiKey
from seawall.web.keys.model import Scope as KeyScope
from seawall.web.logs import make_logger
from seawall.web.route import JSON

Handler = Callable[..., Awaitable[None]]


async def models(call: Call) -> None:
    """Name the models."""
    reply = await call.parts.upstream.json(call.ask("/v1/models", method="GET"))
    shown = [plain(each, ("id", "object", "owned_by")) for each in reply_list(reply.get("data"))]
    await call.answer({"object": "list", "data": [each for each in shown if "id" in each]})


_TABLE: dict[str, tuple[str, Handler]] = {
    "/v1/chat/completions": ("POST", text.chat_completions),
    "/v1/completions": ("POST", text.text_completions),
    "/v1/responses": ("POST", text.model_responses),
    "/v1/images/generations": ("POST", media.generations),
    "/v1/images/edits": ("POST", media.edits),
    "/v1/images/variations": ("POST", media.variations),
    "/v1/audio/speech": ("POST", media.speech),
    "/v1/audio/transcriptions": ("POST", media.transcriptions),
    "/v1/videos": ("POST", media.make_video),
    "/v1/models": ("GET", models),
}
_OPEN: dict[str, Handler] = {"/healthz": operating.health, "/readyz": operating.ready}
_METRICS = "/metrics"
_NAMED: tuple[tuple[str, re.Pattern[str], Handler], ...] = (
    ("/v1/videos/{id}", re.compile(r"/v1/videos/([\w-][\w.-]{0,199})", re.ASCII), media.video),
    ("/v1/videos/{id}/content", re.compile(r"/v1/videos/([\w-][\w.-]{0,199})/content", re.ASCII), media.video_content),
)
_OUTPUT = re.compile(re.escape(PATH) + r"([A-Za-z0-9_-]{43})")


def create_gateway(parts: GatewayParts, *, log: Any = None) -> ASGIApp:
    """Return the gateway.

    Args:
        parts: What it is made of.
        log: Takes log lines; by default JSON lines on standard error.
    """
    lines = log if log is not None else make_logger()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(parts, receive, send)
        elif scope["type"] == "http":
            await _Once(parts, lines, scope, receive, send).run()
        else:
            await send({"type": "websocket.close", "code": 1008})

    return app


async def _lifespan(parts: GatewayParts, receive: Receive, send: Send) -> None:
    while True:
        if (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await parts.upstream.close()
            await send({"type": "lifespan.shutdown.complete"})
            return


class _Once:
    """One request, with the answer to whatever goes wrong in it."""

    def __init__(self, parts: GatewayParts, log: Any, scope: Scope, receive: Receive, send: Send) -> None:
        self._parts = parts
        self._log = log
        self._scope = scope
        self._receive = receive
        self._send = send
        self._status = 0
        self._route = "none"

    async def run(self) -> None:
        try:
            await self._routed()
        except SeawallError as error:
            await self._refuse(error)
        except Exception as error:  # noqa: BLE001 (whatever goes wrong, the caller must be told that nothing was allowed)
            self._log.error("unexpected", error=type(error).__name__, where=_place(error), route=self._route)
            await self._refuse(Unexpected())
        finally:
            method = known_method(self._scope["method"])
            self._parts.instruments.request(method, self._route, self._status)

    async def _routed(self) -> None:
        path, method = self._scope["path"], self._scope["method"]
        if path in _OPEN:
            self._route = path
            await _OPEN[path](self._call(None))
            return
        if path == _METRICS and method in ("GET", "HEAD"):
            self._route = path
            key = None if self._parts.loopback else self._key(KeyScope.METRICS)
            await operating.metrics(self._call(key))
            return
        found = _OUTPUT.fullmatch(path)
        if found is not None and method in ("GET", "HEAD"):
            # The address itself is the permission, as browsers fetch pictures without a key.
            self._route = PATH + "{token}"
            await media.output(self._call(None), found[1])
            return
        wanted, handler, arguments = self._found(path)
        key = self._key(KeyScope.GATEWAY)
        if method != wanted:
            problem = MethodRefused()
            problem.headers = ((b"allow", wanted.encode()),)
            raise problem
        await handler(self._call(key), *arguments)

    def _found(self, path: str) -> tuple[str, Handler, tuple[str, ...]]:
        if path in _TABLE:
            self._route = path
            return (*_TABLE[path], ())
        for name, pattern, handler in _NAMED:
            match = pattern.fullmatch(path)
            if match is not None:
                self._route = name
                return "GET", handler, (match[1],)
        raise GatewayPath

    def _key(self, wanted: KeyScope) -> ApiKey | None:
        if self._parts.keys is None:
            return None
        token = ""
        for name, value in self._scope["headers"]:
            if name == b"authorization":
                kind, _, token = value.decode("latin-1").partition(" ")
                token = token if kind.lower() == "bearer" else ""
        key = self._parts.keys.verify(token.strip()) if token else None
        if key is None:
            raise Unauthenticated
        if not key.allows(wanted):
            raise ScopeMissing(f"the API key lacks the scope {wanted}")
        return key

    def _call(self, key: ApiKey | None) -> Call:
        return Call(self._scope, self._receive, self._tell, self._parts, key)

    async def _tell(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        await self._send(message)

    async def _refuse(self, error: SeawallError) -> None:
        status, body, extra = told(error)
        method = known_method(self._scope["method"])
        self._log.info("refused", status=status, code=error.code, route=self._route, method=method)
        if self._status:
            return
        headers = [
            (b"content-type", JSON.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *extra,
        ]
        closes = self._method_has_body() and BODY_READ not in self._scope
        if closes:
            headers.append((b"connection", b"close"))
        await self._tell({"type": "http.response.start", "status": status, "headers": headers})
        shown = b"" if self._scope["method"] == "HEAD" else body
        if closes:
            await self._tell({"type": "http.response.body", "body": shown, "more_body": True})
            await linger(self._receive)
            shown = b""
        await self._tell({"type": "http.response.body", "body": shown})

    def _method_has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self._scope["headers"]
        )


def _place(error: BaseException) -> str:
    """Return where an error came from: a file and a line, never what was in it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
