"""Single sign-on by OpenID Connect: authorization code with PKCE, from one issuer that the operator configures.

Nobody is made a user by it: a subject signs in only if an administrator linked it with a user. What the issuer sends is
bounded, its addresses are https, and redirects are not followed.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]  # it has no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # it has no types
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from seawall.clock import Clock, system_clock
from seawall.errors import ExitCode, SeawallError, UsageError
from seawall.users import SignInRefused
from seawall.web.sessions.options import BASE_URL, SessionOptions

ISSUER, CLIENT_ID, SECRET_FILE = "SEAWALL_OIDC_ISSUER", "SEAWALL_OIDC_CLIENT_ID", "SEAWALL_OIDC_CLIENT_SECRET_FILE"
BACK = "/sign-in/oidc/back"
_ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_ANSWER_BYTES = 256 * 1024
_SECRET_BYTES = 4096
_TIMEOUT = 10.0
_KEEP_SECONDS = 3600.0
_LEEWAY = 60
_SUBJECT = 255


class ProviderUnavailable(SeawallError):
    """The single sign-on cannot be reached, or does not answer as it must."""

    code = "oidc_unavailable"
    hint = "try again in a minute; whoever has a password can sign in with it"
    exit_code = ExitCode.UNEXAMINED


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The client of an issuer.

    Attributes:
        issuer: Its address, exactly as its configuration states it.
        client_id: Who we are to it.
        client_secret: How we show that.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> OidcSettings | None:
        """Read the settings from the environment (default: this process's); None if there are none.

        Raises:
            UsageError: If only some are there, or they cannot be right.
        """
        env = os.environ if env is None else env
        issuer, client, file = (env.get(name, "").strip() for name in (ISSUER, CLIENT_ID, SECRET_FILE))
        if not (issuer or client or file):
            return None
        if not (issuer and client and file):
            raise UsageError(f"single sign-on takes all of {ISSUER}, {CLIENT_ID} and {SECRET_FILE}")
        if not _sound(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
            raise UsageError(f"{ISSUER} is an https address without a query")
        try:
            with Path(file).open("rb") as opened:
                secret = opened.read(_SECRET_BYTES + 1).decode().strip()
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"the file that {SECRET_FILE} names cannot be read") from None
        if not 0 < len(secret) <= _SECRET_BYTES:
            raise UsageError(f"the file that {SECRET_FILE} names holds no secret")
        return cls(issuer, client, secret)


@dataclass(frozen=True, slots=True)
class Flow:
    """One way there and back.

    Attributes:
        state: Comes back with the answer.
        nonce: Comes back in the token.
        verifier: Shows that whoever asked for the code is whoever redeems it.
    """

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class _Known:
    authorization: str
    token: str
    keys: str
    basic: bool
    at: float


class Provider:
    """Asks one issuer. Threads may share one.

    Args:
        settings: The client.
        options: Say where we are.
        clock: Tells the time.
        transport: In the place of the network.
    """

    def __init__(
        self,
        settings: OidcSettings,
        options: SessionOptions,
        *,
        clock: Clock = system_clock,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if options.base_url is None and urlsplit(settings.issuer).hostname not in _LOOPBACK:
            raise UsageError(f"single sign-on needs to know where we are: set {BASE_URL}")
        self._settings = settings
        self._options = options
        self._clock = clock
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=False, transport=transport)
        self._known: _Known | None = None
        self._lock = threading.Lock()

    @property
    def issuer(self) -> str:
        """The issuer."""
        return self._settings.issuer

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def leave(self, flow: Flow, here: str) -> str:
        """Return where to send a browser.

        Args:
            flow: Made for it.
            here: Address of this server, if no base URL is set.

        Raises:
            ProviderUnavailable: If the issuer does not say where.
        """
        uri: str = prepare_grant_uri(
            self._discovered().authorization,
            self._settings.client_id,
            "code",
            redirect_uri=self._back(here),
            scope="openid",
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
        )
        return uri

    def subject(self, flow: Flow, code: str, here: str) -> str:
        """Redeem a code, and return whose it is.

        Args:
            flow: With which the browser left.
            code: With which it came back.
            here: Address of this server, if no base URL is set.

        Raises:
            SignInRefused: If the code or the token is not good.
            ProviderUnavailable: If the issuer does not answer as it must.
        """
        known = self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back(here),
            "code_verifier": flow.verifier,
        }
        auth = None
        if known.basic:
            auth = httpx.BasicAuth(self._settings.client_id, self._settings.client_secret)
        else:
            form |= {"client_id": self._settings.client_id, "client_secret": self._settings.client_secret}
        status, answer = self._ask("POST", known.token, data=form, auth=auth)
        if status in (400, 401, 403):
            raise SignInRefused
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise ProviderUnavailable
        return self._verified(token, flow, known)

    def _verified(self, token: str, flow: Flow, known: _Known) -> str:
        status, keys = self._ask("GET", known.keys)
        if status != 200:
            raise ProviderUnavailable
        rules = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock().timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": flow.nonce},
        )
        try:
            claims = jwt.decode(token, KeySet.import_key_set(_as_keys(keys)), algorithms=list(_ALGORITHMS)).claims
            rules.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise SignInRefused from None
        audience = claims["aud"]
        if "azp" in claims and claims["azp"] != self._settings.client_id:
            raise SignInRefused
        if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
            raise SignInRefused
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT:
            raise SignInRefused
        return subject

    def _discovered(self) -> _Known:
        with self._lock:
            if self._known is not None and time.monotonic() - self._known.at < _KEEP_SECONDS:
                return self._known
        status, told = self._ask("GET", f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        places = [told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        # Another issuer's configuration under this address would send our secret to that one.
        if status != 200 or told.get("issuer") != self._settings.issuer or not all(map(_sound, places)):
            raise ProviderUnavailable
        methods = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = not isinstance(methods, list) or "client_secret_basic" in methods
        known = _Known(str(places[0]), str(places[1]), str(places[2]), basic, time.monotonic())
        with self._lock:
            self._known = known
        return known

    def _ask(
        self, method: str, url: str, *, data: dict[str, str] | None = None, auth: httpx.Auth | None = None
    ) -> tuple[int, dict[str, Any]]:
        body = b""
        try:
            with self._client.stream(
                method, url, data=data, auth=auth, headers={"accept": "application/json"}
            ) as answer:
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > _ANSWER_BYTES:
                        raise ProviderUnavailable
                value = json.loads(body)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
            raise ProviderUnavailable from None
        if not isinstance(value, dict):
            raise ProviderUnavailable
        return answer.status_code, value

    def _back(self, here: str) -> str:
        return f"{self._options.base_url or here}{BACK}"


def _sound(url: object) -> bool:
    if not isinstance(url, str) or any(ord(each) < 0x21 for each in url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and host in _LOOPBACK)


def _as_keys(value: dict[str, Any]) -> Any:
    keys = value.get("keys")
    if not isinstance(keys, list):
        raise ValueError("no keys")
    # A key of a kind that is not known here is no reason to refuse the others.
    return {"keys": [key for key in keys if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")]}
