"""The template environment of reports and cards: escaping always on, and an undefined name is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(package: str, filters: dict[str, Callable[..., Any]]) -> Environment:
    """Return an environment over a package's `templates` folder.

    Args:
        package: Dotted name of the package.
        filters: Further filters.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    found.filters.update(filters)
    return found
