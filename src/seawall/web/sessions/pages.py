"""`/sign-in`, `/sign-in/code` and `/sign-out`: the same words for every refusal, and a new session at every step up."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.errors import UsageError
from seawall.users import MustWait, SignInRefused
from seawall.web.pages import Fields, add_page, add_static, read_fields, redirect, render
from seawall.web.parts import Parts
from seawall.web.route import anybody
from seawall.web.sessions.access import signed_in, who
from seawall.web.sessions.account import add_account
from seawall.web.sessions.book import Stage
from seawall.web.sessions.cookies import Cookie, clear_cookie, form_token, new_token, read_cookie, set_cookie
from seawall.web.sessions.desk import SIGN_IN, Sessions, address_of
from seawall.web.sessions.entering import CODE, enter, full
from seawall.web.sessions.errors import ForeignForm
from seawall.web.sessions.next_page import safe_next
from seawall.web.sessions.options import BASE_URL
from seawall.web.sessions.origin import expect_here, expect_own_page, with_token
from seawall.web.sessions.single import add_single_sign_on

OUT = "/sign-out"
_STATUS = {"wrong": 401, "wait": 429, "stale": 403}


def add_sessions(app: FastAPI, parts: Parts, sessions: Sessions) -> None:
    """Add signing in, signing out and the account to a server.

    Args:
        app: The server.
        parts: What it is made of.
        sessions: Who may sign in, and how.

    Raises:
        UsageError: If others reach the server, and it does not know its https address.
    """
    if not parts.loopback and not sessions.options.secure:
        raise UsageError(
            "people sign in over https, or on this machine", hint=f"put a proxy in front, and set {BASE_URL}"
        )
    app.state.sessions = sessions
    pages = _Pages(sessions)

    @anybody
    async def form(request: Request) -> Response:
        expect_here(request, sessions.options)
        return await pages.form(request)

    @anybody
    async def send(request: Request) -> Response:
        expect_here(request, sessions.options)
        expect_own_page(request, sessions.options)
        return await pages.send(request)

    @anybody
    async def code(request: Request) -> Response:
        expect_here(request, sessions.options)
        return await pages.code(request)

    @anybody
    async def send_code(request: Request) -> Response:
        expect_here(request, sessions.options)
        expect_own_page(request, sessions.options)
        return await pages.send_code(request)

    @signed_in()
    async def out(request: Request) -> Response:
        return await pages.out(request)

    add_static(app)
    add_page(app, ["GET"], SIGN_IN, form)
    add_page(app, ["POST"], SIGN_IN, send)
    add_page(app, ["GET"], CODE, code)
    add_page(app, ["POST"], CODE, send_code)
    add_page(app, ["POST"], OUT, out)
    add_account(app, sessions)
    add_single_sign_on(app, sessions)


class _Pages:
    """Makes the pages.

    Args:
        sessions: Who may sign in, and how.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._options = sessions.options

    async def form(self, request: Request) -> Response:
        """Return the form, or lead on whoever is signed in."""
        goal = self._next(request.query_params.get("next"))
        if await run_in_threadpool(who, request, self._sessions) is not None:
            return redirect(request, goal)
        return self._form(request, goal)

    async def send(self, request: Request) -> Response:
        """Take a name and a password."""
        bound = read_cookie(request, Cookie.FORM, self._options)
        if bound is None:
            return self._form(request, self._options.home, problem="stale")
        try:
            fields = await read_fields(await with_token(request, form_token(bound)))
        except ForeignForm:
            return self._form(request, self._options.home, problem="stale")
        goal = self._next(fields.get("next"))
        name, password = fields.get("name"), _raw(fields, "password")
        try:
            user = await run_in_threadpool(
                self._sessions.users.sign_in.password,
                name,
                password,
                address=address_of(request),
                device=self._sessions.device(request),
            )
        except MustWait as wait:
            return self._form(request, goal, name=name, problem="wait", seconds=wait.seconds)
        except SignInRefused:
            return self._form(request, goal, name=name, problem="wrong")
        return await enter(request, self._sessions, user, goal, how="password")

    async def code(self, request: Request) -> Response:
        """Return the form for a code."""
        half = await run_in_threadpool(who, request, self._sessions, Stage.FACTOR)
        goal = self._next(request.query_params.get("next"))
        if half is None:
            return redirect(request, self._sessions.sign_in_path(goal))
        return render(request, "sessions/code.html", csrf=half.csrf, goal=goal, problem="", seconds=0)

    async def send_code(self, request: Request) -> Response:
        """Take a code."""
        half = await run_in_threadpool(who, request, self._sessions, Stage.FACTOR)
        if half is None:
            return redirect(request, SIGN_IN)
        fields = await read_fields(await with_token(request, half.csrf))
        goal = self._next(fields.get("next"))
        problem, seconds = "wrong", 0
        try:
            await run_in_threadpool(
                self._sessions.users.sign_in.factor,
                half.user,
                fields.get("code"),
                address=address_of(request),
                device=self._sessions.device(request),
            )
        except MustWait as wait:
            problem, seconds = "wait", wait.seconds
        except SignInRefused:
            pass
        else:
            return await full(request, self._sessions, half.user, goal, how="code")
        shown = render(
            request,
            "sessions/code.html",
            _STATUS[problem],
            csrf=half.csrf,
            goal=goal,
            problem=problem,
            seconds=seconds,
        )
        return _retry(shown, seconds)

    async def out(self, request: Request) -> Response:
        """End the session."""
        token = read_cookie(request, Cookie.SESSION, self._options)
        if token is not None:
            await run_in_threadpool(self._sessions.book.end, token)
        response = redirect(request, f"{SIGN_IN}?out=1")
        clear_cookie(response, Cookie.SESSION, self._options)
        # What the browser kept of pages goes with the session; that it was used before stays known.
        response.headers["clear-site-data"] = '"cache"'
        return response

    def _form(self, request: Request, goal: str, *, name: str = "", problem: str = "", seconds: int = 0) -> Response:
        bound = read_cookie(request, Cookie.FORM, self._options)
        token = bound or new_token()
        response = render(
            request,
            "sessions/sign_in.html",
            _STATUS.get(problem, 200),
            csrf=form_token(token),
            goal=goal,
            typed=name[:64],
            problem=problem,
            seconds=seconds,
            out="out" in request.query_params,
            single=self._sessions.provider is not None,
        )
        if bound is None:
            set_cookie(response, Cookie.FORM, token, self._options)
        return _retry(response, seconds)

    def _next(self, wanted: str | None) -> str:
        return safe_next(wanted, self._options.home)


def _raw(fields: Fields, name: str) -> str:
    # Spaces around a password are part of it.
    found = fields.all(name)
    return found[0] if found else ""


def _retry(response: Response, seconds: int) -> Response:
    if seconds:
        response.headers["retry-after"] = str(seconds)
    return response
