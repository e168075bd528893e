"""`/account`: what a person may see and change about themselves. Whatever is grave asks for the password again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.users import MustWait, NotPermitted, PasswordRefused, Permission, SignInRefused, UserProblem
from seawall.users.passwords import checked_password
from seawall.users.roles import GLASS
from seawall.web.pages import Fields, add_page, read_fields, redirect, render
from seawall.web.sessions.access import SignedIn, current, signed_in
from seawall.web.sessions.cookies import Cookie, form_token, read_cookie
from seawall.web.sessions.desk import Sessions, address_of
from seawall.web.sessions.errors import NotAllowed, SignedOut

ACCOUNT = "/account"
_DONE = frozenset({"password", "factor", "sessions", "glass", "glass_ended"})


def add_account(app: FastAPI, sessions: Sessions) -> None:
    """Add the pages.

    Args:
        app: The server.
        sessions: Who may sign in, and how.
    """
    pages = _Account(sessions)

    @signed_in()
    async def show(request: Request) -> Response:
        return await pages.show(request)

    @signed_in()
    async def password(request: Request) -> Response:
        return await pages.password(request)

    @signed_in()
    async def begin_factor(request: Request) -> Response:
        return await pages.begin_factor(request)

    @signed_in()
    async def confirm_factor(request: Request) -> Response:
        return await pages.confirm_factor(request)

    @signed_in()
    async def end_others(request: Request) -> Response:
        return await pages.end_others(request)

    @signed_in()
    async def glass(request: Request) -> Response:
        return await pages.glass(request)

    @signed_in()
    async def end_glass(request: Request) -> Response:
        return await pages.end_glass(request)

    @signed_in(Permission.MANAGE_USERS)
    async def seen(request: Request) -> Response:
        return await pages.seen(request)

    add_page(app, ["GET"], ACCOUNT, show)
    add_page(app, ["POST"], f"{ACCOUNT}/password", password)
    add_page(app, ["POST"], f"{ACCOUNT}/factor", begin_factor)
    add_page(app, ["POST"], f"{ACCOUNT}/factor/confirm", confirm_factor)
    add_page(app, ["POST"], f"{ACCOUNT}/sessions/end", end_others)
    add_page(app, ["POST"], f"{ACCOUNT}/glass", glass)
    add_page(app, ["POST"], f"{ACCOUNT}/glass/end", end_glass)
    add_page(app, ["POST"], f"{ACCOUNT}/seen", seen)


class _Account:
    """Makes the pages.

    Args:
        sessions: Who may sign in, and how.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._users = sessions.users

    async def show(self, request: Request) -> Response:
        """Return the page."""
        done = request.query_params.get("done", "")
        return await self._page(request, done=done if done in _DONE else "")

    async def password(self, request: Request) -> Response:
        """Take a new password."""
        me, fields = current(request), await read_fields(request)
        fresh = _raw(fields, "password")
        problems: dict[str, str] = {}
        if fresh != _raw(fields, "again"):
            problems["again"] = "differ"
        try:
            checked_password(fresh, me.user.name)
        except PasswordRefused:
            problems["password"] = "password"  # noqa: S105 (the name of a message)
        if problems:
            return await self._page(request, 422, problems=problems)
        wrong = await self._again(request, me, fields, "current")
        if wrong is not None:
            return wrong
        users, session = self._users, me.session.id
        await run_in_threadpool(lambda: users.set_password(me.user.id, fresh, me.user.id, session=session))
        return await self._stepped_up(request, lambda _csrf: _done(request, "password"))

    async def begin_factor(self, request: Request) -> Response:
        """Set up a second factor."""
        me, fields = current(request), await read_fields(request)
        wrong = await self._again(request, me, fields, "factor_current")
        if wrong is None and me.user.second_factor:
            wrong = await self._code(request, me, fields)
        if wrong is not None:
            return wrong
        made = await run_in_threadpool(self._users.enrol_totp, me.user.id)
        return render(request, "sessions/factor.html", me=me, csrf=me.csrf, enrolment=made, problem="")

    async def confirm_factor(self, request: Request) -> Response:
        """Take the first code of a second factor; return the recovery codes, once."""
        me, fields = current(request), await read_fields(request)
        users, session = self._users, me.session.id
        made = await run_in_threadpool(users.factors.pending, me.user.id)
        if made is None:
            return redirect(request, ACCOUNT)
        code = fields.get("code")
        try:
            codes = await run_in_threadpool(lambda: users.confirm_totp(me.user.id, code, session=session))
        except SignInRefused:
            return render(request, "sessions/factor.html", 401, me=me, csrf=me.csrf, enrolment=made, problem="wrong")
        return await self._stepped_up(
            request, lambda csrf: render(request, "sessions/recovery.html", me=me, csrf=csrf, codes=codes)
        )

    async def end_others(self, request: Request) -> Response:
        """End all other sessions."""
        me = current(request)
        users, session = self._users, me.session.id
        await run_in_threadpool(lambda: users.end_sessions(me.user.id, me.user.id, but=session))
        return _done(request, "sessions")

    async def glass(self, request: Request) -> Response:
        """Break the glass."""
        me, fields = current(request), await read_fields(request)
        minutes = fields.get("minutes", "60")
        wrong = await self._again(request, me, fields, "glass_current")
        if wrong is not None:
            return wrong
        wanted = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 4 else 0
        try:
            await run_in_threadpool(self._users.break_glass, me.user, fields.get("reason"), wanted)
        except NotPermitted:
            raise NotAllowed from None
        except UserProblem:
            return await self._page(request, 422, problems={"reason": "reason"})
        return await self._stepped_up(request, lambda _csrf: _done(request, "glass"))

    async def end_glass(self, request: Request) -> Response:
        """End it before its time."""
        me = current(request)
        users = self._users
        await run_in_threadpool(lambda: users.glass.end(me.user.id, by=me.user.id))
        return await self._stepped_up(request, lambda _csrf: _done(request, "glass_ended"))

    async def seen(self, request: Request) -> Response:
        """Note that an administrator saw an announcement."""
        me, fields = current(request), await read_fields(request)
        await run_in_threadpool(self._users.glass.seen, me.user.id, fields.get("id")[:32])
        return redirect(request, ACCOUNT)

    async def _page(
        self, request: Request, status: int = 200, *, problems: dict[str, str] | None = None, done: str = ""
    ) -> Response:
        me = current(request)
        values = await run_in_threadpool(self._values, me)
        return render(
            request, "sessions/account.html", status, me=me, csrf=me.csrf, problems=problems or {}, done=done, **values
        )

    def _values(self, me: SignedIn) -> dict[str, Any]:
        users = self._users
        broken = None
        if me.user.role in GLASS:
            with users.store.read() as connection:
                broken = users.glass.broken(connection, me.user.id)
        admin = me.may(Permission.MANAGE_USERS)
        told = users.glass.announcements(me.user.id, unseen=True) if admin else []
        return {
            "all_sessions": self._sessions.book.of(me.user.id),
            "left": users.factors.left(me.user.id) if me.user.second_factor else 0,
            "may_break": me.user.role in GLASS,
            "broken": broken,
            "told": [(each, users.get(each.broken.person)) for each in told],
            "has_password": users.has_password(me.user.id),
        }

    async def _again(self, request: Request, me: SignedIn, fields: Fields, field: str) -> Response | None:
        """Verify the password once more; whoever has none came by single sign-on, and has proved enough."""
        if not await run_in_threadpool(self._users.has_password, me.user.id):
            return None
        verify = self._users.sign_in.again
        address, device = address_of(request), self._sessions.device(request)
        typed = _raw(fields, field)
        return await self._proved(request, field, lambda: verify(me.user.id, typed, address=address, device=device))

    async def _code(self, request: Request, me: SignedIn, fields: Fields) -> Response | None:
        verify = self._users.sign_in.factor
        address, device = address_of(request), self._sessions.device(request)
        typed = fields.get("code")
        return await self._proved(request, "code", lambda: verify(me.user, typed, address=address, device=device))

    async def _proved(self, request: Request, field: str, verify: Callable[[], None]) -> Response | None:
        try:
            await run_in_threadpool(verify)
        except MustWait as wait:
            response = await self._page(request, 429, problems={field: "wait"})
            response.headers["retry-after"] = str(wait.seconds)
            return response
        except SignInRefused:
            return await self._page(request, 401, problems={field: "wrong"})
        return None

    async def _stepped_up(self, request: Request, answer: Callable[[str], Response]) -> Response:
        """Answer with a new id for the session, so that one that was known before is worth nothing."""
        token = read_cookie(request, Cookie.SESSION, self._sessions.options)
        fresh = await run_in_threadpool(self._sessions.book.renew, token) if token is not None else None
        if fresh is None:
            raise SignedOut
        device = await run_in_threadpool(self._sessions.remember, request, current(request).user)
        return self._sessions.hand_over(answer(form_token(fresh)), fresh, device)


def _done(request: Request, what: str) -> Response:
    return redirect(request, f"{ACCOUNT}?done={what}")


def _raw(fields: Fields, name: str) -> str:
    # Spaces around a password are part of it.
    found = fields.all(name)
    return found[0] if found else ""
