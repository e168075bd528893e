"""From proof to session: a new id at every step, and a code in between for those who have a second factor."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.users import User
from seawall.web.pages import redirect
from seawall.web.sessions.book import Stage
from seawall.web.sessions.cookies import Cookie, read_cookie
from seawall.web.sessions.desk import SIGN_IN, Sessions

CODE = "/sign-in/code"


async def enter(request: Request, sessions: Sessions, user: User, goal: str, *, how: str) -> Response:
    """Let somebody in who proved who they are; if they have a second factor, it is asked first.

    Args:
        request: What is answered.
        sessions: Who may sign in, and how.
        user: Who.
        goal: Where to after that.
        how: By what they proved it.
    """
    if not user.second_factor:
        return await full(request, sessions, user, goal, how=how)
    before = read_cookie(request, Cookie.SESSION, sessions.options)
    token, _ = await run_in_threadpool(sessions.book.open, user, Stage.FACTOR, how=how, instead=before)
    path = sessions.sign_in_path(goal).replace(SIGN_IN, CODE, 1)
    return sessions.hand_over(redirect(request, path), token)


async def full(request: Request, sessions: Sessions, user: User, goal: str, *, how: str) -> Response:
    """Let somebody in who proved all that is asked; whatever session the browser had ends.

    Args:
        request: What is answered.
        sessions: Who may sign in, and how.
        user: Who.
        goal: Where to after that.
        how: By what they proved it.
    """
    before = read_cookie(request, Cookie.SESSION, sessions.options)
    token, _ = await run_in_threadpool(sessions.book.open, user, Stage.FULL, how=how, instead=before)
    device = await run_in_threadpool(sessions.remember, request, user)
    return sessions.hand_over(redirect(request, goal), token, device)
