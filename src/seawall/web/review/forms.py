"""The form of a decision: from fields to a submission, or to what is wrong with which field; and drafts of it.

Fields are named by what they are and the item's id: `label-ID`, `industry-ID`, `ai-ID`, `why-ID`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from seawall.cases import Submission
from seawall.cases.model import EffectKind, GenerativeAi, IndustryClass, Item, Label, NewVerdict, Outcome
from seawall.web.errors import Malformed
from seawall.web.pages import Fields

Problems = Mapping[str, str]
"""What is wrong with which field, as words of the catalogue."""

_SELF_EXPLAINING = frozenset({Label.BENIGN, Label.CANARY, Label.UNSURE})
_COMMAS = re.compile(r"[,\u060c\u3001\uff0c;\n]")
_MOST_DRAFT = 512 * 1024
_MOST_FIELDS = 6_000
_E = TypeVar("_E", EffectKind, GenerativeAi, IndustryClass, Label, Outcome)


def read_submission(
    fields: Fields, asked: Sequence[Item], known: Mapping[str, NewVerdict], alike: Mapping[str, str]
) -> tuple[Submission | None, dict[str, str]]:
    """Return what a form says; or None, and what is wrong.

    Args:
        fields: What was sent.
        asked: The items that are to be judged.
        known: What holds for some of them without a look: nobody is asked about those.
        alike: Items that have the verdict of another one, by id.
    """
    problems: dict[str, str] = {}
    said = {
        item.id: known[item.id] if item.id in known else _verdict(fields, item, problems)
        for item in asked
        if item.id not in alike
    }
    for item_id, other in alike.items():
        verdict = said.get(other)
        said[item_id] = replace(verdict, item_id=item_id) if verdict is not None else None
    verdicts = [said[item.id] for item in asked]
    outcome = _one_of(Outcome, fields.get("outcome"))
    if outcome is None:
        problems["outcome"] = "outcome_missing"
    effects = tuple(each for each in EffectKind if each.value in fields.all("effect"))
    reasons = tuple(part.strip() for part in _COMMAS.split(fields.get("reasons")) if part.strip())
    if outcome not in (None, Outcome.NO_VIOLATION) and not reasons:
        problems["reasons"] = "rules_missing"
    whole = tuple(each for each in verdicts if each is not None)
    if problems or outcome is None or len(whole) < len(asked):
        return None, problems
    return Submission(whole, outcome, effects, reasons), problems


def _verdict(fields: Fields, item: Item, problems: dict[str, str]) -> NewVerdict | None:
    label = _one_of(Label, fields.get(f"label-{item.id}"))
    rationale = fields.get(f"why-{item.id}")
    if label is None:
        problems[f"label-{item.id}"] = "missing"
        return None
    if not rationale and label not in _SELF_EXPLAINING:
        problems[f"why-{item.id}"] = "reason_missing"
        return None
    industry = _one_of(IndustryClass, fields.get(f"industry-{item.id}"))
    made = _one_of(GenerativeAi, fields.get(f"ai-{item.id}")) or GenerativeAi.UNKNOWN
    return NewVerdict(item.id, label, industry, made, rationale, fields.all(f"term-{item.id}"))


def drafted(text: str) -> dict[str, Any]:
    """Return a draft as a page's script sends it: a JSON list of pairs.

    Raises:
        Malformed: If it is none.
    """
    if not text:
        return {"fields": []}
    try:
        pairs: Any = json.loads(text) if len(text) <= _MOST_DRAFT else None
        kept = [[_whole(name)[:200], _whole(value)[:10_000]] for name, value in pairs[:_MOST_FIELDS]]
    except (ValueError, TypeError, RecursionError):
        raise Malformed("a draft is a short list of pairs") from None
    return {"fields": kept}


def _whole(value: Any) -> str:
    """Return a value as text that can be written: half of a surrogate pair cannot, and JSON may carry one."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def draft_of(draft: Mapping[str, Any]) -> Fields:
    """Return a kept draft as the fields of its form; nothing if it was written by something else."""
    values: dict[str, tuple[str, ...]] = {}
    pairs = draft.get("fields")
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, list) and len(pair) == 2:
            name, value = str(pair[0]), str(pair[1])
            values[name] = (*values.get(name, ()), value)
    return Fields(values)


def _one_of(kind: type[_E], text: str) -> _E | None:
    return next((each for each in kind if each.value == text), None)
