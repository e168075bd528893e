"""A single sign-on on loopback that keeps to the rules, and can be told to break each of them."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

CLIENT, SECRET = "seawall-test", "the client's own secret"


@dataclass
class Issuer:
    """What it knows, and how it lies."""

    address: str = ""
    subject: str = "subject-1"
    now: Any = None
    claims: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    configuration: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256"}))
    signs_with: Any = None
    algorithm: str = "ES256"
    token: str | None = None
    token_status: int = 200
    padding: int = 0
    issued: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def agree(self, address: str) -> dict[str, str]:
        """Do what its page does when the person there agrees: return what the browser comes back with."""
        parts = urlsplit(address)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.address}/authorize"
        assert (asked["response_type"], asked["scope"], asked["client_id"]) == ("code", "openid", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.issued)}"
        self.issued[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.address}

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.issued.pop(form.get("code", ""), None)
        if asked is None or authorization != f"Basic {expected}" or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if challenge.rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(self.now().timestamp())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": self.subject,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
        } | self.claims
        claims = {name: value for name, value in claims.items() if name not in self.without}
        header = {"alg": self.algorithm, "kid": "k1"}
        token = self.token or jwt.encode(header, claims, self.signs_with or self.key, algorithms=[self.algorithm])
        return self.token_status, {"access_token": "x", "token_type": "Bearer", "id_token": token}


@contextmanager
def open_issuer(now: Any) -> Iterator[Issuer]:
    """Serve on loopback for the length of a block."""
    issuer = Issuer(now=now)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                told = {
                    "issuer": issuer.address,
                    "authorization_endpoint": f"{issuer.address}/authorize",
                    "token_endpoint": f"{issuer.address}/token",
                    "jwks_uri": f"{issuer.address}/keys",
                    "padding": "x" * issuer.padding,
                }
                self._answer(200, told | issuer.configuration)
            elif self.path == "/keys":
                keys = KeySet([issuer.key]).as_dict(private=False)
                self._answer(200, {"keys": [*keys["keys"], OctKey.generate_key().as_dict(private=True)]})
            elif self.path.startswith("/authorize?"):
                back = urlencode(issuer.agree(f"{issuer.address}{self.path}"))
                there = issuer.issued[f"code-{len(issuer.issued) - 1}"]["redirect_uri"]
                self._send(200, f'<a href="{escape(f"{there}?{back}")}">agree</a>'.encode(), "text/html")
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            issuer.asked.append(self.path)
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*issuer.redeem(form, self.headers.get("authorization", "")))

        def _answer(self, status: int, value: dict[str, Any]) -> None:
            self._send(status, json.dumps(value).encode(), "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    issuer.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
