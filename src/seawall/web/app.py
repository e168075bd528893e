"""The server as an ASGI application, made of its parts; every route says who may use it, or there is no server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from seawall.web.appeals import add_appeal_pages, add_appeals
from seawall.web.checks import add_checks
from seawall.web.decisions import add_decisions
from seawall.web.document import document
from seawall.web.edge import Edge
from seawall.web.effects import add_effects
from seawall.web.evidence import add_evidence
from seawall.web.health import add_health
from seawall.web.hma.catalogue import add_catalogue
from seawall.web.hma.lookups import add_lookups
from seawall.web.logs import make_logger
from seawall.web.matching import add_matching
from seawall.web.notices import add_notices
from seawall.web.parts import Parts
from seawall.web.prevention import add_prevention
from seawall.web.public import add_public
from seawall.web.review import add_review
from seawall.web.sessions import add_sessions

# FastAPI's own would send addresses, invalid values and messages of exceptions to whoever collects traces and logs.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class _App(FastAPI):
    """FastAPI with our edge in the place of its middleware: one layer, which answers errors without content."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application as it is called."""
        return Edge(_by_path(self), self.state.parts.instruments, self.state.log)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return document(self)


def create_app(parts: Parts, *, lifespan: Lifespan | None = None, log: Any = None) -> FastAPI:
    """Return the server.

    Args:
        parts: What it is made of.
        lifespan: Runs while the server does; by default nothing.
        log: Takes log lines; by default JSON lines on standard error.
    """
    app = _App(
        title="seawall",
        version=version("seawall"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan or _nothing,
        telemetry=_NO_TELEMETRY,
    )
    app.state.parts = parts
    app.state.log = log if log is not None else make_logger()
    for surface in sorted(parts.surfaces):
        _ADD[surface](app, parts)
    add_health(app, parts)
    return app


def _add_api(app: FastAPI, parts: Parts) -> None:
    """Add what programs ask."""
    add_checks(app, parts)
    add_decisions(app, parts)
    add_effects(app, parts)
    add_prevention(app, parts)
    add_matching(app, parts)
    add_lookups(app, parts)
    add_catalogue(app, parts)
    if parts.notices is not None:
        add_notices(app, parts, parts.notices)
        add_evidence(app, parts, parts.notices)
    if parts.appeals is not None and parts.statements is not None:
        add_appeals(app, parts, parts.appeals, parts.statements)


def _add_public(app: FastAPI, parts: Parts) -> None:
    """Add the pages for everybody."""
    if parts.notices is not None:
        add_public(app, parts, parts.notices)
        if parts.appeals is not None:
            add_appeal_pages(app, parts, parts.appeals, parts.notices.options)


def _add_console(app: FastAPI, parts: Parts) -> None:
    """Add the pages of people who have signed in."""
    if parts.sessions is not None and parts.console is not None:
        add_sessions(app, parts, parts.sessions)
        add_review(app, parts.console)


_ADD: Mapping[str, Callable[[FastAPI, Parts], None]] = {
    "api": _add_api,
    "public": _add_public,
    "console": _add_console,
}


def _by_path(app: FastAPI) -> ASGIApp:
    """Return the router, with one look-up for paths without parameters in the place of a walk over all routes."""
    table: dict[str, dict[str, ASGIApp]] = {}
    for route in app.routes:
        if isinstance(route, Route) and not route.param_convertors:
            for method in route.methods or ():
                table.setdefault(route.path, {})[method] = route.app
    router = app.router

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        methods = table.get(scope["path"]) if scope["type"] == "http" else None
        if methods is None:
            await router(scope, receive, send)
            return
        found = methods.get(scope["method"])
        if found is None:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        await found(scope, receive, send)

    return routed


@asynccontextmanager
async def _nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield
