"""The middleware itself: plain ASGI, for FastAPI, Starlette and every other framework.

A guarded request reaches the application only after the guard has allowed it, with the very bytes that were checked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable

import anyio

from seawall.client.media import HeldBytes
from seawall.client.middleware import refusals
from seawall.client.middleware.answers import AnswerGate
from seawall.client.middleware.pointers import NotJson
from seawall.client.middleware.reading import read_input
from seawall.client.middleware.refusals import Message, Receive, Refusal, Send
from seawall.client.middleware.routes import Body, Route, Scope, find_route
from seawall.deploy.guard.contract import Checks
from seawall.deploy.guard.requests import CheckReply, InputCheck, OutputCheck, UploadCheck
from seawall.deploy.local.fields import CheckMalformed, build
from seawall.deploy.local.permission import permit
from seawall.errors import SeawallError

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SCOPE_KEY = "seawall.decision"
"""Under this key of the scope the application finds the decision on the request, a `CheckReply`."""

_READING_SECONDS = 30.0
_UNREADABLE = frozenset({b"accept-encoding", b"range", b"if-range"})


class GuardMiddleware:
    """Checks requests before an application sees them, and answers before a user does.

    Other routes pass untouched.

    Args:
        app: The application.
        guard: A guard in this process, or `RemoteChecks(AsyncClient(...))`.
        routes: What is guarded; the first that fits counts.
        not_examined_ok: Let pass what the guard did not look at because it is out of scope by jurisdiction.
        reading_seconds: How long the body of a guarded request may take to arrive.
    """

    def __init__(
        self,
        app: Application,
        *,
        guard: Checks,
        routes: Sequence[Route],
        not_examined_ok: bool = False,
        reading_seconds: float = _READING_SECONDS,
    ) -> None:
        self._app = app
        self._checks = guard
        self._routes = tuple(routes)
        self._not_examined_ok = not_examined_ok
        self._reading_seconds = reading_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        route = find_route(self._routes, scope) if scope["type"] in ("http", "websocket") else None
        if route is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Nothing here can check what goes over a socket; a server turns this into HTTP 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._serve(route, scope, receive, send)

    async def _serve(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        account = await _account(route, scope)
        if not account:
            await refusals.NO_ACCOUNT.send(send)
            return
        body = await self._read(route, scope, receive)
        if body is None:
            return
        if isinstance(body, Refusal):
            await body.send(send)
            return
        known: dict[str, object] = {"account": account}
        if route.surface is not None:
            known["surface"] = route.surface
        try:
            if route.body is Body.MEDIA:
                reply = await self._checks.upload(build(UploadCheck, known), HeldBytes(body))
            else:
                check = read_input(route, body, account)
                known = _carried(check)
                reply = await self._checks.input(check)
            if not permit(reply, not_examined_ok=self._not_examined_ok):
                await refusals.blocked(reply).send(send)
                return
        except (CheckMalformed, NotJson) as error:
            await refusals.malformed(error).send(send)
            return
        except SeawallError as error:
            await refusals.unavailable(error).send(send)
            return
        await self._pass_on(route, build(OutputCheck, known), reply, scope, _Replay(body, receive), send)

    async def _pass_on(
        self, route: Route, known: OutputCheck, reply: CheckReply, scope: Scope, replay: _Replay, send: Send
    ) -> None:
        inner = {**scope, SCOPE_KEY: reply}
        if route.output is None:
            await self._app(inner, replay.receive, send)
            return
        # Compressed or partial answers, and those that go past the application's own messages, cannot be read.
        inner["headers"] = [pair for pair in scope["headers"] if pair[0].lower() not in _UNREADABLE]
        inner["extensions"] = {}
        gate = AnswerGate(self._checks, route.output, known, self._not_examined_ok, send)
        replay.gate = gate
        try:
            await self._app(inner, replay.receive, gate.send)
        except Exception:
            if not gate.stopped:
                raise
        finally:
            await gate.close()

    async def _read(self, route: Route, scope: Scope, receive: Receive) -> bytes | Refusal | None:
        """Return the body; None if the client went away."""
        headers = {name.lower(): value.decode("latin-1").strip().lower() for name, value in scope["headers"]}
        if headers.get(b"content-encoding", "identity") not in ("", "identity"):
            return refusals.NOT_JSON
        kind, _, parameters = headers.get(b"content-type", "").partition(";")
        is_json = kind.strip() == "application/json" or kind.strip().endswith("+json")
        charset = parameters.replace(" ", "").replace('"', "").removeprefix("charset=")
        if route.body is Body.JSON and (not is_json or ("charset" in parameters and charset not in ("utf-8", "utf8"))):
            return refusals.NOT_JSON
        told = headers.get(b"content-length", "0")
        if told.isdigit() and int(told[:20]) > route.most:
            return refusals.TOO_LARGE
        body = bytearray()
        with anyio.move_on_after(self._reading_seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > route.most:
                    return refusals.TOO_LARGE
                if not message.get("more_body", False):
                    return bytes(body)
        return refusals.TOO_SLOW


class _Replay:
    """Gives the application the body that was checked, then what the server has to say."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive
        self.gate: AnswerGate | None = None

    async def receive(self) -> Message:
        """Return the next message."""
        message, self._message = self._message, None
        if message is not None:
            return message
        if self.gate is not None and self.gate.stopped:
            return {"type": "http.disconnect"}
        return await self._receive()


async def _account(route: Route, scope: Scope) -> str | None:
    if callable(route.account):
        answer = route.account(scope)
        return await answer if isawaitable(answer) else answer
    name = route.account.lower().encode("latin-1")
    values = [value.decode("latin-1").strip() for key, value in scope["headers"] if key.lower() == name]
    # Of two, nobody can say which one the application believes.
    return values[0] if len(values) == 1 else None


def _carried(check: InputCheck) -> dict[str, object]:
    """Return what the check of an output must know of the request that it answers."""
    named = {"account", "surface", "model", "prompt", "history"}
    return {name: getattr(check, name) for name in check.model_fields_set & named if getattr(check, name) is not None}
