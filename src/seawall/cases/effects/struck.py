"""Strikes that the guard gave at once, for what people then found harmless: voided, and what rested on them lifted.

Queued with the decision and done by the worker of effects, which tries until it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from seawall.cases.checking import HARMLESS
from seawall.cases.model import Case, CaseDecision, Item, Label, Outcome, SubjectKind, Verdict
from seawall.store.outbox import enqueue
from seawall.store.tables import strike

if TYPE_CHECKING:
    from seawall.store import Store

TOPIC = "case.unstrike"
VERSION = 1


class GuardStrikes:
    """A hook of cases: takes back the guard's strikes for what people found harmless. Without state."""

    def decided(
        self,
        connection: Connection,
        case: Case,
        decision: CaseDecision,
        items: Sequence[Item],
        verdicts: Sequence[Verdict],
    ) -> None:
        """Queue that strikes are voided, in the transaction of the decision."""
        if case.drill or case.subject_kind is not SubjectKind.ACCOUNT:
            return
        harmless = sorted(_harmless(decision, items, verdicts))
        found = standing(connection, case.subject, harmless)
        if found:
            payload = {"v": VERSION, "kind": "unstrike", "case": case.id, "decision": decision.id, "strikes": found}
            enqueue(connection, TOPIC, f"decision/{decision.id}", payload, at=decision.at, lane=case.id)

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


def standing(connection: Connection, account: str, checks: Sequence[str]) -> list[str]:
    """Return the strikes that an account has by decisions of the guard, and that nobody has voided."""
    wanted = select(strike.c.id).where(
        strike.c.decision_id.in_(checks), strike.c.account == account, strike.c.voided_at.is_(None)
    )
    return list(connection.execute(wanted.order_by(strike.c.id)).scalars())


def still_standing(store: Store, payload: Mapping[str, Any]) -> list[str]:
    """Return those strikes of a message that nobody has voided yet."""
    with store.read() as connection:
        wanted = select(strike.c.id).where(strike.c.id.in_(payload["strikes"]), strike.c.voided_at.is_(None))
        return list(connection.execute(wanted.order_by(strike.c.id)).scalars())


def _harmless(decision: CaseDecision, items: Sequence[Item], verdicts: Sequence[Verdict]) -> set[str]:
    """Return the guard's decisions of which every item is harmless."""
    fine = decision.outcome is Outcome.NO_VIOLATION
    # Of several verdicts on an item, the last is what was decided.
    labels = {each.item_id: each.label for each in verdicts}
    checks = {each.decision_id for each in items if each.decision_id is not None}
    wrong = {
        each.decision_id
        for each in items
        if not fine and labels.get(each.id, Label.UNSURE) not in HARMLESS - {Label.UNSURE}
    }
    return checks - wrong
