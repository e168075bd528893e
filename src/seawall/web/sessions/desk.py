"""What signing in is made of, given from outside, so that tests can stand in for it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from seawall.errors import SeawallError
from seawall.users import User, Users
from seawall.users.sign_in import DEVICE_DAYS
from seawall.web.sessions.book import SessionBook
from seawall.web.sessions.cookies import Cookie, clear_cookie, read_cookie, set_cookie
from seawall.web.sessions.next_page import safe_next
from seawall.web.sessions.options import SessionOptions

if TYPE_CHECKING:
    from seawall.web.sessions.oidc import Provider

SIGN_IN = "/sign-in"


class SessionsMissing(SeawallError):
    """This server has no sessions; nobody can sign in."""

    code = "no_sessions"


class Sessions:
    """The parts of signing in.

    Args:
        users: Who may.
        options: How, and for how long.
        provider: Single sign-on; None for none.
    """

    def __init__(self, users: Users, options: SessionOptions | None = None, provider: Provider | None = None) -> None:
        self.users = users
        self.options = options or SessionOptions()
        self.provider = provider
        self.book = SessionBook(users, self.options)

    @classmethod
    def from_env(cls, users: Users, env: Mapping[str, str] | None = None) -> Sessions:
        """Return sessions as the environment sets them up.

        Raises:
            UsageError: If it does so only in part.
        """
        from seawall.web.sessions.oidc import OidcSettings, Provider

        options = SessionOptions.from_env(env)
        single = OidcSettings.from_env(env)
        return cls(users, options, Provider(single, options) if single is not None else None)

    def sign_in_path(self, wanted: str) -> str:
        """Return where to sign in, and to go on from there."""
        goal = safe_next(wanted, self.options.home)
        return SIGN_IN if goal == self.options.home else f"{SIGN_IN}?{urlencode({'next': goal})}"

    def device(self, request: Request) -> str | None:
        """Return what a browser shows for having been used before."""
        return read_cookie(request, Cookie.DEVICE, self.options)

    def remember(self, request: Request, user: User) -> str:
        """Remember the browser of somebody who has signed in."""
        return self.users.sign_in.remember_device(user.id, self.device(request))

    def hand_over(self, response: Response, token: str, device: str | None = None) -> Response:
        """Give a browser its session, and what shows that it was used before."""
        set_cookie(response, Cookie.SESSION, token, self.options)
        clear_cookie(response, Cookie.FORM, self.options)
        if device is not None:
            set_cookie(response, Cookie.DEVICE, device, self.options, seconds=DEVICE_DAYS * 86_400)
        return response


def sessions_of(request: Request) -> Sessions:
    """Return the sessions of the server that a request came to.

    Raises:
        SessionsMissing: If it has none.
    """
    found = getattr(request.app.state, "sessions", None)
    if not isinstance(found, Sessions):
        raise SessionsMissing
    return found


def address_of(request: Request) -> str | None:
    """Return the address that failures are counted for: of IPv6 the network, since a host has all of one."""
    if request.client is None:
        return None
    try:
        address = ipaddress.ip_address(request.client.host.partition("%")[0])
    except ValueError:
        return request.client.host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
