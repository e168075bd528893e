"""Filing reports: whoever has the lease makes the next call, writes an intent before it and what came of it after.

Several may run beside each other. A lease that runs out is taken by another; whoever lost it cannot write any more, and
what it may have done is resolved by what filing knows of lost answers. Nothing is ever given up by itself.
"""

from __future__ import annotations

import io
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from seawall.errors import SeawallError
from seawall.maintain.authorities.filing import Act, Action, Call, Intent, Phase, Standing, delay, fold, next_action
from seawall.maintain.authorities.ncmec.client import ReportingApi
from seawall.maintain.authorities.ncmec.codes import Meaning
from seawall.maintain.authorities.ncmec.environment import EnvironmentName
from seawall.maintain.authorities.ncmec.package import Package
from seawall.maintain.authorities.reports import _rows, pausing
from seawall.maintain.authorities.reports._rows import Row
from seawall.maintain.authorities.reports.calling import Came, call, skew
from seawall.maintain.authorities.reports.checking import Checked, before_opening
from seawall.maintain.authorities.reports.errors import ReportBusy, ReportError
from seawall.maintain.authorities.reports.leases import Leases, LostLease
from seawall.maintain.authorities.reports.model import ReportState
from seawall.maintain.authorities.reports.outcomes import of_its_own, settle

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.maintain.authorities.reports.book import Reports

Connect = Callable[[EnvironmentName], ReportingApi | None]
"""Returns what calls an environment; None if nothing is sent there."""

MOST_SKEW = 300.0
"""So many seconds two clocks may differ; beyond that, times in a report cannot be trusted."""
_SLOWEST = 250_000
"""So many bytes a second an upload makes at least."""
_MOST_CALLS = 100_000


@dataclass(frozen=True, slots=True)
class Filed:
    """How an attempt ended.

    Attributes:
        report_id: Which report.
        state: How it stands now.
        why: What keeps it there.
    """

    report_id: str
    state: ReportState
    why: str | None


