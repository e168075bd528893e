"""Writing what a case comes to: the decision, what follows from it, and who is told, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from seawall.cases import _rows
from seawall.cases._office import Office
from seawall.cases._rows import Row
from seawall.cases.effects.plan import concerned, queue_effects, wanted_by
from seawall.cases.model import CaseDecision, EffectKind, Item, Label, Outcome, Verdict
from seawall.cases.states import EventKind
from seawall.store import insert_new
from seawall.store.tables import case_decision, review_policy

_KINDS = {"people": EventKind.DECIDED, "carried": EventKind.CARRIED, "appeal": EventKind.OVERTURNED}
_TOLD = {"people": "decided", "carried": "carried", "appeal": "decided"}


def conclude(
    office: Office,
    connection: Connection,
    case: Row,
    *,
    decision_id: str,
    ground: str,
    outcome: Outcome,
    effects: Sequence[EffectKind],
    reasons: Sequence[str],
    first: str,
    second: str | None,
    person: str | None,
    items: Sequence[Item],
    labels: Mapping[str, Label],
    verdicts: Sequence[Verdict],
    why: str | None = None,
    appeal_id: str | None = None,
) -> CaseDecision:
    """Write a decision of a case that is locked.

    Args:
        office: Where cases are kept.
        connection: The caller's transaction.
        case: The case.
        decision_id: Its id.
        ground: `people`, `carried` or `appeal`.
        outcome: What it comes to.
        effects: What follows.
        reasons: Rules or clauses.
        first: Who judged first.
        second: Who judged last, if more than one did.
        person: Who took the last step; None if nobody did.
        items: What was decided on.
        labels: What each item is, by id.
        verdicts: All that was said of the items.
        why: In a person's words, for an appeal.
        appeal_id: The appeal.
    """
    before = standing_decision(connection, case["id"])
    decision = CaseDecision(
        id=decision_id,
        case_id=case["id"],
        outcome=outcome,
        effects=tuple(effects),
        policy=office.policy.digest,
        first=first,
        at=office.now(),
        second=second,
        reasons=tuple(reasons),
        supersedes=before.id if before is not None else None,
        drill=bool(case["drill"]),
    )
    known = {
        "digest": office.policy.digest,
        "name": office.policy.name,
        "added_at": decision.at,
        "data": office.policy.data,
    }
    insert_new(connection, review_policy, [known])
    row = {
        "id": decision.id,
        "case_id": decision.case_id,
        "round": case["round"],
        "severity": case["severity"],
        "ground": ground,
        "outcome": decision.outcome.value,
        "effects": _rows.encode([each.value for each in decision.effects]),
        "reasons": _rows.encode(list(decision.reasons)),
        "policy": decision.policy,
        "first": decision.first,
        "second": decision.second,
        "at": decision.at,
        "supersedes": decision.supersedes,
        "appeal_id": appeal_id,
        "why": why,
        "drill": decision.drill,
    }
    connection.execute(case_decision.insert(), row)
    wrong = concerned(dict(labels), drill=decision.drill)
    queued = queue_effects(connection, case, decision, wanted_by(decision.effects, items, wrong))
    facts = {
        "decision": decision.id,
        "outcome": decision.outcome.value,
        "effects": len(queued),
        "items": len(items),
        "policy": decision.policy,
        "second": decision.second,
        "supersedes": decision.supersedes,
        "appeal": appeal_id,
    }
    data = {"reason": why} if why is not None else None
    moved = office.move(connection, case, _KINDS[ground], person=person, facts=facts, data=data)
    office.tell(_TOLD[ground], connection, office.case(moved), decision, items, verdicts)
    if before is not None:
        office.tell("overturned", connection, before)
    return decision


def standing_decision(connection: Connection, case_id: str) -> CaseDecision | None:
    """Return the decision of a case that no other one supersedes."""
    later = case_decision.alias("later")
    wanted = (
        select(case_decision)
        .outerjoin(later, later.c.supersedes == case_decision.c.id)
        .where(case_decision.c.case_id == case_id, later.c.id.is_(None))
    )
    row = connection.execute(wanted).mappings().first()
    return _rows.decision_of(row) if row is not None else None
