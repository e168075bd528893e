"""The page that tells a person that something went wrong: what to do now, and never what was sent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from seawall.web.pages.rendering import render

_KNOWN = {401: "signed_out", 403: "refused", 404: "missing", 405: "missing", 413: "large", 415: "media", 429: "often"}


def problem_page(request: Request, status: int) -> Response:
    """Return the page for a status."""
    kind = _KNOWN.get(status, "broken" if status >= 500 else "unreadable")
    return render(request, "problem.html", status, kind=kind)
