"""Media, examined: uploads, outputs and attachments by hash lists and detectors, each in bounded memory and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seawall.deploy.guard.media.spool import MediaBudget, MemoryMedia, SpooledMedia

if TYPE_CHECKING:
    from seawall.deploy.guard.media.choice import picture_detectors
    from seawall.deploy.guard.media.examiner import MediaExaminer, MediaLimits
    from seawall.deploy.guard.media.pool import DecodePool

__all__ = [
    "DecodePool",
    "MediaBudget",
    "MediaExaminer",
    "MediaLimits",
    "MemoryMedia",
    "SpooledMedia",
    "picture_detectors",
]

_PLACES = {"DecodePool": "pool", "MediaExaminer": "examiner", "MediaLimits": "examiner", "picture_detectors": "choice"}


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
