"""`/sign-in/oidc`: to the issuer and back. What comes back is bound to the browser that left, and counts once."""

from __future__ import annotations

import hmac
from datetime import timedelta

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.clock import to_iso
from seawall.store.tables import sign_in_flow as table
from seawall.users import SignInRefused, User
from seawall.web.errors import UnknownPath
from seawall.web.pages import add_page, render, secure
from seawall.web.route import anybody
from seawall.web.sessions.cookies import Cookie, clear_cookie, derive, digest, new_token, read_cookie, set_cookie
from seawall.web.sessions.desk import Sessions
from seawall.web.sessions.entering import enter
from seawall.web.sessions.errors import ForeignForm
from seawall.web.sessions.next_page import safe_next
from seawall.web.sessions.oidc import BACK, Flow, Provider
from seawall.web.sessions.origin import expect_here

LEAVE = "/sign-in/oidc"
_MINUTES = 10
_MOST_FLOWS = 10_000
_CODE = 2048


def add_single_sign_on(app: FastAPI, sessions: Sessions) -> None:
    """Add the way there and back; without a provider there is nothing under these paths.

    Args:
        app: The server.
        sessions: Who may sign in, and how.
    """

    @anybody
    async def leave(request: Request) -> Response:
        expect_here(request, sessions.options)
        return await _leave(request, sessions, _provider(sessions))

    @anybody
    async def back(request: Request) -> Response:
        expect_here(request, sessions.options)
        return await _back(request, sessions, _provider(sessions))

    add_page(app, ["GET"], LEAVE, leave)
    add_page(app, ["GET"], BACK, back)


def flow_of(token: str) -> Flow:
    """Return what follows from the cookie of a browser that left."""
    return Flow(derive(token, "state"), derive(token, "nonce"), derive(token, "verifier"))


async def _leave(request: Request, sessions: Sessions, provider: Provider) -> Response:
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise ForeignForm
    token = new_token()
    goal = safe_next(request.query_params.get("next"), sessions.options.home)
    address = await run_in_threadpool(provider.leave, flow_of(token), _here(request))
    await run_in_threadpool(_remember, sessions, token, goal)
    response = secure(Response(b"", 302, {"location": address}))
    set_cookie(response, Cookie.FLOW, token, sessions.options, seconds=_MINUTES * 60)
    return response


async def _back(request: Request, sessions: Sessions, provider: Provider) -> Response:
    token = read_cookie(request, Cookie.FLOW, sessions.options)
    goal = await run_in_threadpool(_take, sessions, token) if token is not None else None
    response: Response | None = None
    if token is not None and goal is not None:
        try:
            user = await _proved(request, sessions, provider, flow_of(token))
        except SignInRefused:
            pass
        else:
            entered = await enter(request, sessions, user, goal, how="oidc")
            # A redirect would still belong to the other site's navigation, and carry no strict cookie.
            response = render(request, "sessions/welcome.html", goal=entered.headers["location"])
            for name, value in entered.raw_headers:
                if name == b"set-cookie":
                    response.raw_headers.append((name, value))
    if response is None:
        response = render(request, "sessions/not_linked.html", 401)
    clear_cookie(response, Cookie.FLOW, sessions.options)
    return response


async def _proved(request: Request, sessions: Sessions, provider: Provider, flow: Flow) -> User:
    asked = request.query_params
    state, code, issuer = (asked.getlist(name) for name in ("state", "code", "iss"))
    if len(state) != 1 or not hmac.compare_digest(state[0].encode(), flow.state.encode()):
        raise SignInRefused
    # RFC 9207: an answer that another issuer gave is none of ours.
    if issuer not in ([], [provider.issuer]) or len(code) != 1 or not 0 < len(code[0]) <= _CODE:
        raise SignInRefused
    subject = await run_in_threadpool(provider.subject, flow, code[0], _here(request))
    return await run_in_threadpool(sessions.users.sign_in.subject, provider.issuer, subject)


def _remember(sessions: Sessions, token: str, goal: str) -> None:
    store = sessions.users.store
    now = store.clock()
    row = {"digest": digest(token), "next": goal, "expires_at": to_iso(now + timedelta(minutes=_MINUTES))}
    with store.begin(alone="sign-in-flows") as connection:
        connection.execute(table.delete().where(table.c.expires_at <= to_iso(now)))
        # Strangers fill a bounded table; the oldest way there is given up for the newest.
        beyond = connection.execute(table.select().order_by(table.c.expires_at.desc()).offset(_MOST_FLOWS - 1)).all()
        for old in beyond:
            connection.execute(table.delete().where(table.c.digest == old.digest))
        connection.execute(table.insert(), row)


def _take(sessions: Sessions, token: str) -> str | None:
    """Return where to go after coming back; a second time there is nothing."""
    now = to_iso(sessions.users.store.clock())
    with sessions.users.store.begin() as connection:
        mine = table.delete().where(table.c.digest == digest(token), table.c.expires_at > now)
        goal: str | None = connection.execute(mine.returning(table.c.next)).scalar()
    return goal


def _provider(sessions: Sessions) -> Provider:
    if sessions.provider is None:
        raise UnknownPath
    return sessions.provider


def _here(request: Request) -> str:
    return f"http://{request.headers.get('host', '')}"
