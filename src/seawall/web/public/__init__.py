"""The public report form: no account, no name where a child is concerned, no file, and no script needed."""

from __future__ import annotations

from seawall.web.public.routes import add_public

__all__ = ["add_public"]
