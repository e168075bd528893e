"""Nobody asks anything without a key that is for it; what needs no key says so."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI

from seawall.web.keys import Scope
from seawall.web.keys.live import KeysUnavailable
from seawall.web.route import Access, add, add_plain

OPEN = {"/healthz", "/readyz", "/openapi.json", "/status", "/status/live"}


def _routes(app: FastAPI) -> list[tuple[str, str, Access]]:
    found = []
    for route in app.routes:
        access = getattr(route, "access", None)
        assert isinstance(access, Access), f"{route} does not say who may use it"
        found += [(method, route.path, access) for method in sorted(route.methods - {"HEAD"})]
    return found


def _path(template: str) -> str:
    return template.replace("{decision_id}", "0" * 32).replace("{name}", "X")


def test_every_route_declares_who_may_use_it(server: Any) -> None:
    routes = _routes(server.app)
    assert len(routes) > 20
    assert {path for _, path, access in routes if access.scope is None} == OPEN


def test_every_route_with_a_scope_refuses_whoever_has_no_key(server: Any) -> None:
    bound = server.with_parts(loopback=False)
    for method, path, access in _routes(bound.app):
        if access.scope is None:
            continue
        for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic a2V5LWNoZWNr"}):
            answer = bound.ask(method, _path(path), key=None, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated"), path
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert bound.guard.asked == []


def test_every_route_with_a_scope_refuses_a_key_for_something_else(server: Any) -> None:
    bound = server.with_parts(loopback=False)
    for method, path, access in _routes(bound.app):
        for scope in set(Scope) - {access.scope, Scope.ADMIN} if access.scope else ():
            answer = bound.ask(method, _path(path), key=scope)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing"), path
    assert bound.guard.asked == []


def test_a_key_for_everything_is_for_everything(server: Any) -> None:
    answer = server.ask("POST", "/v1/check/input", key="admin", json={"account": "a", "prompt": "b"})
    assert answer.status_code == 200


def test_the_body_of_a_stranger_is_not_looked_at(server: Any) -> None:
    answer = server.ask("POST", "/v1/check/input", key=None, content=b"{" * 200_000)
    assert answer.status_code == 401


def test_a_route_that_says_nothing_cannot_be_added(server: Any) -> None:
    async def silent() -> None: ...

    with pytest.raises(TypeError, match="who may use it"):
        add(server.app, "GET", "/silent", silent)
    with pytest.raises(TypeError, match="who may use it"):
        add_plain(server.app, ["GET"], "/silent", silent)


def test_if_keys_cannot_be_verified_nothing_is_answered(server: Any) -> None:
    server.keys.fails = KeysUnavailable()
    answer = server.ask("POST", "/v1/check/input", json={"account": "a", "prompt": "b"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "keys_unavailable")
    assert answer.headers["retry-after"] == "1"


def test_metrics_need_a_key_unless_the_server_is_bound_to_this_machine(server: Any) -> None:
    assert server.ask("GET", "/metrics", key=None).status_code == 200
    bound = server.with_parts(loopback=False)
    assert bound.ask("GET", "/metrics", key=None).status_code == 401
    assert bound.ask("GET", "/metrics", key="metrics").status_code == 200


def test_without_keys_the_server_answers_to_names_of_this_machine_alone(server: Any) -> None:
    opened = server.with_parts(hma_open=True)
    for base in ("http://127.0.0.1:8321", "http://localhost", "http://[::1]:80"):
        assert opened.ask("GET", "/c/banks", key=None, base=base).status_code == 200
    for base in ("http://evil.example", "http://127.0.0.1.evil.example:8321"):
        assert opened.ask("GET", "/c/banks", key=None, base=base).json()["error"]["code"] == "host_refused"
    assert opened.ask("POST", "/v1/check/input", key=None, json={}).status_code == 401
