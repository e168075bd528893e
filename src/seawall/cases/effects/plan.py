"""What follows from a decision, queued with it: each effect a row and a message, and what no longer holds taken back.

An effect's id is that of its message, so that nothing is queued twice. What two decisions of a case have in common is
neither done again nor taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from seawall.cases._rows import Row
from seawall.cases.model import Case, CaseDecision, EffectKind, Item, Label
from seawall.store import insert_new
from seawall.store.outbox import enqueue, message_id
from seawall.store.tables import case_effect, report_draft

TOPIC = "case.effect"
VERSION = 1
OF_ITEMS = frozenset({EffectKind.REMOVE, EffectKind.BANK})
INVERTED = frozenset({EffectKind.REMOVE, EffectKind.BANK, EffectKind.STRIKE, EffectKind.NOTIFY})
"""What is taken back when it no longer holds; a notice is followed by another one."""

DECIDED_OTHERWISE = "what was decided in the end is not reportable"
SUPERSEDED = "a later decision takes its place"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An effect that a decision asks for: its kind, and of which item."""

    kind: EffectKind
    item_id: str | None


def wanted_by(effects: Iterable[EffectKind], items: Iterable[Item], wrong: Collection[str]) -> list[Wanted]:
    """Return the effects of a decision, those of items for each item in `wrong`."""
    found: list[Wanted] = []
    concerned = [each for each in items if each.id in wrong]
    for kind in effects:
        if kind in OF_ITEMS:
            found += [Wanted(kind, each.id) for each in concerned]
        else:
            found.append(Wanted(kind, None))
    return found


def queue_effects(connection: Connection, case: Row, decision: CaseDecision, wanted: Sequence[Wanted]) -> list[str]:
    """Queue what a decision asks for and is not in force yet, and take back what it does not; return the new ids."""
    active = _in_force(active_effects(connection, case["id"]))
    asked = set(wanted)
    ids = []
    for row in active:
        kind = EffectKind(row["kind"])
        ours = Wanted(kind, row["item_id"])
        if kind is EffectKind.REPORT_DRAFT:
            if ours not in asked:
                withdraw_draft(connection, case["id"], decision.at, DECIDED_OTHERWISE)
        elif kind in INVERTED and ours not in asked and row["decision_id"] != decision.id:
            ids.append(_queue(connection, case, decision.id, ours, decision.at, of=row["id"]))
    kept = {Wanted(EffectKind(row["kind"]), row["item_id"]) for row in active if row["kind"] != EffectKind.NOTIFY.value}
    for each in wanted:
        if each in kept:
            continue
        if each.kind is EffectKind.REPORT_DRAFT:
            ids.append(draft_report(connection, case, decision.id, decision.at, early=False))
        else:
            ids.append(_queue(connection, case, decision.id, each, decision.at))
    return ids


def queue_bank(connection: Connection, case: Case, decision: CaseDecision, item: Item) -> None:
    """Queue the entry of an item into the operator's bank, where a decision does not ask for that itself.

    Which bank follows from the item's label; one that is not against the rules goes into none.

    Args:
        connection: The transaction of the decision.
        case: The case.
        decision: What it came to.
        item: Which of its items.
    """
    asked = Wanted(EffectKind.BANK, item.id)
    kept = {Wanted(EffectKind(row["kind"]), row["item_id"]) for row in active_effects(connection, case.id)}
    if asked not in kept:
        _queue(connection, {"id": case.id, "drill": case.drill}, decision.id, asked, decision.at)


def draft_report(connection: Connection, case: Row, decision_id: str, at: str, *, early: bool) -> str:
    """Draft a report, once for a decision; return its id. The draft is there when the transaction ends.

    Args:
        connection: The caller's transaction.
        case: The case.
        decision_id: The decision, or the one to which a round will lead.
        at: The moment.
        early: Whether another person has yet to confirm: a report does not wait for that.
    """
    made = _queue(connection, case, decision_id, Wanted(EffectKind.REPORT_DRAFT, None), at)
    draft = {
        "id": made,
        "case_id": case["id"],
        "decision_id": decision_id,
        "at": at,
        "early": early,
        "drill": bool(case["drill"]),
        "withdrawn_at": None,
        "withdrawn_why": None,
    }
    insert_new(connection, report_draft, [draft])
    return made


def withdraw_draft(connection: Connection, case_id: str, at: str, why: str) -> None:
    """Say that the drafts of a case no longer stand. What was filed by then is for whoever files to correct."""
    mine = (report_draft.c.case_id == case_id) & report_draft.c.withdrawn_at.is_(None)
    values = {"withdrawn_at": at, "withdrawn_why": why}
    connection.execute(update(report_draft).where(mine).values(values))


def active_effects(connection: Connection, case_id: str) -> Sequence[Row]:
    """Return the effects of a case that nothing has taken back, the first first."""
    inverse = case_effect.alias("inverse")
    gone = select(inverse.c.of).where(inverse.c.case_id == case_id, inverse.c.of.is_not(None))
    drafts = select(report_draft.c.id).where(
        report_draft.c.case_id == case_id, report_draft.c.withdrawn_at.is_not(None)
    )
    wanted = select(case_effect).where(
        case_effect.c.case_id == case_id,
        case_effect.c.of.is_(None),
        case_effect.c.id.not_in(gone),
        case_effect.c.id.not_in(drafts),
    )
    return connection.execute(wanted.order_by(case_effect.c.queued_at, case_effect.c.id)).mappings().all()


def concerned(labels: dict[str, Label], *, drill: bool) -> frozenset[str]:
    """Return the items that effects are about: those against the rules; in a drill its canaries."""
    harmless = {Label.BENIGN, Label.UNSURE} | (set() if drill else {Label.CANARY})
    return frozenset(item for item, label in labels.items() if label not in harmless)


def _in_force(active: Sequence[Row]) -> list[Row]:
    """Return what of that is in force: of notices the last, which tells what the earlier ones do not."""
    notices = [row for row in active if row["kind"] == EffectKind.NOTIFY.value]
    last = max(notices, key=lambda row: (row["queued_at"], row["decision_id"]), default=None)
    return [row for row in active if row["kind"] != EffectKind.NOTIFY.value or row is last]


def _queue(connection: Connection, case: Row, decision_id: str, what: Wanted, at: str, *, of: str | None = None) -> str:
    parts = [
        "decision",
        decision_id,
        *(["undo"] if of else []),
        what.kind.value,
        *([what.item_id] if what.item_id else []),
    ]
    if of is not None:
        # Two decisions may have asked for the same, one after the other.
        parts.append(of)
    key = "/".join(parts)
    payload: dict[str, Any] = {
        "v": VERSION,
        "kind": what.kind.value,
        "case": case["id"],
        "decision": decision_id,
        "item": what.item_id,
        "of": of,
        "drill": bool(case["drill"]),
        "at": at,
    }
    row = {
        "id": message_id(TOPIC, key),
        "case_id": case["id"],
        "decision_id": decision_id,
        "kind": what.kind.value,
        "item_id": what.item_id,
        "of": of,
        "host": None,
        "queued_at": at,
        "done_at": None,
        "result": "{}",
    }
    insert_new(connection, case_effect, [row])
    # In order within a case and a kind: what is taken back was done before, and nothing else waits for it.
    return enqueue(connection, TOPIC, key, payload, at=at, lane=f"{case['id']}/{what.kind.value}")
