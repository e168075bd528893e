"""The book of reports: drafted from records, approved by people, filed exactly once, and kept with what came back."""

from seawall.maintain.authorities.reports.book import Reports
from seawall.maintain.authorities.reports.errors import ApprovalRefused, ReportBusy, ReportError
from seawall.maintain.authorities.reports.filer import Filed, Filer
from seawall.maintain.authorities.reports.model import ANSWERS, Approval, Report, ReportState

__all__ = [
    "ANSWERS",
    "Approval",
    "ApprovalRefused",
    "Filed",
    "Filer",
    "Report",
    "ReportBusy",
    "ReportError",
    "ReportState",
    "Reports",
]
