"""Values made inert in Markdown: whatever a name holds, it stays text in its cell."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from seawall.develop.dataset.report.text import visible

_SPECIAL = "\\`*_{}[]#!|~"
_OPENING = re.compile(r"^([0-9]{1,9}(?=[.)](?:\s|$))|(?=[-+=]))(.)")
"""What would begin a list or a rule at the start of a line."""


def markdown(value: Any, limit: int = 500) -> Markup:
    """Return a value as one line of Markdown text: characters shown, marks and HTML escaped.

    Already safe markup is left as it is.
    """
    if isinstance(value, Markup):
        return value
    shown = str(escape(visible(value, limit)))
    quiet = "".join(f"\\{each}" if each in _SPECIAL else each for each in _entities_aside(shown))
    opened = _OPENING.sub(r"\1\\\2", quiet)
    indent = len(opened) - len(opened.lstrip(" "))
    return Markup("&#32;" * indent + _unlinked(opened[indent:]))  # noqa: S704  escaped above


def _entities_aside(text: str) -> str:
    """Write the numeric entities that escaping makes as named ones, which hold no `#` to escape again."""
    return text.replace("&#39;", "&apos;").replace("&#34;", "&quot;")


def _unlinked(text: str) -> str:
    """Break what renderers turn into links by themselves."""
    return text.replace("://", ":&#47;&#47;").replace("www.", "www&#46;").replace("@", "&#64;")
