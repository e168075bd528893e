"""What can go wrong with reports. Messages name paths and rules; never what a report says."""

from __future__ import annotations

from seawall.errors import SeawallError


class ReportInvalid(SeawallError):
    """A report is not what the authority takes."""

    code = "report_invalid"
    hint = "'seawall reports lint' names every place"


class DocumentUnreadable(SeawallError):
    """A document is no XML that can be read."""

    code = "report_unreadable"
