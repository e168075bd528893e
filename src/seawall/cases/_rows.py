"""Rows of cases as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from seawall.cases.model import (
    Case,
    CaseDecision,
    CaseState,
    Door,
    EffectKind,
    GenerativeAi,
    IndustryClass,
    Item,
    ItemKind,
    Label,
    Outcome,
    Severity,
    SubjectKind,
    Task,
    TaskKind,
    Verdict,
)
from seawall.cases.policy import Weights
from seawall.cases.priority import waited
from seawall.cases.states import EventKind
from seawall.cases.submission import CaseEvent, Effect

Row = Mapping[Any, Any]
"""A row, by names of columns."""

# Made once: `json.dumps` with options makes an encoder for every call. ASCII, so that no database minds any sign.
encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def case_of(row: Row, weights: Weights, now: datetime) -> Case:
    """Return a case as it is now."""
    priority, waiting = float(row["points"]), None
    if row["open"]:
        priority, waiting = waited(weights, priority, row["opened_at"], now)
    why = tuple(json.loads(row["why"]))
    return Case(
        id=row["id"],
        subject_kind=SubjectKind(row["subject_kind"]),
        subject=row["subject"],
        door=Door(row["door"]),
        queue=row["queue"],
        severity=Severity(row["severity"]),
        category=row["category"],
        state=CaseState(row["state"]),
        drill=bool(row["drill"]),
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        due_why=row["due_why"],
        priority=priority,
        why=(*why, waiting) if waiting else why,
        version=row["version"],
        event_class=row["event_class"],
        jurisdiction=row["jurisdiction"],
        assigned=row["assigned"],
        closed_at=row["closed_at"],
    )


def item_of(row: Row) -> Item:
    """Return an item."""
    return Item(
        id=row["id"],
        case_id=row["case_id"],
        key=row["key"],
        kind=ItemKind(row["kind"]),
        added_at=row["added_at"],
        sha256=row["sha256"],
        vault=row["vault"],
        ref=row["ref"],
        decision_id=row["decision_id"],
        notice_id=row["notice_id"],
        parent=row["parent"],
        stage=row["stage"],
        evidence=json.loads(row["evidence"]),
    )


def task_of(row: Row, draft: str | None = None) -> Task:
    """Return a task with its owner's draft."""
    return Task(
        id=row["id"],
        case_id=row["case_id"],
        kind=TaskKind(row["kind"]),
        queue=row["queue"],
        created_at=row["created_at"],
        owner=row["owner"],
        token=row["token"],
        lease_until=row["lease_until"],
        draft=json.loads(draft) if draft is not None else {},
        done_at=row["done_at"],
        done_by=row["done_by"],
        round=row["round"],
    )


def verdict_of(row: Row) -> Verdict:
    """Return a verdict."""
    return Verdict(
        id=row["id"],
        case_id=row["case_id"],
        item_id=row["item_id"],
        label=Label(row["label"]),
        at=row["at"],
        task_id=row["task_id"],
        reviewer=row["reviewer"],
        industry=IndustryClass(row["industry"]) if row["industry"] else None,
        generative_ai=GenerativeAi(row["generative_ai"]),
        rationale=row["rationale"],
        vocabulary=tuple(json.loads(row["vocabulary"])),
        of=row["of"],
    )


def verdict_row(verdict: Verdict, round_: int) -> dict[str, Any]:
    """Return the row of a verdict."""
    return {
        "id": verdict.id,
        "case_id": verdict.case_id,
        "round": round_,
        "task_id": verdict.task_id,
        "item_id": verdict.item_id,
        "reviewer": verdict.reviewer,
        "label": verdict.label.value,
        "industry": verdict.industry.value if verdict.industry else None,
        "generative_ai": verdict.generative_ai.value,
        "rationale": verdict.rationale,
        "vocabulary": encode(list(verdict.vocabulary)),
        "of": verdict.of,
        "at": verdict.at,
    }


def decision_of(row: Row) -> CaseDecision:
    """Return a decision."""
    return CaseDecision(
        id=row["id"],
        case_id=row["case_id"],
        outcome=Outcome(row["outcome"]),
        effects=effects_of(row["effects"]),
        policy=row["policy"],
        first=row["first"],
        at=row["at"],
        second=row["second"],
        reasons=tuple(json.loads(row["reasons"])),
        supersedes=row["supersedes"],
        drill=bool(row["drill"]),
    )


def effects_of(written: str) -> tuple[EffectKind, ...]:
    """Return the kinds of effects that a column names."""
    return tuple(EffectKind(each) for each in json.loads(written))


def event_of(row: Row) -> CaseEvent:
    """Return an event."""
    return CaseEvent(
        row["number"],
        EventKind(row["kind"]),
        row["at"],
        CaseState(row["state"]),
        row["person"],
        json.loads(row["data"]),
    )


def effect_of(row: Row) -> Effect:
    """Return an effect."""
    return Effect(
        id=row["id"],
        case_id=row["case_id"],
        decision_id=row["decision_id"],
        kind=EffectKind(row["kind"]),
        item_id=row["item_id"],
        of=row["of"],
        host=row["host"],
        queued_at=row["queued_at"],
        done_at=row["done_at"],
        result=json.loads(row["result"]),
    )
