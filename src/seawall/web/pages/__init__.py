"""Pages: templates, styles, words in several languages, and headers that let nothing foreign in.

Every page is made by `render`: escaped, in the reader's language, with a content policy that knows no inline script
and no other host. Each feature of the web keeps its own `templates`, `static` and `catalogues` folder.
"""

from __future__ import annotations

from seawall.web.pages.fields import SIGNED_BYTES, Fields, read_fields
from seawall.web.pages.headers import secure
from seawall.web.pages.languages import Language, Wording
from seawall.web.pages.rendering import asset, redirect, render
from seawall.web.pages.routes import add_page
from seawall.web.pages.site import Site, add_static, site_of

__all__ = [
    "SIGNED_BYTES",
    "Fields",
    "Language",
    "Site",
    "Wording",
    "add_page",
    "add_static",
    "asset",
    "read_fields",
    "redirect",
    "render",
    "secure",
    "site_of",
]
