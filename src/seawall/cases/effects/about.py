"""An effect with all that it is about: its case, its decision, its item, what it takes back, and what takes it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select, update

from seawall.cases import _rows
from seawall.cases._office import Office
from seawall.cases._rows import Row
from seawall.cases.model import CaseDecision, EffectKind, Item, Label
from seawall.cases.states import EventKind
from seawall.errors import NotFound
from seawall.store.tables import case_decision, case_effect, review_case, review_item, review_submission, review_verdict


@dataclass(frozen=True, slots=True)
class About:
    """An effect, and what it is about.

    Attributes:
        row: The effect.
        case: Its case.
        decision: Its decision; None for a draft that runs ahead of one.
        item: Its item, if it is of one.
        original: The effect that it takes back.
        taken_back: Whether another effect takes it back.
    """

    row: Row
    case: Row
    decision: CaseDecision | None
    item: Item | None
    original: Row | None
    taken_back: bool

    @property
    def kind(self) -> EffectKind:
        """What it is."""
        return EffectKind(self.row["kind"])

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do: it has happened, or the host was told."""
        return self.row["done_at"] is not None or self.row["host"] is not None

    @property
    def drill(self) -> bool:
        """Whether canaries alone led here."""
        return bool(self.case["drill"])

    @property
    def result(self) -> Mapping[str, Any]:
        """What was done already."""
        return result_of(self.row)


def result_of(row: Row) -> Mapping[str, Any]:
    """Return what an effect has done."""
    found: Mapping[str, Any] = json.loads(row["result"])
    return found


def about(connection: Connection, effect_id: str, *, lock: bool = False) -> About:
    """Return an effect with all that it is about.

    Args:
        connection: A transaction.
        effect_id: Which.
        lock: Whether nobody else may do it, nor what it takes back, until the transaction ends.

    Raises:
        NotFound: If there is no such effect.
    """
    row = _effect(connection, effect_id, lock=False)
    original = None
    if row is not None and row["of"] is not None:
        original = _effect(connection, row["of"], lock=lock)
    if row is not None and lock:
        row = _effect(connection, effect_id, lock=True)
    if row is None:
        raise NotFound("there is no effect with this id")
    case = connection.execute(select(review_case).where(review_case.c.id == row["case_id"])).mappings().one()
    decision = connection.execute(select(case_decision).where(case_decision.c.id == row["decision_id"])).mappings()
    item = connection.execute(select(review_item).where(review_item.c.id == row["item_id"])).mappings().first()
    inverse = connection.execute(select(case_effect.c.id).where(case_effect.c.of == effect_id)).first()
    found = decision.first()
    return About(
        row=row,
        case=case,
        decision=_rows.decision_of(found) if found is not None else None,
        item=_rows.item_of(item) if item is not None else None,
        original=original,
        taken_back=inverse is not None,
    )


def labels_of(connection: Connection, decision_id: str) -> dict[str, Label]:
    """Return what each item is that a decision is about, by id: as whoever spoke last said, or as it was carried."""
    said = select(case_decision.c.case_id, case_decision.c.round).where(case_decision.c.id == decision_id)
    row = connection.execute(said).first()
    if row is None:
        return {}
    case_id, round_ = row
    carried = select(review_verdict.c.item_id, review_verdict.c.label).where(
        review_verdict.c.case_id == case_id, review_verdict.c.task_id.is_(None)
    )
    labels = {item: Label(label) for item, label in connection.execute(carried)}
    given = (
        select(review_verdict.c.item_id, review_verdict.c.label)
        .join(review_submission, review_submission.c.task_id == review_verdict.c.task_id)
        .where(review_submission.c.case_id == case_id, review_submission.c.round == round_)
        .order_by(review_submission.c.place)
    )
    return labels | {item: Label(label) for item, label in connection.execute(given)}


def checks_of(connection: Connection, items: Mapping[str, Label]) -> set[str]:
    """Return the guard's decisions that led to items which are against the rules."""
    wrong = sorted(item for item, label in items.items() if label not in (Label.BENIGN, Label.UNSURE, Label.CANARY))
    wanted = select(review_item.c.decision_id).where(
        review_item.c.id.in_(wrong), review_item.c.decision_id.is_not(None)
    )
    return set(connection.execute(wanted).scalars())


def note(connection: Connection, effect: Row, result: Mapping[str, Any], *, host: str | None = None) -> None:
    """Write what was done so far, in a transaction that holds the effect."""
    values = {"result": _rows.encode(dict(result)), "host": host}
    connection.execute(update(case_effect).where(case_effect.c.id == effect["id"]).values(values))


def finish(
    office: Office, connection: Connection, effect: Row, result: Mapping[str, Any], *, at: str | None = None
) -> None:
    """Write that an effect has happened, in a transaction that holds it; the case's log tells of it as well.

    Args:
        office: Where cases are kept.
        connection: The transaction.
        effect: Which.
        result: Ids and counts of what was done.
        at: When it happened; by default now.
    """
    values = {"result": _rows.encode(dict(result)), "done_at": at or office.now()}
    connection.execute(update(case_effect).where(case_effect.c.id == effect["id"]).values(values))
    if effect["kind"] == EffectKind.REPORT_DRAFT.value:
        # A draft may run ahead of the decision, and whoever confirms it must not learn of it by the case's log.
        return
    facts = {
        "effect": effect["id"],
        "what": effect["kind"],
        "item": effect["item_id"],
        "of": effect["of"],
        "decision": effect["decision_id"],
    }
    # Last: other transactions lock accounts before cases.
    office.move(connection, office.locked(connection, effect["case_id"]), EventKind.DONE, facts=facts)


def _effect(connection: Connection, effect_id: str, *, lock: bool) -> Row | None:
    wanted = select(case_effect).where(case_effect.c.id == effect_id)
    return connection.execute(held(wanted) if lock else wanted).mappings().first()


def held(wanted: Select[Any]) -> Select[Any]:
    """Let nobody else do these effects until the transaction ends.

    Whoever decides anew may still refer to them, and so never waits for a worker that waits for the case.
    """
    return wanted.with_for_update(key_share=True)
