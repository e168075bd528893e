"""Whether a request comes from a page of ours: what the browser says of it, and the token that our pages carry.

Either alone would do in a browser of today; a form must pass both.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import Message

from seawall.web.body import media_type, read
from seawall.web.pages.fields import SIGNED_BYTES, URLENCODED, parse_fields
from seawall.web.route import expect_local
from seawall.web.sessions.errors import ForeignForm
from seawall.web.sessions.options import SessionOptions

FIELD = "csrf"
HEADER = "x-seawall-csrf"
SAFE = frozenset({"GET", "HEAD"})


def expect_here(request: Request, options: SessionOptions) -> None:
    """Refuse a request that was meant for another name of this machine.

    Raises:
        HostRefused: If there is no base URL, and it was not meant for this machine.
    """
    if options.base_url is None:
        expect_local(request.scope)


def expect_own_page(request: Request, options: SessionOptions) -> None:
    """Refuse what a page of another site makes its visitors send.

    Raises:
        ForeignForm: If the browser says that it comes from elsewhere.
    """
    site = request.headers.getlist("sec-fetch-site")
    if any(each not in ("same-origin", "none") for each in site):
        raise ForeignForm
    for origin in request.headers.getlist("origin"):
        # Pages that tell no referrer, as ours, tell no origin either: then the token alone speaks for them.
        if origin != "null" and origin.lower() != _own(request, options):
            raise ForeignForm


async def with_token(request: Request, token: str, *, most: int = SIGNED_BYTES) -> Request:
    """Return a request whose form, or header, carries the token; its body can be read from the start.

    Args:
        request: The request.
        token: What it must carry.
        most: Largest form in bytes.

    Raises:
        ForeignForm: If it does not.
        HttpProblem: If its body cannot be read.
    """
    sent = request.headers.getlist(HEADER)
    if sent:
        if len(sent) != 1 or not _same(sent[0], token):
            raise ForeignForm
        return request
    if media_type(request) != URLENCODED:
        raise ForeignForm
    body = await read(request, request.app.state.parts.limits, most)
    if not _same(parse_fields(body).get(FIELD), token):
        raise ForeignForm
    return _again(request, body)


def _again(request: Request, body: bytes) -> Request:
    first = True

    async def receive() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await request.receive()

    return Request(request.scope, receive)


def _own(request: Request, options: SessionOptions) -> str:
    if options.base_url is not None:
        return options.base_url.lower()
    host = urlsplit(f"//{request.headers.get('host', '')}").netloc.lower()
    return f"http://{host}"


def _same(sent: str, token: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), token.encode())
