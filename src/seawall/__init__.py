"""seawall: Safety by Design for generative AI, self-hosted.

The public face. Names are imported when they are first used, so that `import seawall` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seawall.deploy.guard import GuardOptions, open_guard
    from seawall.deploy.local import open_local
    from seawall.develop.dataset.clean import CleanOptions, clean, verify_manifest
    from seawall.develop.dataset.match import match
    from seawall.develop.dataset.scan import ScanOptions, scan
    from seawall.develop.dataset.separate import SeparateOptions, separate
    from seawall.hashing.picture import Pdq, pdq
    from seawall.matching.index import DigestTable, HammingIndex

__all__ = [
    "CleanOptions",
    "DigestTable",
    "GuardOptions",
    "HammingIndex",
    "Pdq",
    "ScanOptions",
    "SeparateOptions",
    "clean",
    "match",
    "open_guard",
    "open_local",
    "pdq",
    "scan",
    "separate",
    "verify_manifest",
]

_HOMES = {
    "CleanOptions": "seawall.develop.dataset.clean",
    "DigestTable": "seawall.matching.index",
    "GuardOptions": "seawall.deploy.guard",
    "HammingIndex": "seawall.matching.index",
    "Pdq": "seawall.hashing.picture",
    "ScanOptions": "seawall.develop.dataset.scan",
    "SeparateOptions": "seawall.develop.dataset.separate",
    "clean": "seawall.develop.dataset.clean",
    "match": "seawall.develop.dataset.match",
    "open_guard": "seawall.deploy.guard",
    "open_local": "seawall.deploy.local",
    "pdq": "seawall.hashing.picture",
    "scan": "seawall.develop.dataset.scan",
    "separate": "seawall.develop.dataset.separate",
    "verify_manifest": "seawall.develop.dataset.clean",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'seawall' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
