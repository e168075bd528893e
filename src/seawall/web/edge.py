"""The outermost layer: every request ends with an answer, a count, and, if it went wrong, a line without content."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from time import monotonic
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from seawall.errors import SeawallError
from seawall.web.body import BODY_READ
from seawall.web.errors import (
    MethodRefused,
    Unexpected,
    UnknownPath,
    body_of,
    headers_of,
    status_of,
)
from seawall.web.instruments import Instruments, known_method
from seawall.web.route import JSON

_LINGER_SECONDS = 1.0
_LINGER_BYTES = 4 << 20


class Edge:
    """Wraps the server's routes.

    Args:
        app: The routes.
        instruments: Counts requests.
        log: Takes lines.
    """

    def __init__(self, app: ASGIApp, instruments: Instruments, log: Any) -> None:
        self._app = app
        self._instruments = instruments
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        started = False

        async def tell(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                scope["seawall_status"] = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, tell)
        except SeawallError as error:
            await self._refuse(error, scope, receive, tell, started)
        except HTTPException as error:
            known = MethodRefused() if error.status_code == 405 else UnknownPath()
            allow = (error.headers or {}).get("Allow")
            if allow:
                known.headers = ((b"allow", allow.encode()),)
            await self._refuse(known, scope, receive, tell, started)
        except Exception as error:  # noqa: BLE001 (whatever goes wrong, the caller must be told that nothing was allowed)
            self._log.error("unexpected", error=type(error).__name__, where=_place(error), route=_route(scope))
            await self._refuse(Unexpected(), scope, receive, tell, started)
        finally:
            self._instruments.request(scope["method"], _route(scope), scope.get("seawall_status", 0))

    async def _refuse(self, error: SeawallError, scope: Scope, receive: Receive, send: Send, started: bool) -> None:
        status = status_of(error)
        self._log.info(
            "refused", status=status, code=error.code, route=_route(scope), method=known_method(scope["method"])
        )
        if started:
            return
        body = body_of(error)
        headers = [
            (b"content-type", JSON.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *headers_of(error),
        ]
        closes = _body_left(scope)
        if closes:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        shown = b"" if scope["method"] == "HEAD" else body
        if closes:
            # Closing while the sender still writes would reset the connection before it has read the answer.
            await send({"type": "http.response.body", "body": shown, "more_body": True})
            await linger(receive)
            shown = b""
        await send({"type": "http.response.body", "body": shown})


async def linger(receive: Receive) -> None:
    """Read what a sender still sends, for a moment, so that it gets to read the answer."""
    taken = 0
    end = monotonic() + _LINGER_SECONDS
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            while taken < _LINGER_BYTES and monotonic() < end:
                message = await receive()
                taken += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _body_left(scope: Scope) -> bool:
    """Whether there is a body that was not read to its end."""
    return BODY_READ not in scope and any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _route(scope: Scope) -> str:
    return str(scope.get("seawall_route", "none"))


def _place(error: BaseException) -> str:
    """Return where an error came from: a file and a line, never what was in it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
