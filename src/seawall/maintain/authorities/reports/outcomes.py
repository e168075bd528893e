"""What follows from how far a filing has come: a receipt, a person's turn, or the end of what does not stand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seawall.clock import to_iso
from seawall.maintain.authorities.filing import Answered, Event, Phase, Standing
from seawall.maintain.authorities.reports import _rows, approving, drafts, pausing, receipts
from seawall.maintain.authorities.reports._rows import Row
from seawall.maintain.authorities.reports.model import ReportState
from seawall.store.ids import new_id
from seawall.store.tables import report, report_step

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.maintain.authorities.reports.book import Reports
    from seawall.maintain.authorities.reports.leases import Leases

_TURNS = {
    Phase.NEEDS_REPAIR: ReportState.NEEDS_REPAIR,
    Phase.PAUSED: ReportState.PAUSED,
    Phase.STOPPED: ReportState.STOPPED,
}


def settle(
    reports: Reports, leases: Leases, connection: Connection, held: Row, standing: Standing, *, wanted: bool
) -> bool:
    """Write down what follows, in the caller's transaction; return whether nothing is called next.

    Args:
        reports: The book.
        leases: Hold the report.
        connection: The caller's transaction.
        held: The report.
        standing: How far its filing has come.
        wanted: Whether it is approved as it is.
    """
    if standing.phase is Phase.FILED:
        receipts.received(reports, connection, held, str(standing.report_id), complete=standing.complete)
        return True
    if standing.phase in _TURNS:
        _person(reports, leases, connection, held, standing)
        return True
    if standing.phase is Phase.READY and not wanted:
        _rest(reports, leases, connection, held)
        return True
    return False


def of_its_own(connection: Connection, held: Row, event: Event) -> Event:
    """Return an answer without the id of a report if that is another report's: then nobody knows which one is meant."""
    if not isinstance(event, Answered) or event.report_id is None:
        return event
    others = report.select().where(
        report.c.id == report_step.c.report_id,
        report.c.authority == held["authority"],
        report.c.environment == held["environment"],
        report.c.id != held["id"],
    )
    wanted = report_step.select().where(report_step.c.remote_report == event.report_id, others.exists()).limit(1)
    return replace(event, report_id=None) if connection.execute(wanted).first() is not None else event


def _person(reports: Reports, leases: Leases, connection: Connection, held: Row, standing: Standing) -> None:
    state = _TURNS[standing.phase]
    leases.release(connection, held, state=state.value, why=standing.why, due_at=None)
    if standing.phase is Phase.PAUSED:
        pausing.pause(reports, connection, held["authority"], held["environment"], standing.why or "not_let_in")
    elif standing.phase is Phase.NEEDS_REPAIR and pausing.drifted(connection, held["authority"], held["environment"]):
        pausing.pause(reports, connection, held["authority"], held["environment"], "drift")
    body = {"report": held["id"], "case": held["case_id"], "state": state.value, "why": standing.why}
    reports.ledger.record(connection, "report.stopped", f"report/{held['id']}/stopped/{new_id()}", body)


def _rest(reports: Reports, leases: Leases, connection: Connection, held: Row) -> None:
    """Let a report rest that is not wanted as it is, and of which nothing is open."""
    if not _rows.draft_stands(connection, held["draft_id"]):
        leases.release(connection, held)
        drafts.withdrawn(reports, connection, held)
        return
    moment = approving.due_at(_rows.approvals(connection, held), reports.options.ncmec.approval)
    if moment is not None:
        leases.release(connection, held, state=ReportState.APPROVED.value, due_at=to_iso(moment))
    else:
        leases.release(connection, held, state=ReportState.DRAFT.value, why="taken_back", due_at=None)
