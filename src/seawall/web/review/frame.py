"""The frame of the console's pages: who is signed in, what was just done, and the words of their language."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from seawall.users import Permission
from seawall.web.pages import redirect, render, site_of
from seawall.web.review.views import Words
from seawall.web.sessions import current

HOME = "/review"
_TOLD = frozenset(
    (
        "saved",
        "second",
        "disagrees",
        "escalated",
        "lost",
        "nothing",
        "lighter",
        "skip",
        "hold",
        "escalate",
        "stop",
        "assigned",
        "appeal",
    )
)


def page(request: Request, name: str, here: str, status: int = 200, **values: Any) -> Response:
    """Return a page of the console.

    Args:
        request: What is answered.
        name: Of the template.
        here: Which place of the navigation it is.
        status: HTTP status.
        values: What the template shows.
    """
    me = current(request)
    return render(
        request,
        f"review/{name}.html",
        status,
        here=here,
        user=me.user,
        csrf=me.csrf,
        may_lead=me.may(Permission.SEE_AGGREGATES),
        may_report=me.may(Permission.OPEN_EVIDENCE),
        **values,
    )


def words(request: Request) -> Words:
    """Return the words of the reader's language, plain: the page escapes them."""
    wording = site_of(request).wording
    language = wording.choose(request)
    return lambda key, **values: wording.say(language, key, **values)


def told(request: Request) -> list[str]:
    """Return what was just done, in words."""
    said = request.query_params.get("told", "")
    return [words(request)(f"review.told.{said}")] if said in _TOLD else []


def go(request: Request, path: str, told: str | None = None) -> Response:
    """Lead to another page of the console, and say there what was done."""
    return redirect(request, f"{path}?told={told}" if told is not None else path)


def leads(request: Request) -> bool:
    """Whether the person leads: gets escalations and appeals."""
    return current(request).may(Permission.DECIDE_APPEALS)
