"""Who files a report: a lease with a fencing token, for a while; the urgent first, then the oldest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.maintain.authorities.filing.backoff import ALARMS
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.maintain.authorities.reports import _rows, pausing
from seawall.maintain.authorities.reports._rows import Row
from seawall.maintain.authorities.reports.model import ReportState
from seawall.store.ids import new_id
from seawall.store.tables import report

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.maintain.authorities.reports.book import Reports

LEASE = timedelta(minutes=4)
"""Longer than any call may take; an upload lets others know that it goes on."""
_DUE = (ReportState.APPROVED.value, ReportState.FILING.value)


class LostLease(Exception):
    """Somebody else files it by now."""


class Leases:
    """The leases of one process.

    Args:
        reports: The book.
        owner: Who holds them.
    """

    def __init__(self, reports: Reports, owner: str) -> None:
        self._reports = reports
        self._owner = owner

    def waiting(self, environment: EnvironmentName) -> bool:
        """Whether anything is due for an environment."""
        with self._reports.store.read() as connection:
            return bool(_rows.rows(connection, *self._free(environment), limit=1))

    def take(
        self, environment: EnvironmentName, report_id: str | None = None, *, but: Sequence[str] = ()
    ) -> Row | None:
        """Take the next report that is due, or that one; None if there is none, or everything is paused.

        Args:
            environment: Of which environment.
            report_id: That one alone.
            but: None of these.
        """
        conditions = self._free(environment)
        if but:
            conditions.append(report.c.id.not_in(list(but)))
        if report_id is not None:
            conditions.append(report.c.id == report_id)
        wanted = report.select().where(*conditions).order_by(report.c.escalated.desc(), report.c.made_at, report.c.id)
        with self._reports.store.begin() as connection:
            row = connection.execute(wanted.limit(1).with_for_update(skip_locked=True)).mappings().first()
            if row is None or pausing.paused(connection, row["authority"], environment.value) is not None:
                return None
            values = {"owner": self._owner, "token": row["token"] + 1, "lease_until": self._until()}
            _rows.change(connection, row["id"], **values)
            return {**row, **values}

    def held(self, connection: Connection, row: Row) -> Row:
        """Return the row of a report that we hold, locked, and hold it on.

        Raises:
            LostLease: If somebody else has it by now.
        """
        found = _rows.find(connection, row["id"], lock=True)
        if found is None or (found["owner"], found["token"]) != (self._owner, row["token"]):
            raise LostLease
        _rows.change(connection, row["id"], lease_until=self._until())
        return found

    def beat(self, row: Row) -> None:
        """Hold a report on.

        Raises:
            LostLease: If somebody else has it by now.
        """
        with self._reports.store.begin() as connection:
            self.held(connection, row)

    def give_back(self, row: Row, due_at: datetime | None) -> None:
        """Leave a report to whoever comes next, from a moment on."""
        with self._reports.store.begin() as connection:
            held = self.held(connection, row)
            self.release(connection, held, due_at=to_iso(due_at) if due_at is not None else held["due_at"])

    def release(self, connection: Connection, held: Row, **values: Any) -> None:
        """Give a report back, with what is known of it now, in the caller's transaction."""
        _rows.change(connection, held["id"], owner=None, lease_until=None, **values)

    def put_off(self, connection: Connection, held: Row, after: timedelta, why: str | None = None) -> None:
        """Try a report again after some time; people are told when it has not got through for long."""
        now = self._reports.store.clock()
        since = held["tried_since"] or to_iso(now)
        tried = now - datetime.fromisoformat(since)
        alarms = sum(tried >= each for each in ALARMS)
        if alarms > held["alarms"]:
            body = {"report": held["id"], "case": held["case_id"], "level": alarms, "since": since}
            self._reports.ledger.record(connection, "report.alarm", f"report/{held['id']}/alarm/{new_id()}", body)
        self.release(
            connection,
            held,
            due_at=to_iso(now + after),
            tried_since=since,
            alarms=max(alarms, held["alarms"]),
            why=why or held["why"],
        )

    def _free(self, environment: EnvironmentName) -> list[Any]:
        now = self._reports.now()
        return [
            report.c.environment == environment.value,
            report.c.state.in_(_DUE),
            report.c.due_at.is_(None) | (report.c.due_at <= now),
            report.c.owner.is_(None) | (report.c.lease_until <= now),
        ]

    def _until(self) -> str:
        return to_iso(self._reports.store.clock() + LEASE)
