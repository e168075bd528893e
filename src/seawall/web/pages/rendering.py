"""Making a page: a template, its values, the words of the reader's language, and the headers of every page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from seawall.web.pages.headers import secure
from seawall.web.pages.languages import Language
from seawall.web.pages.site import site_of

HTML = "text/html; charset=utf-8"


def render(
    request: Request,
    name: str,
    status: int = 200,
    *,
    frame_ancestors: Sequence[str] = (),
    media: bool = False,
    **values: Any,
) -> Response:
    """Return a page.

    Templates know, besides `values`: `t(key, ...)` for words, `language`, `languages`, `path`, `href(path)` which
    keeps the language that was chosen by hand, and `asset(name)`.

    Args:
        request: What is answered.
        name: `feature/name.html`, or `name.html` of those that all pages share.
        status: HTTP status.
        frame_ancestors: Origins that may show the page in a frame.
        media: Whether it has a player of what this server keeps.
        values: What the template shows.
    """
    site = site_of(request)
    language = site.wording.choose(request)
    chosen = request.query_params.get("lang")
    text = site.templates.get_template(name).render(
        t=site.wording.speaker(language),
        language=language,
        languages=tuple(site.wording.languages.values()),
        path=request.url.path,
        href=lambda path, **query: _href(path, language if chosen else None, query),
        **values,
    )
    return secure(Response(text.encode(), status, media_type=HTML), frame_ancestors=frame_ancestors, media=media)


def redirect(request: Request, path: str, status: int = 303) -> Response:
    """Return an answer that leads to another page of this server; the language that was chosen by hand is kept.

    Raises:
        ValueError: If it is not a path of this server.
    """
    if not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(each) < 0x21 for each in path):
        raise ValueError("a redirect leads to a path of this server")
    language = site_of(request).wording.choose(request) if request.query_params.get("lang") else None
    return secure(Response(b"", status, {"location": _href(path, language, {})}))


def asset(request: Request, name: str) -> str:
    """Return the address of a static file."""
    return site_of(request).static.url(name)


def _href(path: str, language: Language | None, query: dict[str, Any]) -> str:
    pairs = {name: value for name, value in query.items() if value is not None}
    if language is not None:
        pairs.setdefault("lang", language.code)
    if not pairs:
        return path
    base, hash_mark, fragment = path.partition("#")
    return f"{base}{'&' if '?' in base else '?'}{urlencode(pairs)}{hash_mark}{fragment}"
