"""The guard: prompts, uploads, outputs and fine-tuning jobs are checked before anything is generated or shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seawall.deploy.guard.contract import Checks, Media, Release, TextStream
    from seawall.deploy.guard.errors import GuardBusy, GuardUnavailable, RequestConflict
    from seawall.deploy.guard.health import Problem
    from seawall.deploy.guard.opening import Parts, open_guard
    from seawall.deploy.guard.options import GuardOptions
    from seawall.deploy.guard.service import Guard

_PLACES = {
    "Checks": "contract",
    "Guard": "service",
    "GuardBusy": "errors",
    "GuardOptions": "options",
    "GuardUnavailable": "errors",
    "Media": "contract",
    "Parts": "opening",
    "Problem": "health",
    "Release": "contract",
    "RequestConflict": "errors",
    "TextStream": "contract",
    "open_guard": "opening",
}

__all__ = [
    "Checks",
    "Guard",
    "GuardBusy",
    "GuardOptions",
    "GuardUnavailable",
    "Media",
    "Parts",
    "Problem",
    "Release",
    "RequestConflict",
    "TextStream",
    "open_guard",
]


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
