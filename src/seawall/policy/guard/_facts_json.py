"""Facts as plain JSON and back: strict, so that a recorded decision is judged again from what it says or not at all.

What is empty is left out. Errors name a field, never what is in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from seawall.policy.decide import Evidence
from seawall.policy.guard.facts import AgeSignal, CheckKind, Facts, Look, State
from seawall.policy.rules import PolicyError
from seawall.policy.separation import Partition

_Choice = TypeVar("_Choice", bound=StrEnum)
_Value = TypeVar("_Value")

_TEXTS = ("surface", "jurisdiction", "model")
_FACTS = frozenset({"kind", *_TEXTS, "age_signal", "standing", "pace", "states", "real", "rehearsed"})
_LOOK = frozenset({"matches", "partition", "parts", "scores", "part_scores"})
_MATCH = frozenset({"purpose", "list", "type", "distance", "exact", "labels"})


def write_facts(facts: Facts) -> dict[str, Any]:
    """Return facts as plain JSON."""
    data: dict[str, Any] = {"kind": facts.kind.value}
    for name in _TEXTS:
        if (value := getattr(facts, name)) is not None:
            data[name] = value
    if facts.age_signal is not AgeSignal.UNKNOWN:
        data["age_signal"] = facts.age_signal.value
    for name in ("standing", "pace"):
        if words := getattr(facts, name):
            data[name] = sorted(words)
    if facts.states:
        data["states"] = sorted(state.value for state in facts.states)
    if real := _write_look(facts.real):
        data["real"] = real
    if facts.rehearsed is not None:
        data["rehearsed"] = _write_look(facts.rehearsed)
    return data


def read_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of facts.

    Raises:
        PolicyError: If `data` is not what `write_facts` returns.
    """
    given = _known(data, _FACTS, "facts")
    fields: dict[str, Any] = {"kind": _choice(CheckKind, given.get("kind"), "kind")}
    for name in _TEXTS:
        if name in given:
            fields[name] = _text(given[name], name)
    if "age_signal" in given:
        fields["age_signal"] = _choice(AgeSignal, given["age_signal"], "age_signal")
    for name in ("standing", "pace"):
        fields[name] = frozenset(_text(word, name) for word in _list(given.get(name, ()), name))
    fields["states"] = frozenset(_choice(State, state, "states") for state in _list(given.get("states", ()), "states"))
    if "real" in given:
        fields["real"] = _read_look(given["real"], "real")
    if "rehearsed" in given:
        fields["rehearsed"] = _read_look(given["rehearsed"], "rehearsed")
    return fields


def _write_look(look: Look) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if look.matches:
        data["matches"] = [_write_match(match) for match in look.matches]
    if look.partition is not Partition.NEITHER:
        data["partition"] = look.partition.value
    if look.parts:
        data["parts"] = {name: side.value for name, side in look.parts.items()}
    if look.scores:
        data["scores"] = dict(look.scores)
    if look.part_scores:
        data["part_scores"] = {name: dict(scores) for name, scores in look.part_scores.items()}
    return data


def _write_match(match: Evidence) -> dict[str, Any]:
    data: dict[str, Any] = {"purpose": match.purpose, "list": match.list, "type": match.type}
    if match.distance is not None:
        data["distance"] = match.distance
    if match.exact:
        data["exact"] = True
    if match.labels:
        data["labels"] = list(match.labels)
    return data


def _read_look(data: object, place: str) -> Look:
    given = _known(data, _LOOK, place)
    return Look(
        matches=tuple(_read_match(match, f"{place}.matches") for match in _list(given.get("matches", ()), place)),
        partition=_choice(Partition, given.get("partition", Partition.NEITHER), f"{place}.partition"),
        parts=_table(given.get("parts", {}), f"{place}.parts", lambda side, at: _choice(Partition, side, at)),
        scores=_table(given.get("scores", {}), f"{place}.scores", _number),
        part_scores=_table(
            given.get("part_scores", {}), f"{place}.part_scores", lambda scores, at: _table(scores, at, _number)
        ),
    )


def _read_match(data: object, place: str) -> Evidence:
    given = _known(data, _MATCH, place)
    exact = given.get("exact", False)
    if not isinstance(exact, bool):
        raise _not_facts(f"{place}.exact")
    return Evidence(
        purpose=_text(given.get("purpose"), f"{place}.purpose"),
        list=_text(given.get("list"), f"{place}.list"),
        type=_text(given.get("type"), f"{place}.type"),
        distance=_number(given["distance"], f"{place}.distance") if "distance" in given else None,
        exact=exact,
        labels=tuple(_text(label, f"{place}.labels") for label in _list(given.get("labels", ()), place)),
    )


def _not_facts(place: str) -> PolicyError:
    return PolicyError(f"these are not the facts of a check: see {place}")


def _known(data: object, keys: frozenset[str], place: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or not set(data) <= keys:
        raise _not_facts(place)
    return data


def _list(data: object, place: str) -> list[Any] | tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        raise _not_facts(place)
    return data


def _text(data: object, place: str) -> str:
    if not isinstance(data, str):
        raise _not_facts(place)
    return data


def _number(data: object, place: str) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not math.isfinite(data):
        raise _not_facts(place)
    return data


def _choice(kind: type[_Choice], data: object, place: str) -> _Choice:
    try:
        return kind(_text(data, place))
    except ValueError:
        raise _not_facts(place) from None


def _table(data: object, place: str, read: Callable[[Any, str], _Value]) -> dict[str, _Value]:
    if not isinstance(data, Mapping):
        raise _not_facts(place)
    return {_text(key, place): read(value, place) for key, value in data.items()}
