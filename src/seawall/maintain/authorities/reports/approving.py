"""Approving a report: bound to the digest of what would be sent, by people who are known, each once.

Reports do not wait for ever: where the policy says so, one approval is enough after some time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from seawall.clock import to_iso
from seawall.errors import UsageError
from seawall.maintain.authorities.filing import Phase, fold
from seawall.maintain.authorities.ncmec.completeness import LOW
from seawall.maintain.authorities.options import Approval as Policy
from seawall.maintain.authorities.reports import _rows
from seawall.maintain.authorities.reports.errors import ApprovalRefused, ReportError
from seawall.maintain.authorities.reports.model import OVER, Approval, Report, ReportState
from seawall.store import insert_new
from seawall.store.ids import new_id
from seawall.store.tables import report_approval

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.maintain.authorities.reports._rows import Row
    from seawall.maintain.authorities.reports.book import Reports

POLICY = "policy"
KNOWN_BY = ("session", "token")
_LONGEST = 500

__all__ = ["LOW", "approve", "approve_by_policy", "due_at", "enough", "expect_via", "take_back"]


def enough(found: Sequence[Approval], policy: Policy, now: datetime) -> bool:
    """Whether approvals are enough, at a moment.

    Args:
        found: Of the documents as they are, the first first.
        policy: How many it takes.
        now: The moment, aware.
    """
    people = {each.person for each in found}
    if POLICY in people or len(people) >= policy.people:
        # Whatever a clock says since: who approved has approved.
        return True
    moment = due_at(found, policy)
    return moment is not None and now >= moment


def due_at(found: Sequence[Approval], policy: Policy) -> datetime | None:
    """Return from when on approvals are enough; None if more are needed in any case."""
    if not found:
        return None
    first = datetime.fromisoformat(found[0].at)
    people = {each.person for each in found}
    if POLICY in people:
        return first
    if len(people) >= policy.people:
        return datetime.fromisoformat(found[policy.people - 1].at)
    return None if policy.wait_minutes is None else first + timedelta(minutes=policy.wait_minutes)


def expect_via(via: str) -> None:
    """Refuse whoever is not known.

    Raises:
        ApprovalRefused: If it is neither a session nor a personal token.
    """
    if via not in KNOWN_BY:
        raise ApprovalRefused("it takes somebody who has signed in, or a personal token")


def approve(reports: Reports, report_id: str, digest: str, *, person: str, via: str) -> Report:
    """Approve exactly the documents of a digest.

    Args:
        reports: The book.
        report_id: Which report.
        digest: Of the documents, as the preview shows it.
        person: User id of who approves.
        via: How they are known: `session` or `token`.

    Raises:
        ApprovalRefused: If somebody approves twice, the documents are others by now, or something is wrong with them.
        ReportBusy: If it is being filed at this moment.
        ReportError: If it is filed, or does not stand.
    """
    expect_via(via)
    with reports.store.begin() as connection:
        row = reports.changeable(connection, report_id)
        if row["digest"] != digest:
            raise ApprovalRefused("the report says something else by now", hint="look at the preview again")
        if row["faults"]:
            raise ApprovalRefused(
                f"{row['faults']} things are wrong with it",
                hint="'seawall reports lint' names them; then draft it anew",
            )
        said = _rows.answers(connection, report_id)
        if row["imminent"] and "escalate" not in said:
            raise ApprovalRefused(
                "somebody may be in danger: say whether it is urgent",
                hint="answer escalate with the reason, or with no; the police may have to know as well",
            )
        if row["score"] < LOW and "low_score" not in said:
            raise ApprovalRefused(
                f"it says little ({row['score']} of 100): say why it is sent", hint="answer low_score with the reason"
            )
        if not _rows.draft_stands(connection, row["draft_id"]):
            raise ReportError("the decision that it rests on does not stand any more")
        if any(each.person == person for each in _rows.approvals(connection, row)):
            raise ApprovalRefused("you have approved it already; a second approval is another person's")
        _write(reports, connection, row, person, via)
    return reports.get(report_id)


def approve_by_policy(reports: Reports, connection: Connection, row: Row) -> None:
    """Approve what the operator lets be filed without a person: exact matches alone, which nobody viewed."""
    _write(reports, connection, row, POLICY, POLICY)


def take_back(reports: Reports, report_id: str, *, person: str, reason: str) -> Report:
    """Take back the approvals of a report before it is filed.

    Whoever files asks before each call: what is open at the authority is retracted there.

    Raises:
        ReportError: If it is filed, or does not stand.
    """
    if not reason.strip() or len(reason) > _LONGEST:
        raise UsageError(f"a reason has 1 to {_LONGEST} characters")
    with reports.store.begin() as connection:
        row = _rows.find(connection, report_id, lock=True)
        if row is None or ReportState(row["state"]) in OVER:
            raise ReportError("there is no report that could be taken back: it is filed, or does not stand")
        table = report_approval
        mine = (table.c.report_id == report_id, table.c.taken_back_at.is_(None))
        connection.execute(table.update().where(*mine).values(taken_back_at=reports.now()))
        values = {"due_at": reports.now()}
        if row["state"] == ReportState.APPROVED.value:
            values |= {"state": ReportState.DRAFT.value, "why": "taken_back"}
        _rows.change(connection, report_id, **values)
        # The reason is a person's words: it stays out of the ledger, whose entries are never deleted.
        body = {"report": report_id, "case": row["case_id"], "person": person, "digest": row["digest"]}
        reports.ledger.record(connection, "report.taken_back", f"report/{report_id}/taken-back/{new_id()}", body)
    return reports.get(report_id)


def _write(reports: Reports, connection: Connection, row: Row, person: str, via: str) -> None:
    at = reports.now()
    approval = {
        "report_id": row["id"],
        "digest": row["digest"],
        "person": person,
        "via": via,
        "at": at,
        "taken_back_at": None,
    }
    if not insert_new(connection, report_approval, [approval]):
        table = report_approval
        again = (table.c.report_id == row["id"], table.c.digest == row["digest"], table.c.person == person)
        connection.execute(table.update().where(*again).values(taken_back_at=None, at=at, via=via))
    moment = due_at(_rows.approvals(connection, row), reports.options.ncmec.approval)
    values: dict[str, object] = {"due_at": to_iso(moment) if moment is not None else None}
    if moment is not None:
        values |= {"state": ReportState.APPROVED.value, "why": None, "tried_since": None, "alarms": 0}
        if fold(_rows.events_of(_rows.steps(connection, row["id"]))).phase is Phase.NEEDS_REPAIR:
            reports.resumed(connection, row, person)
    _rows.change(connection, row["id"], **values)
    body = {"report": row["id"], "case": row["case_id"], "digest": row["digest"], "person": person, "via": via}
    reports.ledger.record(connection, "report.approved", f"report/{row['id']}/approved/{new_id()}", body)
