"""The book of reports: drafts made of records, answers and approvals by people, and what becomes of each.

Who files is `filer`; here is everything that people do, and what happens by itself without calling anybody.
"""

from __future__ import annotations

import builtins
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from seawall.cases import Cases
from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.ledger import Ledger
from seawall.maintain.authorities.drafting import CaseFacts, Gathering
from seawall.maintain.authorities.filing import Phase, Resumed, fold
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.maintain.authorities.ncmec.package import Package
from seawall.maintain.authorities.ncmec.schema import load_schema
from seawall.maintain.authorities.options import AuthorityOptions
from seawall.maintain.authorities.reports import _rows, approving, drafts, receipts
from seawall.maintain.authorities.reports._rows import Row
from seawall.maintain.authorities.reports.errors import ReportBusy, ReportError
from seawall.maintain.authorities.reports.making import PURPOSE, Maker
from seawall.maintain.authorities.reports.model import (
    ANSWERS,
    CHANGEABLE,
    MOST_WORDS,
    OVER,
    WORDS,
    YES_OR_NO,
    Report,
    ReportState,
)
from seawall.store import Store
from seawall.store.ids import new_id
from seawall.store.tables import report
from seawall.vault import Vault
from seawall.vault.retention import Retention
from seawall.vault.viewing import ViewingRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

NCMEC = "ncmec"
_REMOTE = re.compile(r"[0-9]{1,19}")
_PAGE = 100
_TOLD = ("number", "at", "kind", "call", "file", "meaning", "code", "remote_report", "remote_file", "person")


