"""The scan: find known content in a dataset, exactly, and record what was done."""

from seawall.develop.dataset.scan.driver import Progress, ScanOptions, scan
from seawall.develop.dataset.scan.facts import Summary

__all__ = ["Progress", "ScanOptions", "Summary", "scan"]
