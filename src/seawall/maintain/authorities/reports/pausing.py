"""What stops everything towards an authority until a person has looked: we are not let in, or all is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.maintain.authorities.reports import _rows
from seawall.maintain.authorities.reports.model import ReportState
from seawall.store import insert_new
from seawall.store.ids import new_id
from seawall.store.tables import authority_pause, report, report_step

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.maintain.authorities.ncmec.environment import EnvironmentName
    from seawall.maintain.authorities.reports.book import Reports

DRIFT = 3
"""After so many refused reports in a row, it is not the reports that are wrong."""


def pause(reports: Reports, connection: Connection, authority: str, environment: str, why: str) -> None:
    """Stop everything towards an environment of an authority; people are told by the ledger and by status."""
    row = {"authority": authority, "environment": environment, "at": reports.now(), "why": why}
    if insert_new(connection, authority_pause, [row]):
        reports.ledger.record(connection, "authority.paused", f"authority/{authority}/paused/{new_id()}", row)


def paused(connection: Connection, authority: str, environment: str) -> str | None:
    """Return why everything towards an environment is stopped; None if nothing is."""
    table = authority_pause
    wanted = table.select().where(table.c.authority == authority, table.c.environment == environment)
    row = connection.execute(wanted).mappings().first()
    return None if row is None else str(row["why"])


def resume(reports: Reports, authority: str, environment: EnvironmentName, *, person: str) -> int:
    """Go on after a person has looked; return how many reports go on with it.

    Args:
        reports: The book.
        authority: Which.
        environment: Which of its environments.
        person: Who looked.
    """
    table = authority_pause
    mine = (table.c.authority == authority, table.c.environment == environment.value)
    state = ReportState.PAUSED.value
    with reports.store.begin() as connection:
        connection.execute(table.delete().where(*mine))
        waiting = _rows.rows(
            connection,
            report.c.authority == authority,
            report.c.environment == environment.value,
            report.c.state == state,
        )
        for row in waiting:
            reports.resumed(connection, row, person)
            _rows.change(connection, row["id"], state=ReportState.FILING.value, why=None, due_at=reports.now())
        body = {"authority": authority, "environment": environment.value, "person": person, "reports": len(waiting)}
        reports.ledger.record(connection, "authority.resumed", f"authority/{authority}/resumed/{new_id()}", body)
    reports.ledger.append_pending()
    return len(waiting)


def drifted(connection: Connection, authority: str, environment: str) -> bool:
    """Whether the authority refused the last few reports, one after the other: it asks for something else by now."""
    ours = report.select().where(
        report.c.id == report_step.c.report_id,
        report.c.authority == authority,
        report.c.environment == environment,
    )
    wanted = (
        report_step.select()
        .where(report_step.c.kind == "answered", report_step.c.call == "submit", ours.exists())
        .order_by(report_step.c.at.desc(), report_step.c.report_id.desc())
        .limit(DRIFT)
    )
    last = [row["meaning"] for row in connection.execute(wanted).mappings()]
    return len(last) == DRIFT and set(last) == {"repair"}
