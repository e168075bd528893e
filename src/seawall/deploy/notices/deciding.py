"""What a decided case means for its notices: an outcome, the sender's record, and removals that are known to be done.

`NoticeHook` runs in the transaction of the decision. Only an acknowledged removal counts as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seawall.cases.model import Case, CaseDecision, EffectKind, Item, Label, Outcome, Verdict
from seawall.deploy.notices import _rows, reporters
from seawall.deploy.notices.errors import NeverAReport
from seawall.deploy.notices.model import Lane, NoticeOutcome, StoredNotice
from seawall.ledger import Ledger
from seawall.store.tables import notice as notice_table
from seawall.store.tables import notice_case

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MEANS = {
    Outcome.NO_VIOLATION: NoticeOutcome.NOT_UPHELD,
    Outcome.NOT_REPORTABLE: NoticeOutcome.UPHELD,
    Outcome.REPORTABLE: NoticeOutcome.UPHELD,
    Outcome.DUPLICATE: NoticeOutcome.DUPLICATE,
}
_CHILD = frozenset(each for each in Label if each in (Label.CSAM, Label.AIG_CSAM) or each.value.startswith("csem."))
_RANK = {NoticeOutcome.UPHELD: 2, NoticeOutcome.DUPLICATE: 1, NoticeOutcome.NOT_UPHELD: 0}


Bank = Callable[["Connection", Case, CaseDecision, Item], None]
"""Queues the entry of an item into the operator's bank, in the caller's transaction."""


class NoticeHook:
    """Tells notices of decisions; one of the hooks of `seawall.cases.Cases`.

    Args:
        ledger: In the store of the cases.
        bank: Enters what a TAKE IT DOWN request has removed into the bank, so that identical copies go as well, where
            the decision itself does not.
    """

    def __init__(self, ledger: Ledger, bank: Bank | None = None) -> None:
        self._ledger = ledger
        self._bank = bank

    def decided(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Note what a case came to; a later decision of the same case replaces it.

        Raises:
            NeverAReport: If it would report a request about an adult as one about a child; the decision is not made.
        """
        told = _rows.of_cases(connection, [case.id])
        requested = any(each.lane is Lane.TAKE_IT_DOWN for each in told)
        if requested and EffectKind.REPORT_DRAFT in decision.effects and not _child(verdicts):
            raise NeverAReport
        if requested and EffectKind.REMOVE in decision.effects and EffectKind.BANK not in decision.effects:
            self._remove_copies(connection, case, decision, items)
        values: dict[str, Any] = {
            "decision_id": decision.id,
            "decided_at": decision.at,
            "outcome": _MEANS[decision.outcome].value,
            "removal": EffectKind.REMOVE in decision.effects,
            "removed_at": None,
        }
        connection.execute(notice_case.update().where(notice_case.c.case_id == case.id).values(values))
        for each in told:
            self._settle(connection, each, decision)

    def _remove_copies(self, connection: Connection, case: Case, decision: CaseDecision, items: Sequence[Item]) -> None:
        if self._bank is not None:
            for item in items:
                if item.sha256 is not None:
                    self._bank(connection, case, decision, item)

    def carried(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Note a decision that repeats an earlier one unseen."""
        self.decided(connection, case, decision, items, verdicts)

    def _settle(self, connection: Connection, stored: StoredNotice, decision: CaseDecision) -> None:
        rows = _cases(connection, stored.id)
        if any(row["outcome"] is None for row in rows):
            return
        outcome = max((NoticeOutcome(row["outcome"]) for row in rows), key=_RANK.__getitem__)
        moment = max(row["decided_at"] for row in rows)
        change = {"outcome": outcome.value, "decided_at": moment}
        connection.execute(notice_table.update().where(notice_table.c.id == stored.id).values(change))
        if stored.reporter is not None and not stored.drill:
            founded, unfounded = _moved(stored.outcome, outcome)
            if founded or unfounded:
                reporters.add(connection, stored.reporter, founded=founded, unfounded=unfounded)
        body = {
            "notice": stored.id,
            "decision": decision.id,
            "outcome": outcome.value,
            "in_time": moment <= stored.due_at,
            "drill": stored.drill,
        }
        self._ledger.record(connection, "notice.decided", f"notice/{stored.id}/decided/{decision.id}", body)


def _child(verdicts: Sequence[Verdict]) -> bool:
    """Whether a person has found that a child is concerned."""
    return any(each.label in _CHILD for each in verdicts)


def removed(connection: Connection, ledger: Ledger, decision_id: str, at: str) -> int:
    """Note that whoever hosts what a decision removes has said that all of it is gone; return how many notices gain.

    Args:
        connection: From `Store.begin`.
        ledger: In the same store.
        decision_id: The decision.
        at: When the last removal was acknowledged, RFC 3339 in UTC.
    """
    ours = (notice_case.c.decision_id == decision_id) & notice_case.c.removal & notice_case.c.removed_at.is_(None)
    rows = connection.execute(notice_case.select().where(ours)).mappings().all()
    if not rows:
        return 0
    connection.execute(notice_case.update().where(ours).values(removed_at=at))
    for row in rows:
        body = {"notice": row["notice"], "decision": decision_id, "acknowledged_at": at}
        ledger.record(connection, "notice.removed", f"notice/{row['notice']}/removed/{decision_id}", body)
    return len(rows)


def awaiting_removal(connection: Connection) -> Iterator[str]:
    """Yield the decisions whose removals are not known to be done."""
    ours = notice_case.c.removal & notice_case.c.removed_at.is_(None) & notice_case.c.decision_id.is_not(None)
    wanted = notice_case.select().with_only_columns(notice_case.c.decision_id).where(ours).distinct()
    for row in connection.execute(wanted.order_by(notice_case.c.decision_id)).mappings().all():
        yield row["decision_id"]


def _cases(connection: Connection, notice_id: str) -> Sequence[Mapping[Any, Any]]:
    return connection.execute(notice_case.select().where(notice_case.c.notice == notice_id)).mappings().all()


def _moved(before: NoticeOutcome | None, after: NoticeOutcome) -> tuple[int, int]:
    """Return how the counts of founded and unfounded notices change."""

    def counts(outcome: NoticeOutcome | None) -> tuple[int, int]:
        return int(outcome is NoticeOutcome.UPHELD), int(outcome is NoticeOutcome.NOT_UPHELD)

    was, now = counts(before), counts(after)
    return now[0] - was[0], now[1] - was[1]
