"""Single sign-on: only linked people come in, and no answer that is out of order, forged or old does."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from seawall.errors import UsageError
from seawall.users import Role, codes
from seawall.web.sessions import SessionOptions, Sessions
from seawall.web.sessions.oidc import OidcSettings, Provider
from tests.web.sign_in_browser import LOCAL, Browser, House, open_house
from tests.web.sign_in_issuer import CLIENT, SECRET, Issuer, open_issuer

BASE = "https://review.example"


class Now:
    """The clock of the house, which is made later."""

    def __init__(self) -> None:
        self.house: House | None = None

    def __call__(self) -> Any:
        assert self.house is not None
        return self.house.moment()


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def issuer(now: Now) -> Iterator[Issuer]:
    with open_issuer(now) as opened:
        yield opened


@pytest.fixture
def options(request: pytest.FixtureRequest) -> SessionOptions:
    return SessionOptions(getattr(request, "param", BASE))


BOTH = pytest.mark.parametrize("options", [None, BASE], indirect=True)


@pytest.fixture
def house(
    server: Any, migrated_sqlite: Path, tmp_path: Path, issuer: Issuer, now: Now, options: SessionOptions
) -> Iterator[House]:
    provider = Provider(OidcSettings(issuer.address, CLIENT, SECRET), options, clock=now)
    with open_house(server, migrated_sqlite, tmp_path, options=options, provider=provider) as opened:
        now.house = opened
        opened.users.add("rhea", Role.REVIEWER, subject=(issuer.address, "subject-1"))
        yield opened
    provider.close()


@pytest.fixture
def browser(house: House) -> Browser:
    return house.browser(house.sessions.options.base_url or LOCAL)


def there_and_back(browser: Browser, issuer: Issuer, **changed: str) -> httpx.Response:
    away = browser.get("/sign-in/oidc?next=/account%3Fdone%3Dglass")
    assert away.status_code == 302
    back = issuer.agree(away.headers["location"]) | changed
    return browser.get(f"/sign-in/oidc/back?{urlencode(back)}", cross_site=True)


@BOTH
def test_somebody_who_is_linked_comes_in(house: House, browser: Browser, issuer: Issuer) -> None:
    assert 'href="/sign-in/oidc?next=%2Faccount"' in browser.get("/sign-in").text
    page = there_and_back(browser, issuer)
    assert page.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/account?done=glass">' in page.text
    assert "rhea" in browser.get("/account").text
    assert not any(name.endswith("flow") for name in browser.cookies)
    assert "Change your password" not in browser.page


def test_whoever_is_not_linked_stays_out_and_nobody_is_added(house: House, browser: Browser, issuer: Issuer) -> None:
    before = house.users.all()
    issuer.subject = "subject-2"
    issuer.claims = {"email": "ada@host.example", "preferred_username": "ada", "groups": ["admin"]}
    answer = there_and_back(browser, issuer)
    assert answer.status_code == 401
    assert browser.session is None
    assert house.users.all() == before
    issuer.subject, issuer.claims = "subject-1", {}
    house.users.disable(house.users.by_name("rhea").id)
    assert there_and_back(browser, issuer).text.count("<h1>") == 1
    assert browser.session is None


def test_a_second_factor_is_asked_after_single_sign_on_too(house: House, browser: Browser, issuer: Issuer) -> None:
    rhea = house.users.by_name("rhea")
    shown = house.users.enrol_totp(rhea.id).secret
    secret = base64.b32decode(shown)
    house.users.confirm_totp(rhea.id, codes.code_at(secret, codes.step_at(house.moment())))
    house.moment.pass_by(seconds=60)
    page = there_and_back(browser, issuer)
    assert "url=/sign-in/code?next=" in page.text
    assert browser.get("/account").status_code == 303
    browser.get("/sign-in/code")
    typed = codes.code_at(secret, codes.step_at(house.moment()))
    assert browser.post("/sign-in/code", {"code": typed}).status_code == 303
    assert browser.get("/account").status_code == 200


def test_an_answer_counts_once_and_in_its_browser_alone(house: House, browser: Browser, issuer: Issuer) -> None:
    away = browser.get("/sign-in/oidc")
    back = f"/sign-in/oidc/back?{urlencode(issuer.agree(away.headers['location']))}"
    flow = dict(browser.cookies)
    assert house.browser(browser.base).get(back, cross_site=True).status_code == 401
    stranger = house.browser(browser.base)
    stranger.get("/sign-in/oidc")
    assert stranger.get(back, cross_site=True).status_code == 401
    assert browser.get(back, cross_site=True).status_code == 200
    browser.cookies = flow
    browser.lax = set(flow)
    assert browser.get(back, cross_site=True).status_code == 401


def test_a_way_back_that_takes_too_long_is_closed(house: House, browser: Browser, issuer: Issuer) -> None:
    away = browser.get("/sign-in/oidc")
    back = urlencode(issuer.agree(away.headers["location"]))
    house.moment.pass_by(minutes=10)
    assert browser.get(f"/sign-in/oidc/back?{back}", cross_site=True).status_code == 401
    assert "/token" not in issuer.asked


@pytest.mark.parametrize(
    "changed",
    [{"state": "x"}, {"state": ""}, {"state": "ä"}, {"code": ""}, {"code": "x" * 3000}, {"code": "other"},
     {"iss": "https://other.example"}],
)  # fmt: skip
def test_an_answer_that_was_changed_on_its_way_is_refused(
    house: House, browser: Browser, issuer: Issuer, changed: dict[str, str]
) -> None:
    assert there_and_back(browser, issuer, **changed).status_code == 401
    assert browser.session is None


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": [CLIENT, "another client"]},
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"nonce": "another"},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": 7},
        {"sub": None},
        {"exp": 1},
        {"exp": "later"},
        {"iat": 99999999999},
        {"nbf": 99999999999},
        {"nonce": None},
    ],
)
def test_a_token_that_is_not_for_this_is_refused(
    house: House, browser: Browser, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.claims = claims
    assert there_and_back(browser, issuer).status_code == 401
    assert browser.session is None


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp", "iat", "nonce"])
def test_a_token_that_lacks_something_is_refused(house: House, browser: Browser, issuer: Issuer, claim: str) -> None:
    issuer.without = (claim,)
    assert there_and_back(browser, issuer).status_code == 401


def test_a_token_for_several_that_names_us_is_accepted(house: House, browser: Browser, issuer: Issuer) -> None:
    issuer.claims = {"aud": [CLIENT, "another client"], "azp": CLIENT}
    assert there_and_back(browser, issuer).status_code == 200


def test_a_token_may_be_signed_in_the_usual_way(house: House, browser: Browser, issuer: Issuer) -> None:
    issuer.key, issuer.algorithm = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}), "RS256"
    assert there_and_back(browser, issuer).status_code == 200


def test_a_token_that_another_key_signed_is_refused(house: House, browser: Browser, issuer: Issuer) -> None:
    issuer.signs_with = ECKey.generate_key("P-256", {"kid": "k1"})
    assert there_and_back(browser, issuer).status_code == 401


def test_a_token_by_a_shared_secret_or_by_nobody_is_refused(house: House, browser: Browser, issuer: Issuer) -> None:
    issuer.signs_with, issuer.algorithm = OctKey.import_key(SECRET.encode() * 2), "HS256"
    assert there_and_back(browser, issuer).status_code == 401
    issuer.signs_with, issuer.algorithm = None, "ES256"
    nobody = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for token in ("", "x", "a.b.c", "e30.e30.", f"{nobody}.e30.", "x." * 5000):
        issuer.token = token or " "
        assert there_and_back(browser, issuer).status_code == 401


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://other.example"},
        {"issuer": None},
        {"authorization_endpoint": "http://other.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://host.example/\r\nset-cookie: a=b"},
        {"token_endpoint": "http://other.example/token"},
        {"jwks_uri": "file:///etc/hostname"},
        {"jwks_uri": None},
    ],
)
def test_a_configuration_that_leads_elsewhere_is_refused(
    house: House, browser: Browser, issuer: Issuer, configuration: dict[str, Any]
) -> None:
    issuer.configuration = configuration
    answer = browser.get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "location" not in answer.headers


def test_an_issuer_that_sends_too_much_or_nothing_is_not_waited_for(
    house: House, browser: Browser, issuer: Issuer
) -> None:
    issuer.padding = 300_000
    assert browser.get("/sign-in/oidc").status_code == 503
    issuer.padding = 0
    away = browser.get("/sign-in/oidc")
    issuer.token_status = 500
    back = urlencode(issuer.agree(away.headers["location"]))
    assert browser.get(f"/sign-in/oidc/back?{back}", cross_site=True).status_code == 503


@BOTH
def test_what_is_sent_away_holds_no_secret_and_comes_back_here(house: House, browser: Browser, issuer: Issuer) -> None:
    away = browser.get("/sign-in/oidc?next=https://evil.example").headers["location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}
    assert asked["redirect_uri"] == f"{browser.base}/sign-in/oidc/back"
    assert SECRET not in away
    flow = next(token for name, token in browser.cookies.items() if name.endswith("flow"))
    assert flow not in away
    back = issuer.agree(away)
    page = browser.get(f"/sign-in/oidc/back?{urlencode(back)}", cross_site=True)
    assert "url=/account" in page.text
    assert "evil" not in page.text
    assert SECRET not in repr(OidcSettings("a", "b", SECRET))


def test_another_site_starts_no_sign_in(house: House, browser: Browser) -> None:
    assert browser.get("/sign-in/oidc", cross_site=True).status_code == 403


def test_without_a_provider_there_is_nothing(server: Any, migrated_sqlite: Path, tmp_path: Path) -> None:
    with open_house(server, migrated_sqlite, tmp_path) as house:
        browser = house.browser()
        assert "/sign-in/oidc" not in browser.get("/sign-in").text
        assert browser.get("/sign-in/oidc").status_code == 404
        assert browser.get("/sign-in/oidc/back?code=x").status_code == 404


def test_the_settings_come_whole_or_not_at_all(tmp_path: Path, house: House) -> None:
    file = tmp_path / "client-secret"
    file.write_text(f"{SECRET}\n")
    whole = {
        "SEAWALL_OIDC_ISSUER": "https://issuer.example/realm",
        "SEAWALL_OIDC_CLIENT_ID": CLIENT,
        "SEAWALL_OIDC_CLIENT_SECRET_FILE": str(file),
        "SEAWALL_BASE_URL": BASE,
    }
    assert OidcSettings.from_env({}) is None
    assert OidcSettings.from_env(whole) == OidcSettings("https://issuer.example/realm", CLIENT, SECRET)
    for name in ("SEAWALL_OIDC_ISSUER", "SEAWALL_OIDC_CLIENT_ID", "SEAWALL_OIDC_CLIENT_SECRET_FILE"):
        with pytest.raises(UsageError):
            OidcSettings.from_env({key: value for key, value in whole.items() if key != name})
    for issuer in ("http://issuer.example", "https://", "https://a?b", "https://a b", "issuer"):
        with pytest.raises(UsageError):
            OidcSettings.from_env(whole | {"SEAWALL_OIDC_ISSUER": issuer})
    for content in (b"", b"\n", b"\xff", b"x" * 5000):
        file.write_bytes(content)
        with pytest.raises(UsageError):
            OidcSettings.from_env(whole)
    file.write_text(SECRET)
    provider = Sessions.from_env(house.users, whole).provider
    assert provider is not None
    provider.close()
    with pytest.raises(UsageError, match="SEAWALL_BASE_URL"):
        Sessions.from_env(house.users, {key: value for key, value in whole.items() if key != "SEAWALL_BASE_URL"})
