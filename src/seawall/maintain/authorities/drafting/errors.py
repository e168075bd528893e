"""What keeps a report from being drafted."""

from __future__ import annotations

from seawall.errors import SeawallError


class NothingReportable(SeawallError):
    """Nothing of a case can be in a report to an authority."""

    code = "nothing_reportable"
