"""The scan: find known content in a dataset, exactly, and record what was done.

Names are imported when they are first used: a worker process needs `process` alone, not the ledger or the report.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seawall.develop.dataset.scan.driver import ScanOptions, scan
    from seawall.develop.dataset.scan.facts import Summary
    from seawall.develop.dataset.scan.run import Progress

__all__ = ["Progress", "ScanOptions", "Summary", "scan"]

_HOMES = {"Progress": "run", "ScanOptions": "driver", "Summary": "facts", "scan": "driver"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
