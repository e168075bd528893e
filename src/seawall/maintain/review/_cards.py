"""Cases and items as JSON and back: what a task beside the cases keeps of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from seawall.cases.model import Case, CaseState, Door, Item, ItemKind, Severity, SubjectKind


def case_json(case: Case) -> str:
    """Return a case as JSON."""
    return json.dumps(asdict(case), sort_keys=True)


def items_json(items: Sequence[Item]) -> str:
    """Return items as JSON."""
    return json.dumps([asdict(item) | {"evidence": dict(item.evidence)} for item in items], sort_keys=True)


def read_case(text: str) -> Case:
    """Return the case that a JSON text states."""
    data: dict[str, Any] = json.loads(text)
    data["subject_kind"] = SubjectKind(data["subject_kind"])
    data["door"] = Door(data["door"])
    data["severity"] = Severity(data["severity"])
    data["state"] = CaseState(data["state"])
    data["why"] = tuple(data["why"])
    return Case(**data)


def read_items(text: str) -> tuple[Item, ...]:
    """Return the items that a JSON text states."""
    return tuple(Item(**(each | {"kind": ItemKind(each["kind"])})) for each in json.loads(text))
