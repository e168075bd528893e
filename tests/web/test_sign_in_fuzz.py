"""Whatever a browser, or somebody who is none, sends as cookies, forms and addresses: nobody gets in by it."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from seawall.web.pages import redirect
from seawall.web.sessions import SessionOptions
from seawall.web.sessions.cookies import Cookie, read_cookie
from seawall.web.sessions.desk import address_of
from seawall.web.sessions.next_page import safe_next
from tests.web.sign_in_browser import LOCAL, PASSWORD, House, open_house

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ALPHABET = string.ascii_letters + string.digits + "-_"
LATIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=120)


@pytest.fixture
def house(server: Any, migrated_sqlite: Path, tmp_path: Path) -> Iterator[House]:
    with open_house(server, migrated_sqlite, tmp_path) as opened:
        yield opened


def asking(*cookies: bytes) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", each) for each in cookies]})


@pytest.mark.parametrize("options", [SessionOptions(), SessionOptions("https://a.example")])
@given(st.lists(st.binary(max_size=200), max_size=4))
def test_of_any_cookies_at_most_one_token_in_our_form_is_read(options: SessionOptions, lines: list[bytes]) -> None:
    found = read_cookie(asking(*lines), Cookie.SESSION, options)
    assert found is None or (len(found) == 43 and set(found) <= set(ALPHABET))


def test_a_token_that_is_sent_twice_counts_only_if_it_is_the_same() -> None:
    one, two = b"seawall_session=" + b"a" * 43, b"seawall_session=" + b"b" * 43
    options = SessionOptions()
    assert read_cookie(asking(b"x=1; " + one + b";y=2"), Cookie.SESSION, options) == "a" * 43
    assert read_cookie(asking(one, one), Cookie.SESSION, options) == "a" * 43
    for wrong in ((one, two), (one + b"; " + two,), (one + b'"',), (b'seawall_session="' + b"a" * 43 + b'"',),
                  (one.upper(),), (b"__Host-" + one,), (one + b"a",), (b"x=" + b"y" * 20_000, one)):  # fmt: skip
        assert read_cookie(asking(*wrong), Cookie.SESSION, options) is None


@QUICK
@given(cookie=LATIN)
@example("seawall_session=" + "a" * 43)
@example("seawall_session=" + "a" * 43 + "; seawall_device=" + "b" * 43 + "; seawall_form=" + "c" * 43)
def test_no_made_up_cookie_opens_a_page(house: House, cookie: str) -> None:
    answer = house.server.ask("GET", "/account", key=None, base=LOCAL, headers={"cookie": cookie.encode("latin-1")})
    assert answer.status_code == 401


@QUICK
@given(body=st.binary(max_size=300), kind=st.sampled_from(["application/x-www-form-urlencoded", "text/plain", ""]))
@example(b"csrf=&name=ada&password=" + PASSWORD.encode(), "application/x-www-form-urlencoded")
@example(b"&" * 300, "application/x-www-form-urlencoded")
@example(b"csrf=%ff", "application/x-www-form-urlencoded")
def test_no_made_up_form_signs_anybody_in(house: House, body: bytes, kind: str) -> None:
    browser = house.browser()
    browser.get("/sign-in")
    for path in ("/sign-in", "/sign-in/code"):
        answer = browser.ask("POST", path, content=body, headers={"content-type": kind})
        assert answer.status_code in (303, 400, 403, 415)
        assert answer.status_code != 303 or answer.headers["location"] == "/sign-in"
    assert browser.session is None


@QUICK
@given(name=st.text(max_size=300), password=st.text(max_size=300))
def test_whatever_is_typed_is_refused_in_the_same_words(house: House, name: str, password: str) -> None:
    house.moment.pass_by(days=2)
    browser = house.browser()
    browser.get("/sign-in")
    typed = {key: text.encode("utf-8", "replace").decode() for key, text in (("name", name), ("password", password))}
    answer = browser.post("/sign-in", typed)
    if "\0" in name + password:
        assert answer.status_code == 400
        return
    assert answer.status_code == 401
    assert "do not belong together" in answer.text


@given(st.text(max_size=60) | st.text(alphabet="/\\.:@%?#&=a0 \t\r\n", max_size=30))
@example("//evil.example")
@example("/\\evil.example")
@example("/%2f/evil.example")
@example("/%5cevil.example")
@example("/a/../..//evil.example")
@example("/;//evil.example")
@example("https:evil.example")
@example("/\t/evil.example")
@example("/a\r\nset-cookie: a=b")
@example("/?next=//evil.example")
@example("/@evil.example")
@example("javascript:alert(1)")
def test_after_signing_in_one_is_always_on_this_server(wanted: str) -> None:
    goal = safe_next(wanted, "/home")
    for base in ("https://own.example/sign-in", "http://127.0.0.1:8080/sign-in/code"):
        there = urlsplit(urljoin(base, goal))
        assert (there.scheme, there.netloc) == urlsplit(base)[:2]
    assert goal.startswith("/")
    assert not goal.startswith(("//", "/\\"))
    assert goal.isprintable()


@pytest.mark.parametrize("path", ["/review", "/review/cases?queue=a&state=b", "/account?done=glass", "/"])
def test_a_page_of_this_server_is_where_one_goes(path: str) -> None:
    assert safe_next(path, "/home") == path


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/code?x", "/sign-out", "", "review", "/" + "a" * 2000, None])
def test_signing_in_never_leads_to_signing_in(path: str | None) -> None:
    assert safe_next(path, "/home") == "/home"


@given(st.text(max_size=60))
def test_every_goal_can_be_redirected_to(wanted: str) -> None:
    class App:
        state = type("State", (), {})()

    request = Request({"type": "http", "headers": [], "query_string": b"", "app": App()})
    assert redirect(request, safe_next(wanted, "/home")).status_code == 303


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
    ],
)
def test_failures_are_counted_for_a_host_of_ipv4_and_a_network_of_ipv6(host: str, counted: str) -> None:
    assert address_of(Request({"type": "http", "headers": [], "client": (host, 1)})) == counted
    assert address_of(Request({"type": "http", "headers": []})) is None
