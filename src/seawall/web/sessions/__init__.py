"""Signing in: server-side sessions, pages for people, single sign-on; every page says who may use it."""

from seawall.web.sessions.access import SessionAccess, SignedIn, current, signed_in
from seawall.web.sessions.book import Session, SessionBook, Stage
from seawall.web.sessions.desk import Sessions, sessions_of
from seawall.web.sessions.errors import NotAllowed, SignedOut
from seawall.web.sessions.options import SessionOptions
from seawall.web.sessions.pages import add_sessions

__all__ = [
    "NotAllowed",
    "Session",
    "SessionAccess",
    "SessionBook",
    "SessionOptions",
    "Sessions",
    "SignedIn",
    "SignedOut",
    "Stage",
    "add_sessions",
    "current",
    "sessions_of",
    "signed_in",
]
