"""`GET /v1/decisions/{id}`: what was decided, and from which facts; never content."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from seawall.decisions import DecisionRecord
from seawall.policy.guard import Judgement
from seawall.web.document import refusals
from seawall.web.errors import UnknownPath
from seawall.web.keys.model import Scope
from seawall.web.parts import Parts
from seawall.web.route import Reply, add, needs

_ID = re.compile(r"[0-9a-f]{32}")


class DecisionMissing(UnknownPath):
    """There is no decision with this id."""

    code = "no_decision"
    hint = "decisions to allow are forgotten after a while; see docs/serve.md"


def add_decisions(app: FastAPI, parts: Parts) -> None:
    """Add the route."""

    @needs(Scope.CHECK)
    async def decision(decision_id: str) -> Reply:
        """Return a decision as it was recorded."""
        found = None
        if _ID.fullmatch(decision_id):
            found = await run_in_threadpool(parts.decisions.get, decision_id)
        if found is None:
            raise DecisionMissing
        return Reply(json.dumps(as_dict(found)).encode())

    add(
        app,
        "GET",
        "/v1/decisions/{decision_id}",
        decision,
        response_model=dict[str, Any],
        responses=refusals(404),
    )


def as_dict(record: DecisionRecord) -> dict[str, Any]:
    """Return a decision as plain values. Its digest of the content stays here."""
    return {
        "decision_id": record.id,
        "at": record.at,
        "kind": record.kind.value,
        "account": record.account,
        "action": record.action.value,
        "category": record.category,
        "reasons": list(record.reasons),
        "policy": record.judgement.policy if record.judgement else None,
        "drill": record.drill,
        "event_class": record.event_class.value if record.event_class else None,
        "checks": [{"name": name, "status": status} for name, status in record.checks],
        "facts": _without_labels(record.facts.as_dict()) if record.facts else None,
        "request_id": record.request_id,
        "surface": record.surface,
        "jurisdiction": record.jurisdiction,
        "model": record.model,
        "generation_id": record.generation_id,
        "shadows": [_judgement(shadow) for shadow in record.shadows],
        "vault": list(record.vault),
        "message": record.message,
    }


def _judgement(judgement: Judgement) -> dict[str, Any]:
    found = asdict(judgement)
    found["action"] = judgement.action.value
    found["tier"] = judgement.tier.value if judgement.tier else None
    return found


def _without_labels(facts: Any) -> Any:
    """Labels of list entries are not for those who ask for checks."""
    if isinstance(facts, dict):
        return {name: _without_labels(value) for name, value in facts.items() if name != "labels"}
    if isinstance(facts, list):
        return [_without_labels(value) for value in facts]
    return facts
