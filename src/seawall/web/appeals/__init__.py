"""Appeals and statements over the web: an API, and pages for everybody who has a receipt."""

from __future__ import annotations

from seawall.web.appeals.api import add_appeals
from seawall.web.appeals.pages import add_appeal_pages

__all__ = ["add_appeal_pages", "add_appeals"]
