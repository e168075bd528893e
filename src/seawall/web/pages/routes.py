"""Routes of pages: they say who may use them as all routes do, and what goes wrong is told as a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from seawall.errors import SeawallError
from seawall.web.body import BODY_READ
from seawall.web.edge import linger
from seawall.web.errors import headers_of, status_of
from seawall.web.route import access_of, authorize

PageFunction = Callable[..., Awaitable[Response]]


def add_page(app: FastAPI, methods: list[str], path: str, endpoint: PageFunction) -> None:
    """Add a page to a server; it is not in the OpenAPI document.

    Args:
        app: The server.
        methods: HTTP methods; HEAD comes with GET.
        path: With `{name}` for what the function takes besides the request.
        endpoint: Takes the request, and returns an answer, such as `render` makes. It must say who may use it.

    Raises:
        TypeError: If it does not say who may use it.
    """
    access = access_of(endpoint)

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        scope["seawall_route"] = path
        request = Request(scope, receive)
        values: dict[str, Any] = dict(scope.get("path_params", ()))
        try:
            authorize(scope, access, scope["app"].state.parts)
            response = await endpoint(request, **values)
        except SeawallError as error:
            if not _reads_html(request):
                raise
            await _tell(error, request, scope, receive, send)
            return
        except Exception:
            # The edge tells of it in the log; whoever reads in a browser is told here.
            if _reads_html(request):
                await _page(request, 500)(scope, receive, send)
            raise
        await response(scope, receive, send)

    route = Route(path, endpoint, methods=methods, include_in_schema=False)
    route.app = page
    route.__dict__["access"] = access
    app.router.routes.append(route)


async def _tell(error: SeawallError, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
    status = status_of(error)
    scope["app"].state.log.info("refused", status=status, code=error.code, route=scope["seawall_route"])
    response = _page(request, status)
    for name, value in headers_of(error):
        response.headers[name.decode()] = value.decode()
    unread = BODY_READ not in scope and scope["method"] not in {"GET", "HEAD"}
    if unread:
        response.headers["connection"] = "close"
    await response(scope, receive, send)
    if unread:
        await linger(receive)


def _page(request: Request, status: int) -> Response:
    # Imported here: that page is made with the site, which needs these routes for its static files.
    from seawall.web.pages.problems import problem_page

    return problem_page(request, status)


def _reads_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
