"""Where to after signing in: a page of this server, whatever the address says."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.requests import Request

_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@/?%-]{0,999}", re.ASCII)
_NOT = ("/sign-in", "/sign-out")
_ENCODED = re.compile(r"%(?:2f|5c|0[0-9a-f]|1[0-9a-f]|7f)", re.IGNORECASE)


def safe_next(wanted: str | None, home: str) -> str:
    """Return a path of this server.

    Args:
        wanted: As an address or a form says.
        home: What stands in for what is none.
    """
    if wanted is None or not _PATH.fullmatch(wanted) or _ENCODED.search(urlsplit(wanted).path):
        return home
    path = urlsplit(wanted)
    if path.scheme or path.netloc or "//" in path.path or ".." in path.path.split("/"):
        return home
    if any(path.path == each or path.path.startswith(f"{each}/") for each in _NOT):
        return home
    return wanted


def here(request: Request) -> str:
    """Return the path and query of a request."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
