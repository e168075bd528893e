"""The facts that the report's tests use too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seawall.develop.dataset.report import ReportData


@pytest.fixture
def facts() -> ReportData:
    """A scan with findings, drills, denied sources and items that were not examined."""
    path = Path(__file__).parent.parent / "report" / "report-data.json"
    return ReportData.from_dict(json.loads(path.read_text("utf-8")))


@pytest.fixture
def bare() -> ReportData:
    """A scan of nothing, with no list."""
    summary = dict.fromkeys(("items", "examined", "unexamined", "damaged", "resumed", "findings", "drill"), 0)
    rest = {"abstained": {}, "policy": "ab" * 32, "lists": [], "seconds": 0, "images_per_second": 0, "ledger_root": ""}
    return ReportData(summary=summary | rest)
