"""Signing in, staying in, and getting out: cookies, forms, steps up, and what a page lets through."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from seawall.errors import UsageError
from seawall.store.tables import staff_session
from seawall.users import Permission, Role, codes
from seawall.web.pages import add_page, read_fields
from seawall.web.sessions import SessionAccess, SessionOptions, SignedOut, add_sessions, current, signed_in
from tests.web.sign_in_browser import HTML, LOCAL, PASSWORD, Browser, House, open_house

BASE = "https://review.example"


@pytest.fixture
def house(server: Any, migrated_sqlite: Path, tmp_path: Path) -> Iterator[House]:
    with open_house(server, migrated_sqlite, tmp_path) as opened:
        yield opened


@pytest.fixture
def public(server: Any, migrated_sqlite: Path, tmp_path: Path) -> Iterator[House]:
    with open_house(server, migrated_sqlite, tmp_path, options=SessionOptions(BASE)) as opened:
        yield opened


def factor(house: House, user_id: str) -> tuple[bytes, tuple[str, ...]]:
    shown = house.users.enrol_totp(user_id).secret
    secret = base64.b32decode(shown + "=" * (-len(shown) % 8))
    made = house.users.confirm_totp(user_id, code(house, secret))
    house.moment.pass_by(seconds=60)
    return secret, made


def code(house: House, secret: bytes) -> str:
    return codes.code_at(secret, codes.step_at(house.moment()))


def test_a_name_and_its_password_open_the_account_page(house: House) -> None:
    browser = house.browser()
    answer = browser.sign_in(" Ada ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    page = browser.get("/account")
    assert page.status_code == 200
    assert house.ada.pseudonym in page.text


def test_whoever_is_signed_out_is_led_to_sign_in_and_back(house: House) -> None:
    browser = house.browser()
    answer = browser.get("/account?done=password")
    assert answer.headers["location"] == "/sign-in?next=%2Faccount%3Fdone%3Dpassword"
    browser.get(answer.headers["location"])
    goal = browser.value("next")
    assert browser.post("/sign-in", {"name": "ada", "password": PASSWORD, "next": goal}).headers["location"] == goal
    assert browser.get("/sign-in").headers["location"] == "/account"


def test_scripts_and_forms_of_the_signed_out_are_told_so(house: House) -> None:
    told = house.server.ask("GET", "/account", key=None)
    assert (told.status_code, told.json()["error"]["code"]) == (401, "signed_out")
    assert "www-authenticate" not in told.headers
    page = house.browser().post("/account/password")
    assert page.status_code == 401
    assert "sign in" in page.text


def test_over_https_cookies_are_for_this_host_alone(public: House) -> None:
    browser = public.browser(BASE)
    browser.sign_in("ada")
    assert set(browser.cookies) == {"__Host-seawall_session", "__Host-seawall_device"}
    assert browser.get("/account").status_code == 200
    plain = browser.cookies.pop("__Host-seawall_session")
    browser.cookies["seawall_session"] = plain
    assert browser.get("/account").status_code == 303


def test_only_the_digest_of_a_session_is_stored(house: House) -> None:
    browser = house.browser()
    browser.sign_in("ada")
    token = str(browser.session)
    assert len(token) == 43
    with house.users.store.read() as connection:
        row = connection.execute(staff_session.select()).one()
    assert row.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row)


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("greg", PASSWORD), ("", "")])
def test_every_refusal_looks_the_same(house: House, name: str, password: str) -> None:
    greg = house.users.add("greg", Role.REVIEWER, PASSWORD)
    house.users.disable(greg.id)
    browser = house.browser()
    answer = browser.sign_in(name, password)
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    told = answer.text.replace(f'value="{name}"', 'value=""').replace(browser.csrf, "")
    assert hashlib.sha256(told.encode()).hexdigest() == _refusal(house)
    assert browser.session is None


def _refusal(house: House) -> str:
    browser = house.browser()
    told = browser.sign_in("zoe", "wrong again").text.replace('value="zoe"', 'value=""').replace(browser.csrf, "")
    return hashlib.sha256(told.encode()).hexdigest()


def test_after_many_failures_the_page_says_how_long_to_wait(house: House) -> None:
    browser = house.browser()
    for _ in range(6):
        assert browser.sign_in("ada", "wrong").status_code == 401
    answer = browser.sign_in("ada")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert "30 seconds" in answer.text
    house.moment.pass_by(seconds=31)
    assert browser.sign_in("ada").status_code == 303


def test_signing_in_makes_a_new_session_whatever_the_browser_brought(house: House) -> None:
    browser = house.browser()
    browser.cookies["seawall_session"] = "a" * 43
    browser.sign_in("ada")
    first = browser.session
    assert first != "a" * 43
    browser.cookies["seawall_form"] = "b" * 43
    browser.page = ""
    thief = house.browser()
    thief.cookies["seawall_session"] = str(first)
    assert thief.get("/account").status_code == 200


def test_a_second_factor_is_asked_before_anything_else(house: House) -> None:
    secret, recovery = factor(house, house.ada.id)
    browser = house.browser()
    answer = browser.sign_in("ada", goal="/account?done=glass")
    assert answer.headers["location"] == "/sign-in/code?next=%2Faccount%3Fdone%3Dglass"
    half = browser.session
    assert browser.get("/account").status_code == 303
    assert browser.post("/sign-out").status_code == 401
    browser.get(answer.headers["location"])
    assert browser.post("/sign-in/code", {"code": "no code"}).status_code == 401
    typed = code(house, secret)
    done = browser.post("/sign-in/code", {"code": typed, "next": "/account?done=glass"})
    assert done.headers["location"] == "/account?done=glass"
    assert browser.session != half
    assert browser.get("/account").status_code == 200
    again = house.browser()
    again.sign_in("ada")
    again.get("/sign-in/code")
    assert again.post("/sign-in/code", {"code": typed}).status_code == 401
    assert again.post("/sign-in/code", {"code": recovery[0]}).status_code == 303
    stale = house.browser()
    stale.cookies["seawall_session"] = str(half)
    assert stale.get("/account").status_code == 303


def test_a_half_open_session_ends_after_ten_minutes(house: House) -> None:
    secret, _ = factor(house, house.ada.id)
    browser = house.browser()
    browser.sign_in("ada")
    browser.get("/sign-in/code")
    house.moment.pass_by(minutes=10)
    answer = browser.post("/sign-in/code", {"code": code(house, secret)})
    assert answer.headers["location"] == "/sign-in"


def test_guesses_at_codes_make_wait(house: House) -> None:
    factor(house, house.ada.id)
    browser = house.browser()
    browser.sign_in("ada")
    browser.get("/sign-in/code")
    found = [browser.post("/sign-in/code", {"code": "no code"}).status_code for _ in range(8)]
    assert found == [401] * 6 + [429] * 2


def test_a_session_ends_when_it_is_idle_and_in_any_case_after_hours(house: House) -> None:
    browser = house.browser()
    browser.sign_in("ada")
    for _ in range(3):
        house.moment.pass_by(minutes=29)
        assert browser.get("/account").status_code == 200
    house.moment.pass_by(minutes=30)
    assert browser.get("/account").status_code == 303
    browser.sign_in("ada")
    for _ in range(25):
        house.moment.pass_by(minutes=28)
        assert browser.get("/account").status_code == 200
    house.moment.pass_by(minutes=20)
    assert browser.get("/account").status_code == 303
    with house.users.store.read() as connection:
        assert connection.execute(staff_session.select()).all() == []


def test_signing_out_ends_the_session_and_takes_the_cookie(house: House) -> None:
    browser = house.browser()
    browser.sign_in("ada")
    token = str(browser.session)
    browser.get("/account")
    answer = browser.post("/sign-out")
    assert (answer.status_code, answer.headers["clear-site-data"]) == (303, '"cache"')
    assert browser.session is None
    assert "signed out" in browser.get(answer.headers["location"]).text
    browser.cookies["seawall_session"] = token
    assert browser.get("/account").status_code == 303
    assert house.browser().get("/sign-out").status_code == 405


@pytest.mark.parametrize("what", ["disable", "revoke", "grant", "role", "password", "end"])
def test_what_is_changed_by_others_ends_sessions_at_once(house: House, what: str) -> None:
    users, admin = house.users, house.ada
    rhea = users.add("rhea", Role.REVIEWER, PASSWORD)
    if what == "revoke":
        users.grant_child_safety(rhea.id, admin.id, "trained")
    browser = house.browser()
    browser.sign_in("rhea")
    assert browser.get("/account").status_code == 200
    {
        "disable": lambda: users.disable(rhea.id, admin.id),
        "revoke": lambda: users.revoke_child_safety(rhea.id, admin.id),
        "grant": lambda: users.grant_child_safety(rhea.id, admin.id, "trained"),
        "role": lambda: users.set_role(rhea.id, Role.LEAD, admin.id),
        "password": lambda: users.set_password(rhea.id, "another plain boat", admin.id),
        "end": lambda: users.end_sessions(rhea.id, admin.id),
    }[what]()
    assert browser.get("/account").status_code == 303


def test_a_new_password_takes_the_old_one_and_ends_other_sessions(house: House) -> None:
    mine, other = house.browser(), house.browser()
    mine.sign_in("ada")
    other.sign_in("ada")
    before = mine.session
    fresh = {"password": "another plain boat", "again": "another plain boat"}
    for fields, status, words in (
        ({"current": "wrong", **fresh}, 401, "not your password"),
        ({"current": PASSWORD, **fresh, "again": "other"}, 422, "not the same"),
        ({"current": PASSWORD, "password": "ada ada ada ada", "again": "ada ada ada ada"}, 422, "At least 12"),
    ):
        mine.get("/account")
        answer = mine.post("/account/password", fields)
        assert answer.status_code == status
        assert words in answer.text
        assert "another plain boat" not in answer.text
    done = mine.post("/account/password", {"current": PASSWORD, **fresh})
    assert done.headers["location"] == "/account?done=password"
    assert mine.session != before
    assert "is changed" in mine.get(done.headers["location"]).text
    assert other.get("/account").status_code == 303
    stale = house.browser()
    stale.cookies["seawall_session"] = str(before)
    assert stale.get("/account").status_code == 303
    assert other.sign_in("ada").status_code == 401
    assert other.sign_in("ada", "another plain boat").status_code == 303


def test_a_second_factor_is_set_up_on_the_account_page(house: House) -> None:
    browser = house.browser()
    browser.sign_in("ada")
    browser.get("/account")
    refused = browser.post("/account/factor", {"factor_current": "wrong"})
    assert refused.status_code == 401
    assert 'href="#factor_current"' in refused.text
    page = browser.post("/account/factor", {"factor_current": PASSWORD})
    shown = re.search(r"<code dir=\"ltr\">([A-Z2-7]+)</code>", page.text)
    assert shown is not None
    secret = base64.b32decode(shown[1])
    assert browser.post("/account/factor/confirm", {"code": "no code"}).status_code == 401
    before = browser.session
    done = browser.post("/account/factor/confirm", {"code": code(house, secret)})
    assert len(re.findall(r"^(?:<pre dir=\"ltr\">)?[A-Z2-9]{5}(?:-[A-Z2-9]{5}){3}$", done.text, re.MULTILINE)) == 10
    assert browser.session != before
    assert "Recovery codes left: 10" in browser.get("/account").text
    house.moment.pass_by(seconds=60)
    assert browser.post("/account/factor", {"factor_current": PASSWORD, "code": "no code"}).status_code == 401
    assert browser.post("/account/factor", {"factor_current": PASSWORD, "code": code(house, secret)}).status_code == 200
    assert house.users.get(house.ada.id).second_factor
    assert browser.post("/account/factor/confirm", {"code": "x"}).status_code == 401


def test_the_glass_is_broken_with_a_reason_and_shown_to_administrators(house: House) -> None:
    leda = house.users.add("leda", Role.LEAD, PASSWORD)
    browser, admin = house.browser(), house.browser()
    browser.sign_in("leda")
    browser.get("/account")
    assert browser.post("/account/glass", {"glass_current": PASSWORD, "reason": " "}).status_code == 422
    assert browser.post("/account/glass", {"glass_current": "wrong", "reason": "danger"}).status_code == 401
    before = browser.session
    asked = {"glass_current": PASSWORD, "reason": "<b>somebody is in danger</b>", "minutes": "60"}
    assert browser.post("/account/glass", asked).headers["location"] == "/account?done=glass"
    assert browser.session != before
    assert house.users.allowed(leda, Permission.OPEN_EVIDENCE)
    admin.sign_in("ada")
    page = admin.get("/account").text
    assert "leda may open evidence" in page
    assert "&lt;b&gt;somebody is in danger&lt;/b&gt;" in page
    assert admin.post("/account/seen", {"id": admin.value("id")}).status_code == 303
    assert "leda may open evidence" not in admin.get("/account").text
    browser.get("/account")
    assert browser.post("/account/seen", {"id": "0"}).status_code == 403
    browser.get("/account")
    assert browser.post("/account/glass/end").status_code == 303
    assert not house.users.allowed(leda, Permission.OPEN_EVIDENCE)
    rhea = house.browser()
    house.users.add("rhea", Role.REVIEWER, PASSWORD)
    rhea.sign_in("rhea")
    assert "Break the glass" not in rhea.get("/account").text
    assert rhea.post("/account/glass", asked).status_code == 403


def test_other_sessions_are_ended_from_the_account_page(house: House) -> None:
    mine, other = house.browser(), house.browser()
    mine.sign_in("ada")
    other.sign_in("ada")
    assert mine.get("/account").text.count("<li><time") == 2
    mine.post("/account/sessions/end")
    assert mine.get("/account").text.count("<li><time") == 1
    assert other.get("/account").status_code == 303


def test_only_so_many_sessions_of_one_person_go_on(house: House) -> None:
    browsers = [house.browser() for _ in range(12)]
    for browser in browsers:
        house.moment.pass_by(seconds=1)
        browser.sign_in("ada")
    assert [browser.get("/account").status_code for browser in browsers] == [303] * 2 + [200] * 10


def test_a_form_without_its_token_changes_nothing(house: House) -> None:
    browser = house.browser()
    browser.sign_in("ada")
    other = house.browser()
    other.sign_in("ada")
    other.get("/account")
    for token in ("", "0" * 64, other.csrf, str(browser.session), "ä"):
        assert browser.ask("POST", "/sign-out", data={"csrf": token}).status_code == 403
    assert browser.ask("POST", "/sign-out").status_code == 403
    assert browser.ask("POST", "/sign-out", json={"csrf": "x"}).status_code == 403
    browser.get("/account")
    two = [("x-seawall-csrf", browser.csrf), ("x-seawall-csrf", "x")]
    assert house.server.ask("POST", "/sign-out", key=None, headers=dict(two)).status_code == 401
    assert browser.ask("POST", "/sign-out", headers={"x-seawall-csrf": "x"}).status_code == 403
    assert browser.get("/account").status_code == 200
    assert browser.ask("POST", "/sign-out", headers={"x-seawall-csrf": browser.csrf}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "nonsense"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"origin": "http://127.0.0.1:81"},
        {"origin": "https://127.0.0.1"},
    ],
)
def test_a_page_of_another_site_sends_no_form_even_with_the_token(house: House, headers: dict[str, str]) -> None:
    browser = house.browser()
    browser.get("/sign-in")
    assert browser.post("/sign-in", {"name": "ada", "password": PASSWORD}, headers=headers).status_code == 403
    browser.sign_in("ada")
    browser.get("/account")
    assert browser.post("/sign-out", headers=headers).status_code == 403
    assert browser.get("/account").status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"sec-fetch-site": "same-origin"}, {"origin": "null"}, {"origin": "http://127.0.0.1"}]
)
def test_our_own_pages_send_forms(house: House, headers: dict[str, str]) -> None:
    browser = house.browser()
    browser.sign_in("ada")
    browser.get("/account")
    assert browser.post("/sign-out", headers=headers).status_code == 303


def test_strict_cookies_are_no_help_to_a_link_from_elsewhere(house: House) -> None:
    browser = house.browser()
    browser.sign_in("ada")
    assert browser.get("/account", cross_site=True).status_code == 303
    assert browser.lax == set()


def test_the_form_of_signing_in_is_bound_to_its_browser(house: House) -> None:
    one, two = house.browser(), house.browser()
    one.get("/sign-in")
    two.get("/sign-in")
    fields = {"name": "ada", "password": PASSWORD}
    answer = two.ask("POST", "/sign-in", data={"csrf": one.csrf, **fields})
    assert answer.status_code == 403
    assert "too long" in answer.text
    assert house.browser().ask("POST", "/sign-in", data=fields).status_code == 403
    one.get("/sign-in")
    assert one.post("/sign-in", fields).status_code == 303


def test_without_a_base_url_it_answers_to_this_machine_alone(house: House) -> None:
    for path in ("/sign-in", "/sign-in/code", "/account"):
        assert house.browser("http://evil.example").get(path).status_code == 403
        assert house.browser("http://localhost:8080").get(path).status_code in (200, 303)


def test_a_server_for_others_needs_its_https_address(house: House) -> None:
    parts = replace(house.server.parts, loopback=False)
    with pytest.raises(UsageError, match="https"):
        add_sessions(house.server.app, parts, house.sessions)
    for wrong in ("http://review.example", "https://", "https://a/b", "https://a?b", "ftp://a"):
        with pytest.raises(UsageError):
            SessionOptions.from_env({"SEAWALL_BASE_URL": wrong})
    assert SessionOptions.from_env({"SEAWALL_BASE_URL": f"{BASE}/"}).base_url == BASE
    assert not SessionOptions.from_env({}).secure


def test_every_page_has_the_headers_of_pages(house: House) -> None:
    browser = house.browser()
    pages = [browser.get("/sign-in"), browser.sign_in("ada", "wrong"), browser.sign_in("ada")]
    pages += [browser.get("/account"), browser.post("/sign-out"), browser.get("/account")]
    for answer in pages:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        for forbidden in ("<script", " style=", " onclick", "http://", "autoplay"):
            assert forbidden not in answer.text


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_pages_are_in_the_readers_language(house: House, language: str) -> None:
    browser = house.browser()
    browser.sign_in("ada")
    page = browser.get("/account", headers={"accept-language": language}).text
    assert f'<html lang="{language}"' in page
    assert "sessions." not in re.sub(r'(?:href|action)="[^"]*"', "", page)


def test_an_endpoint_says_which_permissions_it_takes(house: House) -> None:
    @signed_in(Permission.REVIEW, permission=Permission.ASSIGN)
    async def desk(request: Request) -> Response:
        me = current(request)
        fields = await read_fields(request) if request.method == "POST" else None
        return Response(f"{me.user.name} {fields.get('word') if fields else me.csrf}")

    async def silent(request: Request) -> Response:
        return Response("")

    access = desk.__dict__["seawall_access"]
    assert isinstance(access, SessionAccess)
    assert access.permissions == (Permission.REVIEW, Permission.ASSIGN)
    add_page(house.server.app, ["GET", "POST"], "/desk/{name}", _named(desk))
    with pytest.raises(TypeError, match="who may use it"):
        add_page(house.server.app, ["GET"], "/silent", silent)
    house.users.add("rhea", Role.REVIEWER, PASSWORD)
    house.users.add("leda", Role.LEAD, PASSWORD)
    for name, status in (("ada", 403), ("rhea", 403), ("leda", 200)):
        browser = house.browser()
        browser.sign_in(name)
        assert browser.get("/desk/x").status_code == status
    token = browser.get("/desk/x").text.split()[1]
    assert browser.ask("POST", "/desk/x", data={"csrf": token, "word": "heron"}).text == "leda heron"
    assert browser.ask("POST", "/desk/x", data={"word": "heron"}).status_code == 403


def _named(endpoint: Any) -> Any:
    async def page(request: Request, name: str) -> Response:
        assert name == "x"
        return await endpoint(request)

    page.__dict__["seawall_access"] = endpoint.__dict__["seawall_access"]
    return page


def test_who_asks_is_known_on_declared_pages_alone() -> None:
    with pytest.raises(SignedOut):
        current(Request({"type": "http", "headers": []}))


def test_every_route_but_those_of_signing_in_asks_for_a_session(house: House) -> None:
    added = [
        route for route in house.server.app.routes if getattr(route, "path", "").startswith(("/account", "/sign-"))
    ]
    assert len(added) > 12
    for route in added:
        access = route.access
        if isinstance(access, SessionAccess):
            for method in route.methods - {"HEAD"}:
                answer = house.server.ask(method, route.path, key="admin", headers=HTML)
                assert answer.status_code in (303, 401)
        else:
            assert route.path.startswith("/sign-in")


def test_no_secret_and_no_name_is_in_the_log(house: House) -> None:
    browser = house.browser()
    browser.sign_in("ada", "a wrong password")
    browser.sign_in("ada")
    token = str(browser.session)
    browser.get("/account")
    browser.ask("POST", "/sign-out", data={"csrf": "x"})
    told = house.server.log.getvalue()
    assert "foreign_form" in told
    for secret in ("a wrong password", PASSWORD, token, browser.csrf, '"ada"'):
        assert not secret or secret not in told


def test_a_server_without_sessions_lets_nobody_in(server: Any) -> None:
    @signed_in()
    async def page(request: Request) -> Response:
        return Response("in")

    add_page(server.app, ["GET"], "/page", page)
    assert Browser(server, LOCAL).get("/page").status_code == 503
