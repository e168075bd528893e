"""What a decision means for appeals against the one whose place it takes: they are over, and can be filed anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seawall.cases.model import Case, CaseDecision, Item, Verdict
from seawall.ledger import Ledger
from seawall.maintain.appeals import _rows
from seawall.maintain.appeals.model import AppealState
from seawall.maintain.appeals.telling import tell_host
from seawall.store.tables import appeal as table

if TYPE_CHECKING:
    from sqlalchemy import Connection


class AppealHook:
    """One of the hooks of `seawall.cases.Cases`.

    Args:
        ledger: In the store of the cases.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def decided(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """End the open appeals against the decision whose place another one takes."""
        del items, verdicts
        if decision.supersedes is None:
            return
        ours = (table.c.decision_id == decision.supersedes, table.c.decided_at.is_(None))
        found = _rows.many(connection, *ours)
        if not found:
            return
        values = {"state": AppealState.SUPERSEDED.value, "decided_at": decision.at}
        connection.execute(table.update().where(*ours).values(values))
        for each in found:
            body = {"appeal": each.id, "decision": decision.supersedes, "by": decision.id, "drill": each.drill}
            self._ledger.record(connection, "appeal.superseded", f"appeal/{each.id}/ended", body)
            tell_host(connection, each, case, AppealState.SUPERSEDED, decision.at)

    def carried(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Do the same for a decision that repeats an earlier one unseen."""
        self.decided(connection, case, decision, items, verdicts)
