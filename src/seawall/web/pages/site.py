"""What all pages of a server share: templates, words, static files. One for each server, made when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from starlette.requests import Request
from starlette.responses import Response

from seawall.web.errors import UnknownPath
from seawall.web.pages.languages import Wording
from seawall.web.pages.routes import add_page
from seawall.web.pages.static_files import PREFIX, StaticFiles
from seawall.web.route import anybody


@dataclass(frozen=True, slots=True)
class Site:
    """Templates, words and static files.

    Attributes:
        templates: The template environment.
        wording: The words.
        static: The static files.
    """

    templates: Environment
    wording: Wording
    static: StaticFiles


class _Features(BaseLoader):
    """Finds `feature/name.html` in the `templates` of a feature, and `name.html` in those that all pages share."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Any]:
        feature, slash, name = template.rpartition("/")
        if not name or ".." in template or (slash and not feature.isidentifier()):
            raise TemplateNotFound(template)
        file = files("seawall.web") / (feature or "pages") / "templates" / name
        if not file.is_file():
            raise TemplateNotFound(template)
        return file.read_text("utf-8"), None, lambda: True


@cache
def make_site() -> Site:
    """Return the site of this version of seawall; its files are read once in a process."""
    static = StaticFiles()
    templates = Environment(
        loader=_Features(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.globals["asset"] = static.url
    return Site(templates, Wording(), static)


def site_of(request: Request) -> Site:
    """Return the site of the server that a request came to."""
    state = request.app.state
    found = getattr(state, "site", None)
    if not isinstance(found, Site):
        found = state.site = make_site()
    return found


def add_static(app: FastAPI) -> None:
    """Add the static files to a server; adding them again changes nothing."""
    if not isinstance(getattr(app.state, "site", None), Site):
        app.state.site = make_site()
    if all(getattr(route, "path", "") != _PATH for route in app.routes):
        add_page(app, ["GET"], _PATH, _static)


_PATH = f"{PREFIX}{{path:path}}"


@anybody
async def _static(request: Request, path: str) -> Response:
    file = site_of(request).static.get(path)
    if file is None:
        raise UnknownPath
    response = Response(file.body, media_type=file.media_type)
    response.headers["cache-control"] = "public, max-age=31536000, immutable"
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["cross-origin-resource-policy"] = "same-origin"
    # A picture that is opened by itself is a document of its own.
    response.headers["content-security-policy"] = "default-src 'none'"
    return response
