"""Clean: datasets written anew without what was found, signed, and the gate that a training job passes.

Names are imported when they are first used: a training job needs `verify_manifest` alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seawall.develop.dataset.clean.config import MANIFEST, Progress
    from seawall.develop.dataset.clean.driver import clean
    from seawall.develop.dataset.clean.errors import DataChanged, ItemsMissing, PartitionsRefused
    from seawall.develop.dataset.clean.evidence import EvidenceSink
    from seawall.develop.dataset.clean.options import CleanOptions
    from seawall.develop.dataset.clean.verdict import Difference, Differs, Verdict
    from seawall.develop.dataset.clean.verify import verify_manifest

__all__ = [
    "MANIFEST",
    "CleanOptions",
    "DataChanged",
    "Difference",
    "Differs",
    "EvidenceSink",
    "ItemsMissing",
    "PartitionsRefused",
    "Progress",
    "Verdict",
    "clean",
    "verify_manifest",
]

_HOMES = {
    "MANIFEST": "config",
    "CleanOptions": "options",
    "DataChanged": "errors",
    "Difference": "verdict",
    "Differs": "verdict",
    "EvidenceSink": "evidence",
    "ItemsMissing": "errors",
    "PartitionsRefused": "errors",
    "Progress": "config",
    "Verdict": "verdict",
    "clean": "driver",
    "verify_manifest": "verify",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
