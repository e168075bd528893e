"""What a person sees after a scan: `report.html`, made from facts alone.

It never holds content, thumbnails or source addresses, needs no network and no script, and says what was not examined
before it says what is fine.
"""

from ._sample import Sample
from ._shapes import ReportDataError
from .data import ReportData
from .steps import Step, next_steps
from .verdict import Outcome, Verdict, verdict
from .write import render_report, write_report

__all__ = [
    "Outcome",
    "ReportData",
    "ReportDataError",
    "Sample",
    "Step",
    "Verdict",
    "next_steps",
    "render_report",
    "verdict",
    "write_report",
]
