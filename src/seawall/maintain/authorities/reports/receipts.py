"""What a receipt brings: the report is filed for good, and what it rests on is kept for as long as the law says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.maintain.authorities.reports import _rows
from seawall.maintain.authorities.reports.model import ReportState
from seawall.store.tables import report_step, review_item, vault_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.maintain.authorities.reports._rows import Row
    from seawall.maintain.authorities.reports.book import Reports

PLACE = "US"
"""Whose clocks a receipt of NCMEC starts (18 USC 2258A(h))."""


def received(
    reports: Reports,
    connection: Connection,
    row: Row,
    remote_id: str,
    *,
    complete: bool | None,
    manually: str | None = None,
) -> None:
    """Write down that a report is filed, and start the clocks of preservation, in the caller's transaction.

    Args:
        reports: The book.
        connection: The caller's transaction, which holds the row.
        row: The report.
        remote_id: The id that the authority gave.
        complete: Whether it has all files and details; None if nobody knows.
        manually: Who filed it in another way.
    """
    state = ReportState.FILED if manually is None else ReportState.FILED_MANUALLY
    values = {"owner": None, "lease_until": None, "due_at": None, "why": None, "tried_since": None}
    _rows.change(
        connection,
        row["id"],
        state=state.value,
        remote_id=remote_id,
        filed_at=reports.now(),
        complete=complete,
        **values,
    )
    body = {
        "report": row["id"],
        "case": row["case_id"],
        "authority": row["authority"],
        "environment": row["environment"],
        "receipt": remote_id,
        "digest": row["digest"],
        "event_class": row["event_class"],
        "informational": bool(row["informational"]),
        "complete": complete,
        "manually": manually,
        "drill": bool(row["drill"]),
    }
    reports.ledger.record(connection, "report.filed", f"report/{row['id']}/filed", body)
    reports.retention.extend(
        connection,
        _kept(connection, row),
        case=row["case_id"],
        receipt=f"{row['authority']} {remote_id}",
        places=[PLACE],
    )


def _kept(connection: Connection, row: Row) -> list[str]:
    """Return the objects that a report rests on: the evidence of its case, what it says, and what came back."""
    evidence = review_item.select().where(review_item.c.case_id == row["case_id"], review_item.c.vault.is_not(None))
    found = {each["vault"] for each in connection.execute(evidence).mappings()}
    replies = report_step.select().where(report_step.c.report_id == row["id"], report_step.c.reply.is_not(None))
    found |= {each["reply"] for each in connection.execute(replies).mappings()}
    found |= {each["object"] for each in _rows.items(connection, row) if each["object"] is not None}
    if row["documents"] is not None:
        found.add(row["documents"])
    there = vault_object.select().where(vault_object.c.case_id == row["case_id"], vault_object.c.purpose == "report")
    return sorted(found | {each["id"] for each in connection.execute(there).mappings()})
