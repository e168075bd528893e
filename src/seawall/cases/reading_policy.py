"""Reading review policies: strict, so that a slip of the pen is an error and never a laxer rule."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from enum import IntEnum, StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from seawall.cases.errors import ReviewPolicyInvalid
from seawall.cases.model import Door, EffectKind, Label, Outcome, Severity
from seawall.cases.policy import (
    Bank,
    GuardSeverity,
    Method,
    Needed,
    Order,
    Queue,
    ReviewPolicy,
    Takes,
    VerificationRule,
    Weights,
)
from seawall.policy.guard.bounded_yaml import read_text, read_yaml
from seawall.policy.guard.errors import GuardPolicyError

SHIPPED = "the shipped review policy"
LONGEST_DAYS = 60
"""A policy under which a case can be overtaken for longer than this is refused."""

_MOST_QUEUES = 64
_MOST_PEOPLE = 9
_MOST_WORDS = 500
_NAME_LENGTH = 40
_PURPOSES = ("csam", "exploitative", "ncii_adult", "canary")
_Word = TypeVar("_Word", bound=StrEnum)
_TOP = (
    "review", "version", "lease", "priority", "queues", "escalation", "verification", "must_report", "strikes",
    "banks", "carried", "guard",
)  # fmt: skip


def load_review_policy(path: Path | None = None) -> ReviewPolicy:
    """Read a review policy from a YAML file, or the one that ships.

    Raises:
        ReviewPolicyInvalid: If it cannot be read or is not one; the message names the place.
    """
    if path is None:
        return _shipped()
    try:
        return parse_review_policy(read_text(path), str(path))
    except GuardPolicyError as problem:
        raise ReviewPolicyInvalid(problem.message) from None


@cache
def _shipped() -> ReviewPolicy:
    return parse_review_policy((files("seawall.cases") / "review.yaml").read_text("utf-8"), SHIPPED)


def parse_review_policy(text: str, name: str = "policy") -> ReviewPolicy:
    """Read a review policy from YAML text; `name` is what errors call it.

    Raises:
        ReviewPolicyInvalid: If it is not one.
    """
    try:
        data = read_yaml(text, name)
    except GuardPolicyError as problem:
        raise ReviewPolicyInvalid(problem.message) from None
    top = _table(data, name, _TOP)
    canonical = json.dumps(_plain(top, name), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    lease = _table(top["lease"], f"{name}: lease", ("seconds", "skip_minutes"))
    queues = _queues(top["queues"], f"{name}: queues")
    verification = _table(top["verification"], f"{name}: verification", ("rules", "otherwise", "others"))
    carried = _table(top["carried"], f"{name}: carried", ("decide", "effects"))
    escalation = _name(top["escalation"], f"{name}: escalation")
    if escalation not in {each.name for each in queues}:
        raise ReviewPolicyInvalid(f"{name}: escalation: there is no queue {escalation!r}")
    return ReviewPolicy(
        name=_name(top["review"], f"{name}: review"),
        version=_whole(top["version"], f"{name}: version", 0, 2**31),
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        data=canonical,
        lease_seconds=_whole(lease["seconds"], f"{name}: lease: seconds", 30, 24 * 3600),
        skip_minutes=_whole(lease["skip_minutes"], f"{name}: lease: skip_minutes", 0, 7 * 24 * 60),
        weights=_weights(top["priority"], f"{name}: priority"),
        queues=queues,
        escalation=escalation,
        rules=tuple(
            _rule(each, f"{name}: verification: rule {place}")
            for place, each in enumerate(_list(verification["rules"], f"{name}: verification: rules"), 1)
        ),
        otherwise=_needed(verification["otherwise"], f"{name}: verification: otherwise"),
        others=_whole(verification["others"], f"{name}: verification: others", 0, _MOST_PEOPLE),
        must_report=_words(Label, top["must_report"], f"{name}: must_report"),
        strikes=_by_label(top["strikes"], f"{name}: strikes", _name),
        banks=_by_label(top["banks"], f"{name}: banks", _bank),
        carries=_flag(carried["decide"], f"{name}: carried: decide"),
        carried_effects=_words(EffectKind, carried["effects"], f"{name}: carried: effects"),
        guard=tuple(
            _guard(each, f"{name}: guard: entry {place}")
            for place, each in enumerate(_list(top["guard"], f"{name}: guard"), 1)
        ),
    )


def _weights(data: Any, place: str) -> Weights:
    table = _table(data, place, ("severity", "imminent", "ongoing", "reach", "relief_per_hour"))
    names = [each.name.lower() for each in Severity]
    points = _table(table["severity"], f"{place}: severity", names)
    severity = {
        each: _number(points[each.name.lower()], f"{place}: severity: {each.name.lower()}") for each in Severity
    }
    if sorted(severity.values()) != [severity[each] for each in Severity]:
        raise ReviewPolicyInvalid(f"{place}: severity: what is graver has no fewer points")
    ongoing = _table(table["ongoing"], f"{place}: ongoing", ("times", "findings", "within_hours"))
    reach = _table(table["reach"], f"{place}: reach", ("times", "most"))
    made = Weights(
        severity=MappingProxyType(severity),
        imminent=_number(table["imminent"], f"{place}: imminent", 1),
        ongoing=_number(ongoing["times"], f"{place}: ongoing: times", 1),
        ongoing_findings=_whole(ongoing["findings"], f"{place}: ongoing: findings", 2, 1000),
        ongoing_hours=_number(ongoing["within_hours"], f"{place}: ongoing: within_hours", 0.1),
        reach=_number(reach["times"], f"{place}: reach: times", 0),
        reach_most=_number(reach["most"], f"{place}: reach: most", 1),
        relief=_number(table["relief_per_hour"], f"{place}: relief_per_hour", 0),
    )
    if not made.relief or made.longest_hours > LONGEST_DAYS * 24:
        least = made.most / (LONGEST_DAYS * 24)
        raise ReviewPolicyInvalid(
            f"{place}: relief_per_hour: a case could be overtaken for more than {LONGEST_DAYS} days",
            hint=f"with these weights, give at least {least:.2g} an hour",
        )
    return made


def _queues(data: Any, place: str) -> tuple[Queue, ...]:
    written = _list(data, place)
    if not 0 < len(written) <= _MOST_QUEUES:
        raise ReviewPolicyInvalid(f"{place}: from 1 to {_MOST_QUEUES} queues")
    made: list[Queue] = []
    for number, each in enumerate(written, 1):
        at = f"{place}: queue {number}"
        table = _table(each, at, ("name", "takes", "sla_minutes", "ground", "order"))
        name = _name(table["name"], f"{at}: name")
        if name in {other.name for other in made}:
            raise ReviewPolicyInvalid(f"{at}: there are two of the name {name!r}")
        ground = table["ground"]
        if not isinstance(ground, str) or not 0 < len(ground.strip()) <= _MOST_WORDS:
            raise ReviewPolicyInvalid(f"{at}: ground: say in words why it is to be decided by then")
        sla = _whole(table["sla_minutes"], f"{at}: sla_minutes", 1, 366 * 24 * 60)
        takes = _takes(table["takes"], f"{at}: takes")
        made.append(Queue(name, takes, sla, ground.strip(), _word(Order, table["order"], f"{at}: order")))
    if not made[-1].takes.everything:
        raise ReviewPolicyInvalid(f"{place}: the last queue takes everything, so that no case is without one")
    early = next((each.name for each in made[:-1] if each.takes.everything), None)
    if early is not None:
        raise ReviewPolicyInvalid(f"{place}: {early} takes everything, so that those after it get nothing")
    return tuple(made)


def _takes(data: Any, place: str) -> Takes:
    if data in ("everything", "nothing"):
        return Takes(everything=data == "everything", nothing=data == "nothing")
    known = ("drill", "imminent", "doors", "severities", "categories", "event_classes")
    table = _table(data, place, (), optional=known)
    if not table:
        raise ReviewPolicyInvalid(f"{place}: give a condition, or write 'everything' or 'nothing'")
    return Takes(
        drill=_flag(table["drill"], f"{place}: drill") if "drill" in table else None,
        imminent=_flag(table["imminent"], f"{place}: imminent") if "imminent" in table else None,
        doors=_words(Door, table.get("doors", []), f"{place}: doors"),
        severities=_severities(table.get("severities", []), f"{place}: severities"),
        categories=_patterns(table.get("categories", []), f"{place}: categories"),
        event_classes=frozenset(_patterns(table.get("event_classes", []), f"{place}: event_classes")),
    )


def _rule(data: Any, place: str) -> VerificationRule:
    table = _table(data, place, ("how",), optional=("severities", "labels", "outcomes"))
    return VerificationRule(
        needed=_needed(table["how"], f"{place}: how"),
        severities=_severities(table.get("severities", []), f"{place}: severities"),
        labels=_words(Label, table.get("labels", []), f"{place}: labels"),
        outcomes=_words(Outcome, table.get("outcomes", []), f"{place}: outcomes"),
    )


def _needed(data: Any, place: str) -> Needed:
    if isinstance(data, Mapping):
        table = _table(data, place, ("consensus",))
        return Needed(Method.CONSENSUS, _whole(table["consensus"], f"{place}: consensus", 2, _MOST_PEOPLE))
    method = _word(Method, data, place)
    if method is Method.CONSENSUS:
        raise ReviewPolicyInvalid(f"{place}: say of how many: {{consensus: 3}}")
    return Needed(method, 1 if method is Method.SINGLE else 2)


def _guard(data: Any, place: str) -> GuardSeverity:
    table = _table(data, place, ("severity",), optional=("categories", "event_classes"))
    return GuardSeverity(
        severity=_severity(table["severity"], f"{place}: severity"),
        categories=_patterns(table.get("categories", []), f"{place}: categories"),
        event_classes=frozenset(_patterns(table.get("event_classes", []), f"{place}: event_classes")),
    )


def _bank(data: Any, place: str) -> Bank:
    table = _table(data, place, ("bank", "purpose"))
    purpose = table["purpose"]
    if purpose not in _PURPOSES:
        raise ReviewPolicyInvalid(f"{place}: purpose is one of {', '.join(_PURPOSES)}")
    return Bank(_name(table["bank"], f"{place}: bank"), str(purpose))


def _by_label(data: Any, place: str, read: Callable[[Any, str], Any]) -> Mapping[Label, Any]:
    table = _table(data, place, (), optional=tuple(Label))
    return MappingProxyType({Label(key): read(value, f"{place}: {key}") for key, value in table.items()})


def _table(data: Any, place: str, keys: Collection[str], optional: Collection[str] = ()) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ReviewPolicyInvalid(f"{place} is a mapping")
    known = {str(key) for key in (*keys, *optional)}
    unknown = sorted(str(key)[:_NAME_LENGTH] for key in data if key not in known)
    if unknown:
        raise ReviewPolicyInvalid(f"{place}: unknown key {unknown[0]!r}", hint="it knows " + ", ".join(sorted(known)))
    missing = next((key for key in keys if key not in data), None)
    if missing is not None:
        raise ReviewPolicyInvalid(f"{place} lacks {missing!r}")
    return data


def _list(data: Any, place: str) -> list[Any]:
    if not isinstance(data, list):
        raise ReviewPolicyInvalid(f"{place} is a list")
    return data


def _word(kind: type[_Word], data: Any, place: str) -> _Word:
    if data not in list(kind):
        raise ReviewPolicyInvalid(f"{place}: one of {', '.join(kind)}")
    return kind(data)


def _words(kind: type[_Word], data: Any, place: str) -> frozenset[_Word]:
    return frozenset(_word(kind, each, place) for each in _list(data, place))


def _severity(data: Any, place: str) -> Severity:
    names = [each.name.lower() for each in Severity]
    if data not in names:
        raise ReviewPolicyInvalid(f"{place}: one of {', '.join(names)}")
    return Severity[str(data).upper()]


def _severities(data: Any, place: str) -> frozenset[Severity]:
    return frozenset(_severity(each, place) for each in _list(data, place))


def _patterns(data: Any, place: str) -> tuple[str, ...]:
    found = _list(data, place)
    if not all(isinstance(each, str) and 0 < len(each) <= 64 for each in found):
        raise ReviewPolicyInvalid(f"{place} is a list of words")
    return tuple(found)


def _name(data: Any, place: str) -> str:
    if not isinstance(data, str) or not 0 < len(data) <= _NAME_LENGTH or not data.replace("-", "_").isidentifier():
        raise ReviewPolicyInvalid(f"{place}: a word of letters, digits, '-' and '_', {_NAME_LENGTH} at most")
    return data


def _flag(data: Any, place: str) -> bool:
    if not isinstance(data, bool):
        raise ReviewPolicyInvalid(f"{place} is true or false")
    return data


def _whole(data: Any, place: str, least: int, most: int) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or not least <= data <= most:
        raise ReviewPolicyInvalid(f"{place} is a whole number from {least} to {most}")
    return data


def _number(data: Any, place: str, least: float = 0.0) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not least <= data <= 1e6:
        raise ReviewPolicyInvalid(f"{place} is a number from {least:g} to 1000000")
    return float(data)


def _plain(data: Any, place: str) -> Any:
    """Return what JSON can hold; dates and the like, which YAML makes of some words, are refused."""
    if isinstance(data, Mapping):
        return {_key(key, place): _plain(value, place) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(each, place) for each in data]
    if data is None or isinstance(data, (str, bool, int, float, IntEnum)):
        return data
    raise ReviewPolicyInvalid(f"{place}: put {str(data)[:_NAME_LENGTH]!r} in quotes")


def _key(key: Any, place: str) -> str:
    if not isinstance(key, str):
        raise ReviewPolicyInvalid(f"{place}: the key {str(key)[:_NAME_LENGTH]!r} is a word")
    return key