class Filer:
    """Files what is approved.

    Args:
        reports: The book.
        connect: What calls an environment.
        told: Called with what is done next, for whoever watches.
        wait: How long to wait before the next try, by the number of tries.
    """

    def __init__(
        self,
        reports: Reports,
        connect: Connect,
        *,
        told: Callable[[str, Act], None] | None = None,
        wait: Callable[[int], timedelta] = delay,
    ) -> None:
        self._reports = reports
        self._connect = connect
        self._told = told or (lambda _report, _act: None)
        self._wait = wait
        self._leases = Leases(reports, f"{socket.gethostname()[:32]}/{os.getpid()}/{secrets.token_hex(4)}"[:64])

    def once(self, limit: int = 20) -> list[Filed]:
        """File what is due, each once, the urgent first, then the oldest; return how each attempt ended."""
        done: list[Filed] = []
        for name in (EnvironmentName.PRODUCTION, EnvironmentName.TEST):
            if not self._leases.waiting(name):
                continue
            api = self._connect(name)
            if api is None:
                continue
            with api:
                while len(done) < limit:
                    row = self._leases.take(name, but=[each.report_id for each in done])
                    if row is None:
                        break
                    done.append(self._file(api, row))
        return done

    def file(self, report_id: str) -> Filed:
        """File one report now, as far as it goes.

        Raises:
            ReportError: If it is not approved, or nothing is sent to its environment.
            ReportBusy: If somebody else files it at this moment.
        """
        found = self._reports.get(report_id)
        if found.state not in (ReportState.APPROVED, ReportState.FILING):
            raise ReportError(f"this report is {found.state.value.replace('_', ' ')}; what is approved is filed")
        api = self._connect(found.environment)
        if api is None:
            raise ReportError(
                f"nothing is sent to the {found.environment.value} environment", hint="see docs/authorities.md"
            )
        with api:
            row = self._leases.take(found.environment, report_id)
            if row is None:
                waits = found.due_at is not None and found.due_at > self._reports.now()
                raise ReportBusy("it waits until it is due" if waits else "this report is being filed at this moment")
            return self._file(api, row)

    def _file(self, api: ReportingApi, row: Row) -> Filed:
        try:
            self._go_on(api, row)
        except LostLease:
            pass  # whoever took it goes on from the record
        except SeawallError as problem:
            # Something here is in the way of this report: others go on, and people are told if it lasts.
            with suppress(LostLease):
                self._postpone(row, 1, problem.code)
        finally:
            self._reports.ledger.append_pending()
        found = self._reports.get(row["id"])
        return Filed(found.id, found.state, found.why)

    def _go_on(self, api: ReportingApi, row: Row) -> None:
        package: Package | None = None
        for _ in range(_MOST_CALLS):
            standing = self._standing(row["id"])
            if standing.phase is Phase.READY and self._wanted(row) and not self._may_open(api, row, standing):
                return
            package = package or self._reports.maker.read(row, person="report filing", purpose="filing it")
            done = self._begin(row)
            if done is None:
                return
            act, number = done
            self._told(row["id"], act)
            came = self._call(api, row, package, act)
            if not self._end(row, act, number, came):
                return

    def _wanted(self, row: Row) -> bool:
        with self._reports.store.begin() as connection:
            return self._reports.wanted(connection, self._leases.held(connection, row))

    def _may_open(self, api: ReportingApi, row: Row, standing: Standing) -> bool:
        """Whether a report may be opened now: we are let in, the clocks agree, and what it says is still so."""
        try:
            reply = api.status()
        except SeawallError as problem:
            self._postpone(row, standing.tries + 1, problem.code)
            return False
        apart = skew(reply, self._reports.store.clock())
        why = "not_let_in" if reply.meaning is Meaning.PAUSE else None
        if apart is not None and abs(apart) > MOST_SKEW:
            why = "clock_skew"
        if why is not None:
            with self._reports.store.begin() as connection:
                pausing.pause(self._reports, connection, row["authority"], row["environment"], why)
            self._leases.give_back(row, self._reports.store.clock())
            return False
        if not reply.done:
            self._postpone(row, standing.tries + 1, "status")
            return False
        checked = before_opening(self._reports, self._leases, row)
        if checked is Checked.WAIT:
            self._leases.give_back(row, self._reports.store.clock() + timedelta(minutes=1))
        return checked is Checked.RIGHT

    def _begin(self, row: Row) -> tuple[Act, int] | None:
        """Decide what is done next, and write the intent, in one transaction; None if nothing is called."""
        reports = self._reports
        with reports.store.begin() as connection:
            held = self._leases.held(connection, row)
            found = _rows.steps(connection, row["id"])
            standing = fold(_rows.events_of(found))
            files = _rows.files(connection, held)
            wanted = reports.wanted(connection, held) and _same_documents(found, held)
            next_file = next((each for each in files if each["file"] not in dict(standing.files)), None)
            lasts = timedelta(seconds=next_file["size"] / _SLOWEST) if next_file is not None else timedelta()
            act = next_action(standing, files=len(files), now=reports.store.clock(), wanted=wanted, lasts=lasts)
            if act.action is not Action.CALL or act.call is None:
                settle(reports, self._leases, connection, held, standing, wanted=wanted)
                return None
            number = len(found) + 1
            intent = Intent(reports.store.clock(), act.call, act.file)
            _rows.add_step(connection, row["id"], number, held["token"], intent, digest=held["digest"])
            body = {"call": act.call.value, "file": act.file, "attempt": standing.attempt, "digest": held["digest"]}
            self._record(connection, held, number, "intent", body)
            _rows.change(connection, row["id"], state=ReportState.FILING.value, why=None)
            return act, number

    def _call(self, api: ReportingApi, row: Row, package: Package, act: Act) -> Came:
        with self._reports.store.read() as connection:
            current = _rows.find(connection, row["id"]) or row
            files = _rows.files(connection, current)
            standing = fold(_rows.events_of(_rows.steps(connection, row["id"])))
        if act.call is None:
            raise ReportError("there is no call to make")
        return call(
            api,
            self._reports.vault,
            package,
            files,
            standing,
            act.call,
            act.file,
            case=row["case_id"],
            clock=self._reports.store.clock,
            beat=lambda: self._leases.beat(row),
        )

    def _end(self, row: Row, act: Act, number: int, came: Came) -> bool:
        """Write what came of a call; return whether more is done at once."""
        reports = self._reports
        kept = self._keep(row, number, came)
        with reports.store.begin() as connection:
            held = self._leases.held(connection, row)
            told: dict[str, Any] = {"call": act.call.value if act.call else None, "file": act.file, "reply": kept}
            if came.reply is not None:
                told |= {"status": came.reply.status, "code": came.reply.code, "request_id": came.reply.request_id}
            event = of_its_own(connection, held, came.event)
            _rows.add_step(connection, row["id"], number + 1, held["token"], event, **told)
            body = {"call": told["call"], "code": told.get("code"), "status": told.get("status")}
            self._record(connection, held, number + 1, "came", body)
            standing = fold(_rows.events_of(_rows.steps(connection, row["id"])))
            if came.problem is not None:
                self._leases.release(
                    connection, held, state=ReportState.NEEDS_REPAIR.value, why=came.problem, due_at=None
                )
                return False
            if settle(reports, self._leases, connection, held, standing, wanted=True):
                return False
            again = standing.phase is Phase.READY and standing.attempt > 1 and not act.cancels
            if standing.tries or again:
                self._leases.put_off(connection, held, self._wait(max(standing.tries, standing.attempt - 1)))
                return False
            return True

    def _keep(self, row: Row, number: int, came: Came) -> str | None:
        """Keep what the authority answered; it may repeat what the report says, so it goes into the vault."""
        if came.reply is None or not came.reply.body:
            return None
        kept = self._reports.vault.put(
            io.BytesIO(came.reply.body),
            purpose="report",
            person="report filing",
            case=row["case_id"],
            key=f"report/{row['id']}/reply/{number}",
        )
        return kept.id

    def _standing(self, report_id: str) -> Standing:
        with self._reports.store.read() as connection:
            return fold(_rows.events_of(_rows.steps(connection, report_id)))

    def _postpone(self, row: Row, tries: int, why: str) -> None:
        with self._reports.store.begin() as connection:
            held = self._leases.held(connection, row)
            since = datetime.fromisoformat(held["tried_since"]) if held["tried_since"] else self._reports.store.clock()
            lasted = int((self._reports.store.clock() - since).total_seconds())
            self._leases.put_off(connection, held, self._wait(max(tries, max(lasted, 0).bit_length())), why=why)

    def _record(self, connection: Connection, row: Row, number: int, what: str, body: Mapping[str, Any]) -> None:
        facts = {"report": row["id"], "case": row["case_id"], "environment": row["environment"], "number": number}
        self._reports.ledger.record(
            connection,
            f"report.{what}",
            f"report/{row['id']}/step/{number}",
            {**facts, **body},
        )


def _same_documents(found: list[Row], row: Row) -> bool:
    """Whether what is open at the authority is what is approved now."""
    opened = [each for each in found if each["kind"] == "intent" and each["call"] == Call.SUBMIT.value]
    ready = fold(_rows.events_of(found)).phase in (Phase.READY, Phase.NEEDS_REPAIR)
    return ready or not opened or opened[-1]["digest"] == row["digest"]
