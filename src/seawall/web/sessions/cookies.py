"""The cookies of sessions: random, for this host alone, out of reach of scripts. Read strictly: one value, or none."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from seawall.web.sessions.options import SessionOptions

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_MOST_BYTES = 16 * 1024


class Cookie(StrEnum):
    """What a cookie is for; over https its name starts with `__Host-`."""

    SESSION = "seawall_session"
    FORM = "seawall_form"
    """Binds the form of signing in to a browser, while there is no session."""
    DEVICE = "seawall_device"
    """Says that somebody signed in from this browser before."""
    FLOW = "seawall_flow"
    """Binds a single sign-on to a browser until it comes back from the other site."""


def new_token() -> str:
    """Return 256 random bits, as a cookie carries them."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def derive(token: str, purpose: str) -> str:
    """Return what follows from a token for a purpose, and leads nobody back to it."""
    return hmac.digest(token.encode(), purpose.encode(), hashlib.sha256).hex()


def form_token(token: str) -> str:
    """Return what forms carry to show that they come from a page of the same session."""
    return derive(token, "form")


def name_of(cookie: Cookie, options: SessionOptions) -> str:
    """Return the name of a cookie."""
    return f"__Host-{cookie}" if options.secure else cookie.value


def read_cookie(request: Request, cookie: Cookie, options: SessionOptions) -> str | None:
    """Return the token in a cookie; None if there is none, or not exactly one, or it is in no form of ours."""
    wanted = name_of(cookie, options)
    found: set[str] = set()
    read = 0
    for header, value in request.scope["headers"]:
        if header != b"cookie":
            continue
        read += len(value)
        if read > _MOST_BYTES:
            return None
        for pair in value.decode("latin-1").split(";"):
            name, _, token = pair.strip(" \t").partition("=")
            if name == wanted:
                found.add(token)
    if len(found) != 1:
        return None
    token = found.pop()
    return token if _TOKEN.fullmatch(token) else None


def set_cookie(
    response: Response, cookie: Cookie, token: str, options: SessionOptions, *, seconds: int | None = None
) -> None:
    """Give a browser a token.

    Args:
        response: The answer.
        cookie: Which.
        token: The token.
        options: Say whether it is for https.
        seconds: How long it is kept; None for as long as the browser is open.
    """
    response.set_cookie(
        name_of(cookie, options),
        token,
        max_age=seconds,
        path="/",
        secure=options.secure,
        httponly=True,
        # The way back from another site is no visit of this one: only a lax cookie comes along.
        samesite="lax" if cookie is Cookie.FLOW else "strict",
    )


def clear_cookie(response: Response, cookie: Cookie, options: SessionOptions) -> None:
    """Take a token from a browser."""
    set_cookie(response, cookie, "", options, seconds=0)
