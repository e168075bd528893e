"""Routes that say who may use them. A route without a declared scope cannot be made.

The signature of a route's function gives the OpenAPI document; at run time the request is read by our own bounded,
strict readers, after the key was verified.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from seawall.web import strict_json
from seawall.web.body import media_type, read
from seawall.web.errors import HostRefused, Invalid, ScopeMissing, Unauthenticated, WrongMediaType
from seawall.web.keys.model import ApiKey
from seawall.web.keys.model import Scope as KeyScope
from seawall.web.parts import Parts

JSON = "application/json"
KEY = "seawall_key"
"""Under which the verified key is kept in the scope of a request."""
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_M = TypeVar("_M", bound=BaseModel)
_F = TypeVar("_F", bound=Callable[..., Awaitable[Any]])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route.

    Attributes:
        scope: What the key must be for; None if no key is asked for.
        unless: Whether the key is not asked for, of a server of these parts.
    """

    scope: KeyScope | None
    unless: Callable[[Parts], bool] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is bytes already."""

    body: bytes
    status: int = 200
    content_type: str = JSON


def needs(scope: KeyScope, *, unless: Callable[[Parts], bool] | None = None) -> Callable[[_F], _F]:
    """Declare that a route needs a key with a scope."""

    def declare(endpoint: _F) -> _F:
        endpoint.__dict__["seawall_access"] = Access(scope, unless)
        return endpoint

    return declare


def anybody(endpoint: _F) -> _F:
    """Declare that a route needs no key."""
    endpoint.__dict__["seawall_access"] = Access(None)
    return endpoint


def access_of(endpoint: Callable[..., Any]) -> Access:
    """Return who may use a route's function.

    Raises:
        TypeError: If it does not say: such a route is never served.
    """
    found = getattr(endpoint, "seawall_access", None)
    if not isinstance(found, Access):
        raise TypeError(f"the route of {endpoint.__qualname__} does not say who may use it")
    return found


class GuardedRoute(APIRoute):
    """A route of the document, with our own way of reading requests."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.access = access_of(endpoint)
        self.app = _app(endpoint, self.access, self.path)


def add(app: FastAPI, method: str, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
    """Add a route to the server and to its OpenAPI document."""
    app.router.add_api_route(path, endpoint, methods=[method], route_class_override=GuardedRoute, **options)


def add_plain(app: FastAPI, methods: list[str], path: str, endpoint: Callable[..., Any]) -> None:
    """Add a route to the server alone."""
    access = access_of(endpoint)
    route = Route(path, endpoint, methods=methods, include_in_schema=False)
    route.app = _app(endpoint, access, path)
    route.__dict__["access"] = access
    app.router.routes.append(route)


def _app(endpoint: Callable[..., Any], access: Access, path: str) -> ASGIApp:
    hints = get_type_hints(endpoint)
    model: tuple[str, type[BaseModel]] | None = None
    request_name: str | None = None
    for name in inspect.signature(endpoint).parameters:
        kind = hints.get(name)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            model = name, kind
        elif kind is Request:
            request_name = name

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["seawall_route"] = path
        parts: Parts = scope["app"].state.parts
        authorize(scope, access, parts)
        request = Request(scope, receive)
        values: dict[str, Any] = dict(scope.get("path_params", ()))
        if request_name is not None:
            values[request_name] = request
        if model is not None:
            values[model[0]] = await read_json(request, parts, model[1])
        result = await endpoint(**values)
        await send_reply(send, scope, result)

    return app


def authorize(scope: Scope, access: Access, parts: Parts) -> ApiKey | None:
    """Verify the key of a request; it is kept in the scope.

    Raises:
        Unauthenticated: If it has none that is accepted.
        ScopeMissing: If it may not be used for this.
        HostRefused: If no key is needed, on this machine alone, and the request was meant for another name.
    """
    if access.scope is None:
        return None
    if access.unless is not None and access.unless(parts):
        expect_local(scope)
        return None
    token = ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _, token = value.decode("latin-1").partition(" ")
            if kind.lower() != "bearer":
                raise Unauthenticated
            break
    key = parts.keys.verify(token.strip()) if token else None
    if key is None:
        raise Unauthenticated
    if not key.allows(access.scope):
        raise ScopeMissing(f"the API key lacks the scope {access.scope}")
    scope[KEY] = key
    return key


async def read_json(request: Request, parts: Parts, model: type[_M]) -> _M:
    """Return what a JSON body says.

    Raises:
        WrongMediaType: If it is not JSON by its content type.
        Invalid: If it is not what it must be.
    """
    if media_type(request) != JSON:
        raise WrongMediaType(f"this path takes {JSON}")
    return validated(model, await read(request, parts.limits, parts.limits.json_bytes))


def validated(model: type[_M], data: bytes) -> _M:
    """Return what JSON says.

    Raises:
        Malformed: If it cannot be read.
        Invalid: If it is not what it must be.
    """
    value = strict_json.parse(data)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid.of(error) from None


async def send_reply(send: Send, scope: Scope, result: Any) -> None:
    """Send what a route's function returned."""
    if isinstance(result, BaseModel):
        result = Reply(result.model_dump_json().encode())
    elif not isinstance(result, Reply):
        raise TypeError("a route answers with a model or a Reply")
    await send_bytes(send, scope, result.status, result.body, result.content_type)


async def send_bytes(
    send: Send,
    scope: Scope,
    status: int,
    body: bytes,
    content_type: str = JSON,
    extra: list[tuple[bytes, bytes]] | None = None,
) -> None:
    """Send a whole answer."""
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *(extra or ()),
    ]
    scope["seawall_status"] = status
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def expect_local(scope: Scope) -> None:
    """Refuse requests that a page in a browser on this machine could send under a name of its own."""
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1").lower()
            bare = host if host.endswith("]") else host.rpartition(":")[0] or host
            if bare in _LOCAL_HOSTS:
                return
    raise HostRefused
