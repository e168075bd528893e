"""Who reaches which page of the console: by sign-in, role, and the token of the session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from seawall.users import Permission, Role
from seawall.web.sessions import SessionAccess
from tests.web.console_bench import Bench, benign, open_bench, picture
from tests.web.sign_in_browser import HTML

NOBODYS = "0" * 32


@pytest.fixture
def bench(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Bench]:
    with open_bench(migrated_sqlite, tmp_path) as opened:
        yield opened


def routes(bench: Bench) -> list[tuple[str, str, SessionAccess]]:
    """All routes of the console: method, path with ids that lead nowhere, and who may use them."""
    found = []
    for route in bench.app.routes:
        if isinstance(route, Route) and route.path.startswith("/review"):
            path = re.sub(r"\{\w+\}", NOBODYS, route.path)
            access = route.__dict__["access"]
            found += [(method, path, access) for method in sorted(route.methods or ()) if method != "HEAD"]
    return found


def opened(bench: Bench, number: int = 1, **rest: Any) -> tuple[str, str]:
    """Open a case of one picture; return its id and the item's."""
    case = bench.open(bench.item(picture(number)), subject=f"account {number}", **rest)
    return case, bench.ids(case)[0]


def test_every_page_of_the_console_says_which_permission_it_takes(bench: Bench) -> None:
    found = routes(bench)
    assert len(found) >= 22
    for method, path, access in found:
        assert isinstance(access, SessionAccess), (method, path)
        assert access.permissions, (method, path)
    opening = {path for _, path, access in found if Permission.OPEN_EVIDENCE in access.permissions}
    shown = {f"/review/tasks/{NOBODYS}/items/{NOBODYS}/show", f"/review/exposures/{NOBODYS}"}
    assert opening == shown | {"/review/reports", f"/review/reports/{NOBODYS}"}


def test_whoever_is_signed_out_gets_nothing_anywhere(bench: Bench) -> None:
    for method, path, _ in routes(bench):
        assert bench.ask(method, path).status_code == 401, (method, path)
        answer = bench.ask(method, path, headers=HTML)
        if method == "GET":
            assert answer.headers["location"].startswith("/sign-in?next=%2Freview"), path
        else:
            assert answer.status_code == 401, path


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.LEAD, Role.ADMIN, Role.AUDITOR])
def test_each_role_reaches_its_own_pages_alone(bench: Bench, role: Role) -> None:
    person = bench.person("pat", role, grant=False)
    may = bench.users.permissions(person.user)
    for method, path, access in routes(bench):
        if path in ("/review/stop", "/review/break", "/review/break/end"):
            continue
        answer = person.get(path) if method == "GET" else person.post(path, {"move": "hold", "reason": "r"})
        allowed = may.issuperset(access.permissions)
        assert (answer.status_code != 403) == allowed, (method, path, answer.status_code)
    expected = {
        Role.REVIEWER: {Permission.REVIEW},
        Role.LEAD: {Permission.REVIEW, Permission.ASSIGN, Permission.SEE_AGGREGATES},
        Role.ADMIN: set(),
        Role.AUDITOR: {Permission.SEE_AGGREGATES},
    }
    assert {each for each in expected[Role.LEAD] if each in may} == expected[role]


def test_a_form_without_the_token_of_the_session_does_nothing(bench: Bench) -> None:
    _, item = opened(bench)
    rita, lena = bench.person("rita"), bench.person("lena", Role.LEAD)
    task = rita.take()
    place = rita.look(task, item, "tile")
    case = bench.casework.cases.task(task).case_id
    known = {"task": task, "item": item, "exposure": place.rpartition("/")[2], "case": case, "report": NOBODYS}
    fields = {"token": "1", "move": "hold", "reason": "r", "rung": "tile", "ms": "1", **benign(item)}
    before = (bench.shown(), bench.casework.cases.get(case).version)
    posts = [
        re.sub(r"\{(\w+)\}", lambda name: known[name[1]], route.path)
        for route in bench.app.routes
        if isinstance(route, Route) and route.path.startswith("/review") and "POST" in (route.methods or ())
    ]
    assert len(posts) >= 13
    for path in posts:
        for token in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": rita.csrf}):
            who = lena if token.get("csrf") == rita.csrf else rita
            assert who.ask("POST", path, data={**fields, **token}).status_code == 403, (path, token)
        for headers in (
            {"origin": "https://elsewhere.example"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "http://127.0.0.1:1"},
        ):
            answer = rita.ask("POST", path, data={**fields, "csrf": rita.csrf}, headers=headers)
            assert answer.status_code == 403, (path, headers)
        file = {"f": ("f.txt", b"x", "text/plain")}
        assert rita.ask("POST", path, data={"csrf": rita.csrf}, files=file).status_code == 403, path
        # Nor does following a link.
        assert rita.get(path).status_code in (200, 403, 404, 405), path
    assert (bench.shown(), bench.casework.cases.get(case).version) == before
    assert bench.events("exposure.seen") == []
    assert [each.id for each in bench.casework.desk.held(rita.id)] == [task]
    assert not bench.casework.wellness.load(rita.id).on_break


def test_pages_run_nothing_but_their_own_and_are_kept_nowhere(bench: Bench) -> None:
    opened(bench)
    lena = bench.person("lena", Role.LEAD)
    task = lena.take()
    case = bench.casework.cases.task(task).case_id
    pages = ("/review", "/review/cases", f"/review/cases/{case}", f"/review/tasks/{task}", "/review/me")
    for path in (*pages, "/review/team", "/review/support", "/review/break"):
        answer = lena.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "media-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"\s(style|on\w+)=|javascript:|data:|<style|autoplay", answer.text), path
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.text), path
        assert not re.search(r"<script(?![^>]* src=)", answer.text), path