class Reports:
    """The reports of a store.

    Args:
        store: The database.
        ledger: In the same store.
        cases: The book of cases.
        vault: Keeps what reports say, and what authorities answer.
        viewing: Who saw what.
        retention: What must be kept, and until when.
        options: Who reports, and how.

    Attributes:
        failed: When what could not be drafted is tried again, by id.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        cases: Cases,
        vault: Vault,
        viewing: ViewingRecord,
        retention: Retention,
        options: AuthorityOptions | None = None,
    ) -> None:
        self.store = store
        self.ledger = ledger
        self.vault = vault
        self.retention = retention
        self.options = options or AuthorityOptions()
        self.failed: dict[str, float] = {}
        self.maker = Maker(
            store,
            vault,
            Gathering(store, cases, vault, viewing),
            self.options.ncmec,
            load_schema(self.options.ncmec.profile),
        )

    def draft(self, case_id: str) -> builtins.list[Report]:
        """Draft the reports of a case, or draft them anew from what is on record now.

        What is filed stays; what was found since goes into a report that follows it.

        Raises:
            NotFound: If there is no such case, or nobody has asked for a report of it.
            ReportBusy: If one is being filed at this moment.
        """
        made = drafts.draft_case(self, case_id)
        if not made:
            raise NotFound("nobody has asked for a report of this case", hint="it is decided as reportable first")
        self.ledger.append_pending()
        return [self.get(each) for each in made]

    def draft_due(self, limit: int = 50) -> int:
        """Draft what was asked for and is not drafted; return how many reports that made."""
        return drafts.draft_due(self, limit)

    def get(self, report_id: str) -> Report:
        """Return a report.

        Raises:
            NotFound: If there is none.
        """
        with self.store.read() as connection:
            return _rows.to_report(connection, expect(connection, report_id))

    def of_case(self, case_id: str) -> builtins.list[Report]:
        """Return the reports of a case, the first first."""
        return self._list(report.c.case_id == case_id)

    def list(
        self, *, state: ReportState | None = None, after: str | None = None, limit: int = _PAGE
    ) -> builtins.list[Report]:
        """Return reports in the order of their making.

        Args:
            state: Only these.
            after: Those after this id.
            limit: So many at most.
        """
        conditions: builtins.list[Any] = []
        if state is not None:
            conditions.append(report.c.state == state.value)
        if after is not None:
            conditions.append(report.c.id > after)
        return self._list(*conditions, limit=limit)

    def steps(self, report_id: str) -> builtins.list[dict[str, Any]]:
        """Return the record of a filing: each call, and what came of it, without what was sent or answered.

        Raises:
            NotFound: If there is no such report.
        """
        with self.store.read() as connection:
            expect(connection, report_id)
            return [{name: row[name] for name in _TOLD} for row in _rows.steps(connection, report_id)]

    def package(self, report_id: str, *, person: str, purpose: str = "reading a report") -> Package:
        """Return what a report says; that somebody read it is recorded.

        Raises:
            NotFound: If there is none.
            ReportError: If it has no documents.
        """
        with self.store.read() as connection:
            row = expect(connection, report_id)
        if row["documents"] is None:
            raise ReportError("nothing was drafted: nothing of the case can be reported")
        return self.maker.read(row, person=person, purpose=purpose)

    def facts(self, case_id: str) -> CaseFacts:
        """Return what is on record of a case, as far as an authority is told of it, with what people answered.

        Raises:
            NothingReportable: If there is nothing that an authority can be told.
            NotFound: If there is no such case.
        """
        with self.store.read() as connection:
            found = _rows.rows(connection, report.c.case_id == case_id)
            answers = _rows.answers(connection, found[-1]["id"]) if found else {}
        return self.maker.facts(case_id, answers=answers)

    def receipts(self, case_id: str) -> dict[str, str]:
        """Return the receipts of a case, by authority."""
        return {each.authority: each.remote_id for each in self.of_case(case_id) if each.remote_id is not None}

    def answer(self, report_id: str, name: str, value: str, *, person: str) -> Report:
        """Write down what a person confirms that no record says, and draft the report anew with it.

        Args:
            report_id: Which.
            name: One of `ANSWERS`.
            value: `yes` or `no`, or words.
            person: Who confirms it.

        Raises:
            UsageError: If there is no such question, or this is no answer to it.
            ReportBusy: If it is being filed at this moment.
            ReportError: If it is filed, or does not stand.
        """
        if name not in ANSWERS:
            raise UsageError(f"there is no question {name[:40]!r}", hint=", ".join(ANSWERS))
        said = value.strip()
        if name not in WORDS and said not in YES_OR_NO:
            raise UsageError(f"{name} is answered with yes or no")
        if not said or len(said) > MOST_WORDS or "\0" in said:
            raise UsageError(f"{name} has 1 to {MOST_WORDS:,} characters")
        row = self._row(report_id)
        kept = said
        if name in WORDS:
            stream = io.BytesIO(said.encode())
            kept = self.vault.put(
                stream, purpose=PURPOSE, person=person, case=row["case_id"], media_type="text/plain"
            ).id
        with self.store.begin() as connection:
            held = self.changeable(connection, report_id)
            number = _rows.add_answer(connection, report_id, name, kept, person, self.now())
            body = {"report": report_id, "case": held["case_id"], "name": name, "person": person}
            self.ledger.record(connection, "report.answered", f"report/{report_id}/answer/{number}", body)
        drafts.refresh(self, report_id)
        self.ledger.append_pending()
        return self.get(report_id)

    def approve(self, report_id: str, digest: str, *, person: str, via: str) -> Report:
        """Approve exactly the documents of a digest; see `approving.approve`."""
        found = approving.approve(self, report_id, digest, person=person, via=via)
        self.ledger.append_pending()
        return found

    def retract(self, report_id: str, *, person: str, reason: str) -> Report:
        """Take approvals back before a report is filed: what is open at the authority is retracted there.

        Raises:
            ReportError: If it is filed, or does not stand.
        """
        found = approving.take_back(self, report_id, person=person, reason=reason)
        self.ledger.append_pending()
        return found

    def resume(self, report_id: str, *, person: str) -> Report:
        """Let a report that stopped go on where it was, after a person has looked.

        Raises:
            ReportError: If it did not stop.
        """
        with self.store.begin() as connection:
            row = self.changeable(connection, report_id)
            state = ReportState(row["state"])
            if state not in (ReportState.STOPPED, ReportState.PAUSED, ReportState.NEEDS_REPAIR):
                raise ReportError("only what stopped goes on", hint="'seawall reports show' tells how it is")
            self.resumed(connection, row, person)
            _rows.change(connection, report_id, state=ReportState.FILING.value, why=None, due_at=self.now())
            body = {"report": report_id, "case": row["case_id"], "person": person}
            self.ledger.record(connection, "report.resumed", f"report/{report_id}/resumed/{new_id()}", body)
        self.ledger.append_pending()
        return self.get(report_id)

    def mark_filed(
        self, report_id: str, remote_id: str, *, person: str, receipt: bytes | None = None, via: str
    ) -> Report:
        """Say that a person filed a report in another way, such as NCMEC's web form: it is not filed again.

        Args:
            report_id: Which.
            remote_id: The id that the authority gave: the receipt.
            person: Who filed it.
            receipt: What the authority gave, to keep.
            via: How the person is known: `session` or `token`.

        Raises:
            ReportError: If one is open at the authority by now: it is retracted first.
        """
        if not _REMOTE.fullmatch(remote_id):
            raise UsageError("the id of a report is a number")
        approving.expect_via(via)
        row = self._row(report_id)
        if receipt is not None:
            self.vault.put(
                io.BytesIO(receipt),
                purpose=PURPOSE,
                person=person,
                case=row["case_id"],
                key=f"report/{report_id}/receipt/{remote_id}",
            )
        with self.store.begin() as connection:
            held = self.changeable(connection, report_id)
            standing = fold(_rows.events_of(_rows.steps(connection, report_id)))
            if standing.phase not in (Phase.READY, Phase.NEEDS_REPAIR) or standing.asked is not None:
                raise ReportError(
                    "a report of this is, or may be, open at the authority",
                    hint="'seawall reports retract' takes it back first",
                )
            receipts.received(self, connection, held, remote_id, complete=None, manually=person)
        self.ledger.append_pending()
        return self.get(report_id)

    def counts(self) -> dict[str, Any]:
        """Return how many reports there are, by state; what nobody can act on is counted apart, and so are drills."""
        found: dict[str, Any] = {"filed": 0, "informational": 0, "drills": 0, "low_score": 0, "waiting": 0}
        with self.store.read() as connection:
            for row in _rows.rows(connection):
                filed = row["filed_at"] is not None
                if row["drill"]:
                    found["drills"] += filed
                elif filed:
                    found["informational" if row["informational"] else "filed"] += 1
                    found["low_score"] += row["score"] < approving.LOW
                elif ReportState(row["state"]) not in OVER:
                    found["waiting"] += 1
        return found

    # What the rooms beside this one use.

    def now(self) -> str:
        """Return the moment, as records write it."""
        return to_iso(self.store.clock())

    def changeable(self, connection: Connection, report_id: str) -> Row:
        """Return a report's row, locked, if people may change it now.

        Raises:
            NotFound: If there is none.
            ReportBusy: If it is being filed at this moment.
            ReportError: If it is filed, or does not stand.
        """
        row = expect(connection, report_id, lock=True)
        state = ReportState(row["state"])
        if state in OVER:
            raise ReportError(f"this report is {state.value.replace('_', ' ')}: nothing of it changes")
        if state not in CHANGEABLE or (row["owner"] is not None and row["lease_until"] > self.now()):
            raise ReportBusy("this report is being filed at this moment")
        return row

    def resumed(self, connection: Connection, row: Row, person: str) -> None:
        """Write down that a person has looked at what stopped a filing."""
        number = len(_rows.steps(connection, row["id"])) + 1
        event = Resumed(self.store.clock())
        _rows.add_step(connection, row["id"], number, row["token"], event, person=person)

    def environment_of(self, drill: bool) -> EnvironmentName:
        """Return where a report goes: drills to the test environment, and nothing else there."""
        return EnvironmentName.TEST if drill else EnvironmentName.PRODUCTION

    def wanted(self, connection: Connection, row: Row) -> bool:
        """Whether a report is approved as it is, and stands; asked in the transaction of an intent."""
        return _rows.draft_stands(connection, row["draft_id"]) and approving.enough(
            _rows.approvals(connection, row), self.options.ncmec.approval, self.store.clock()
        )

    def prior_of(self, connection: Connection, subject_key: str, environment: str, but: str = "") -> Sequence[str]:
        """Return receipts of reports of the same account, the first first."""
        found = _rows.rows(
            connection,
            report.c.subject_key == subject_key,
            report.c.authority == NCMEC,
            report.c.environment == environment,
            report.c.filed_at.is_not(None),
            report.c.id != but,
        )
        return [each["remote_id"] for each in found if _REMOTE.fullmatch(each["remote_id"])]

    def wait(self) -> timedelta | None:
        """Return how long a report waits for its second approval."""
        minutes = self.options.ncmec.approval.wait_minutes
        return None if minutes is None else timedelta(minutes=minutes)

    def _row(self, report_id: str) -> Row:
        with self.store.read() as connection:
            return expect(connection, report_id)

    def _list(self, *conditions: Any, limit: int | None = None) -> builtins.list[Report]:
        with self.store.read() as connection:
            return [_rows.to_report(connection, row) for row in _rows.rows(connection, *conditions, limit=limit)]


def expect(connection: Connection, report_id: str, *, lock: bool = False) -> Row:
    """Return a report's row.

    Raises:
        NotFound: If there is none.
    """
    row = _rows.find(connection, report_id, lock=lock)
    if row is None:
        raise NotFound("there is no report with this id", hint="'seawall reports ls' shows them")
    return row
