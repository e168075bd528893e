"""Pages for people who have signed in: each says which permissions it takes, or it cannot be added to a server.

`signed_in` checks before the page's function runs: the session, the permissions, and for whatever changes something
that it comes from a page of the same session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from seawall.users import Permission, User
from seawall.web.pages import redirect
from seawall.web.route import Access
from seawall.web.sessions.book import Session, Stage
from seawall.web.sessions.cookies import Cookie, form_token, read_cookie
from seawall.web.sessions.desk import Sessions, sessions_of
from seawall.web.sessions.errors import NotAllowed, SignedOut
from seawall.web.sessions.next_page import here
from seawall.web.sessions.origin import SAFE, expect_here, expect_own_page, with_token

Page = Callable[..., Awaitable[Response]]
_KEY = "seawall_signed_in"


@dataclass(frozen=True, slots=True)
class SessionAccess(Access):
    """That a page is for people who have signed in.

    Attributes:
        permissions: All of which they must have.
    """

    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks.

    Attributes:
        user: The person.
        session: Their session.
        csrf: What every form of a page of theirs carries in a hidden field `csrf`; scripts send it as `x-seawall-csrf`.
        permissions: What they may do at this moment.
    """

    user: User
    session: Session
    csrf: str
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        """Whether they may do something."""
        return permission in self.permissions


def signed_in(*permissions: Permission, permission: Permission | None = None) -> Callable[[Page], Page]:
    """Declare that a page is for people who have signed in.

    Args:
        permissions: All of which they must have; none for pages about themselves.
        permission: One more, for those who like to name it.
    """
    needed = (*permissions, permission) if permission is not None else permissions

    def declare(endpoint: Page) -> Page:
        @wraps(endpoint)
        async def page(request: Request, **values: Any) -> Response:
            sessions = sessions_of(request)
            expect_here(request, sessions.options)
            found = await run_in_threadpool(who, request, sessions)
            if found is None:
                if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
                    return redirect(request, sessions.sign_in_path(here(request)))
                raise SignedOut
            if request.method not in SAFE:
                expect_own_page(request, sessions.options)
                request = await with_token(request, found.csrf)
            if any(each not in found.permissions for each in needed):
                raise NotAllowed
            request.scope[_KEY] = found
            return await endpoint(request, **values)

        page.__dict__["seawall_access"] = SessionAccess(None, None, needed)
        return page

    return declare


def current(request: Request) -> SignedIn:
    """Return who asks.

    Raises:
        SignedOut: If the page was not declared to be for people who have signed in.
    """
    found = request.scope.get(_KEY)
    if not isinstance(found, SignedIn):
        raise SignedOut
    return found


def who(request: Request, sessions: Sessions, stage: Stage = Stage.FULL) -> SignedIn | None:
    """Return who asks; None if there is no session of that stage."""
    token = read_cookie(request, Cookie.SESSION, sessions.options)
    found = sessions.book.find(token) if token is not None else None
    if token is None or found is None or found[0].stage is not stage:
        return None
    session, user = found
    allowed = sessions.users.permissions(user) if stage is Stage.FULL else frozenset[Permission]()
    return SignedIn(user, session, form_token(token), allowed)
