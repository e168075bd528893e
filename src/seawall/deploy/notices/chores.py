"""What must happen to notices by itself: escalation before a clock runs out, removals that were acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seawall.clock import to_iso
from seawall.deploy.notices import _rows
from seawall.deploy.notices.deciding import awaiting_removal, removed
from seawall.deploy.notices.model import StoredNotice
from seawall.deploy.notices.openings import CaseBook
from seawall.deploy.notices.rates import SenderRates
from seawall.ledger import Ledger
from seawall.store import Store
from seawall.store.tables import notice as table

Acknowledged = Callable[[str], "str | None"]
"""When the last removal of a decision was acknowledged, RFC 3339 in UTC; None if one is not."""

PERSON = "notices"
_MOST = 500


@dataclass(frozen=True, slots=True)
class Done:
    """How many notices were escalated, and how many are known to be gone now."""

    escalated: int = 0
    removed: int = 0


class NoticeChores:
    """Looks after the clocks of notices. May run in every worker; each thing happens once.

    Args:
        store: The database.
        ledger: In the same store.
        cases: Escalates.
        acknowledged: Says when the removals of a decision were acknowledged.
        rates: Forgets old counts.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        cases: CaseBook,
        acknowledged: Acknowledged,
        rates: SenderRates | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._cases = cases
        self._acknowledged = acknowledged
        self._rates = rates

    def once(self) -> Done:
        """Do what is due now."""
        gone = self._removals()
        done = Done(self._escalations(), gone)
        if self._rates is not None:
            self._rates.forget()
        if done.escalated or done.removed:
            self._ledger.append_pending()
        return done

    def _removals(self) -> int:
        with self._store.read() as connection:
            decisions = list(awaiting_removal(connection))
        total = 0
        for decision_id in decisions:
            at = self._acknowledged(decision_id)
            if at is not None:
                with self._store.begin() as connection:
                    total += removed(connection, self._ledger, decision_id, at)
        return total

    def _escalations(self) -> int:
        now = to_iso(self._store.clock())
        late = (table.c.escalate_at <= now) & table.c.escalated_at.is_(None)
        with self._store.read() as connection:
            found = _rows.page(connection, late, limit=_MOST)
        return sum(self._escalate(each, now) for each in found)

    def _escalate(self, late: StoredNotice, now: str) -> bool:
        done = late.decided_at is not None and (not late.removal or late.removed_at is not None)
        mine = (table.c.id == late.id) & table.c.escalated_at.is_(None)
        with self._store.begin() as connection:
            if connection.execute(table.update().where(mine).values(escalated_at=now)).rowcount != 1 or done:
                return False
            body = {"notice": late.id, "lane": late.lane.value, "due_at": late.due_at, "cases": list(late.cases)}
            self._ledger.record(connection, "notice.escalated", f"notice/{late.id}/escalated", body)
        if late.decided_at is None:
            for case_id in late.cases:
                self._cases.escalate(case_id, PERSON, f"{late.lane.value}: to be decided by {late.due_at}")
        return True
