"""Decisions as rows: what is asked for often in columns, the rest as JSON without what is empty."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from seawall.decisions.record import DecisionRecord
from seawall.policy.guard import CheckKind, EventClass, Facts, GuardAction, Judgement, Tier

# Made once: `json.dumps` with options makes an encoder for every call.
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

_PLAIN = ("surface", "jurisdiction", "model", "generation_id", "reason", "message")


def to_rows(records: Sequence[DecisionRecord]) -> list[dict[str, Any]]:
    """Return the rows of decisions."""
    # Harmless requests are judged from facts that are one and the same object: they are written once.
    written: dict[tuple[object, ...], str] = {}
    rows = []
    for record in records:
        key: tuple[object, ...] | None = None
        data = None
        if record.vault == () and record.shadows == ():
            plain = [getattr(record, name) for name in _PLAIN]
            key = (id(record.facts), id(record.judgement), record.event_class, record.checks, *plain)
            data = written.get(key)
        if data is None:
            data = _encode(_data(record))
            if key is not None:
                written[key] = data
        rows.append(_row(record, data))
    return rows


def _data(record: DecisionRecord) -> dict[str, Any]:
    data: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(record, name)) is not None}
    if record.event_class is not None:
        data["event_class"] = record.event_class.value
    if record.judgement is not None:
        data["judgement"] = _judgement(record.judgement)
    if record.facts is not None:
        data["facts"] = record.facts.as_dict()
    if record.checks:
        data["checks"] = [list(check) for check in record.checks]
    if record.shadows:
        data["shadows"] = [_judgement(shadow) for shadow in record.shadows]
    if record.vault:
        data["vault"] = list(record.vault)
    return data


def _row(record: DecisionRecord, data: str) -> dict[str, Any]:
    return {
        "id": record.id,
        "at": record.at,
        "account": record.account,
        "request_id": record.request_id,
        "digest": record.digest,
        "kind": record.kind.value,
        "action": record.action.value,
        "drill": record.drill,
        "data": data,
    }


def from_row(row: RowMapping) -> DecisionRecord:
    """Return the decision of a row."""
    data = json.loads(row["data"])
    event_class = data.get("event_class")
    return DecisionRecord(
        id=row["id"],
        at=row["at"],
        kind=CheckKind(row["kind"]),
        account=row["account"],
        action=GuardAction(row["action"]),
        judgement=_read_judgement(data["judgement"]) if "judgement" in data else None,
        facts=Facts.from_dict(data["facts"]) if "facts" in data else None,
        event_class=EventClass(event_class) if event_class else None,
        checks=tuple((name, status) for name, status in data.get("checks", ())),
        digest=row["digest"],
        request_id=row["request_id"],
        shadows=tuple(map(_read_judgement, data.get("shadows", ()))),
        vault=tuple(data.get("vault", ())),
        **{name: data.get(name) for name in _PLAIN},
    )


def _judgement(judgement: Judgement) -> dict[str, Any]:
    written: dict[str, Any] = {"action": judgement.action.value, "policy": judgement.policy}
    if judgement.rules:
        written["rules"] = list(judgement.rules)
    for name in ("category", "strike"):
        if (value := getattr(judgement, name)) is not None:
            written[name] = value
    for name in ("drill", "evidence"):
        if getattr(judgement, name):
            written[name] = True
    if judgement.tier is not None:
        written["tier"] = judgement.tier.value
    return written


def _read_judgement(data: dict[str, Any]) -> Judgement:
    tier = data.get("tier")
    return Judgement(
        action=GuardAction(data["action"]),
        category=data.get("category"),
        rules=tuple(data.get("rules", ())),
        policy=data["policy"],
        drill=data.get("drill", False),
        evidence=data.get("evidence", False),
        strike=data.get("strike"),
        tier=Tier(tier) if tier else None,
    )
