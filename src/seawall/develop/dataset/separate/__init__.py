"""Separation: each item of a dataset, and each group of near-duplicates, in exactly one partition, with an attestation.

It is the scan, and one step more: what no list knows is shown to detectors, and the joint rule says which items may
be in a training set together. Names are imported when they are first used: a worker process needs `process` alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seawall.develop.dataset.separate.driver import SeparateOptions, separate

__all__ = ["SeparateOptions", "separate"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.driver"), name)
