"""What can go wrong with a report that is drafted, approved or filed."""

from __future__ import annotations

from seawall.errors import SeawallError


class ReportError(SeawallError):
    """This cannot be done with a report as it is."""

    code = "report"


class ApprovalRefused(ReportError):
    """An approval does not count: of the same person, of other documents, or of what is not ready."""

    code = "approval_refused"


class ReportBusy(ReportError):
    """A report is being filed at this moment."""

    code = "report_busy"
    hint = "try again in a few minutes; a process that died is waited for as long"
