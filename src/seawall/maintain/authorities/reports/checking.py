"""A last look before a report is opened at the authority: it still says what is on record, and nothing is wrong."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from seawall.maintain.authorities.drafting import NothingReportable
from seawall.maintain.authorities.ncmec.fault import errors
from seawall.maintain.authorities.ncmec.package import Package
from seawall.maintain.authorities.reports import _rows, drafts
from seawall.maintain.authorities.reports._rows import Row
from seawall.maintain.authorities.reports.making import Made, essence_of
from seawall.maintain.authorities.reports.model import ReportState

if TYPE_CHECKING:
    from seawall.maintain.authorities.reports.book import Reports
    from seawall.maintain.authorities.reports.leases import Leases

TOLERANCE = timedelta(minutes=10)
"""A moment that is so little ahead of the clock is waited for, and sent as it is."""


class Checked(StrEnum):
    """What a look showed."""

    RIGHT = "right"
    WAIT = "wait"
    """A moment in it is a little ahead of the clock."""
    CHANGED = "changed"
    """It is no longer what was approved, or cannot be sent: people look at it."""


def before_opening(reports: Reports, leases: Leases, row: Row) -> Checked:
    """Look at a report before it is opened; what is not right any more goes back to people.

    Args:
        reports: The book.
        leases: Hold the report.
        row: The report.
    """
    package = reports.maker.read(row, person="report filing", purpose="a last look before filing")
    if package.preview().digest != row["digest"]:
        _give_up(reports, leases, row, ReportState.STOPPED, "documents_changed")
        return Checked.CHANGED
    try:
        made: Made | None = _made(reports, row, package)
    except NothingReportable:
        made = None
    if made is None or made.essence != essence_of(package):
        with reports.store.begin() as connection:
            held = leases.held(connection, row)
            drafts.edit(reports, connection, held, made)
            leases.release(connection, held)
        return Checked.CHANGED
    now = reports.store.clock()
    if not errors(package.faults(now)):
        return Checked.RIGHT
    if not errors(package.faults(now + TOLERANCE)):
        return Checked.WAIT
    _give_up(reports, leases, row, ReportState.NEEDS_REPAIR, "faults")
    return Checked.CHANGED


def _made(reports: Reports, row: Row, package: Package) -> Made:
    with reports.store.read() as connection:
        answers = _rows.answers(connection, row["id"])
        without = _rows.covered(connection, row["case_id"], row["environment"], before=row["id"])
    prior = [each.text or "" for each in package.report.all("personOrUserReported/priorCTReports")]
    return reports.maker.make(row["case_id"], prior=prior, answers=answers, without=without)


def _give_up(reports: Reports, leases: Leases, row: Row, state: ReportState, why: str) -> None:
    with reports.store.begin() as connection:
        held = leases.held(connection, row)
        leases.release(connection, held, state=state.value, why=why, due_at=None)
