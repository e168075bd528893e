"""Whether the DSA Transparency Database would take a statement. Pure: the same statement, the same faults.

Stricter than the database where its documentation is: a text that belongs to another ground is refused, not ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from seawall.maintain.statements.errors import Fault, StatementInvalid
from seawall.maintain.statements.rules import DECISIONS, RULES, Rule, Shape, When

_PUID = re.compile(r"[A-Za-z0-9_-]+")
_LANGUAGE = re.compile(r"[A-Z]{2}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EAN_13 = re.compile(r"[0-9]{13}")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def faults(payload: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with a statement, in the order of the rules; nothing if it would be taken."""
    found = [Fault(_name(name), "unknown", "the database has no such field") for name in payload if name not in RULES]
    for name, rule in RULES.items():
        found += _of_field(name, rule, payload)
    if not any(_there(payload.get(name)) for name in DECISIONS):
        found.append(Fault("decision_visibility", "required", f"one of {', '.join(DECISIONS)} must be there"))
    return found


def expect_valid(payload: Mapping[str, Any]) -> None:
    """Refuse a statement that the database would not take.

    Raises:
        StatementInvalid: If so.
    """
    found = faults(payload)
    if found:
        raise StatementInvalid(found)


def _of_field(name: str, rule: Rule, payload: Mapping[str, Any]) -> Iterator[Fault]:
    value = payload.get(name)
    if not _there(value):
        if value is not None and not isinstance(value, (str, list, tuple, Mapping)):
            yield Fault(name, "shape", "is no value of this field")
        elif rule.required:
            yield Fault(name, "required", "must be there")
        elif rule.when is not None and _holds(rule.when, payload):
            yield Fault(name, "required", f"must be there because of {rule.when.field}")
        return
    if rule.only is not None and not _holds(rule.only, payload):
        yield Fault(name, "misplaced", f"does not belong to this {rule.only.field}")
    if rule.needs and not any(_there(payload.get(each)) for each in rule.needs):
        yield Fault(name, "misplaced", f"needs {' or '.join(rule.needs)}")
    yield from _SHAPES[rule.shape](name, rule, value, payload)


def _there(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return bool(value) and not isinstance(value, bool)


def _holds(condition: When, payload: Mapping[str, Any]) -> bool:
    value = payload.get(condition.field)
    if isinstance(value, str):
        return value in condition.words
    if isinstance(value, (list, tuple)):
        return any(isinstance(each, str) and each in condition.words for each in value)
    return False


def _one(name: str, rule: Rule, value: Any, _payload: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(name, "shape", "is one word")
    elif name == "content_language":
        if not _LANGUAGE.fullmatch(value):
            yield Fault(name, "word", "is a language in two capital letters (ISO 639-1)")
    elif value not in rule.allowed:
        yield Fault(name, "word", "is none of the allowed words")


def _many(name: str, rule: Rule, value: Any, _payload: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
        yield Fault(name, "shape", "is a list of words")
        return
    if any(each not in rule.allowed for each in value):
        yield Fault(name, "word", "has a word that is not allowed")
    if len(set(value)) != len(value):
        yield Fault(name, "twice", "names something twice")


def _text(name: str, rule: Rule, value: Any, _payload: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(name, "shape", "is a text")
        return
    if len(value) > rule.most:
        yield Fault(name, "length", f"has at most {rule.most} characters")
    if _FORBIDDEN.search(value):
        yield Fault(name, "signs", "has signs that text does not have")


def _web(name: str, rule: Rule, value: Any, payload: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _text(name, rule, value, payload)
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", value)
        except ValueError:
            good = False
        if not good:
            yield Fault(name, "address", "is an address with http or https")


def _date(name: str, rule: Rule, value: Any, payload: Mapping[str, Any]) -> Iterator[Fault]:
    day = _day(value)
    if day is None:
        yield Fault(name, "date", "is a day as YYYY-MM-DD")
        return
    if rule.earliest is not None and day < rule.earliest:
        yield Fault(name, "early", f"is not before {rule.earliest}")
    if rule.latest is not None and day > rule.latest:
        yield Fault(name, "late", f"is not after {rule.latest}")
    before = _day(payload.get(rule.after)) if rule.after is not None else None
    if before is not None and day < before:
        yield Fault(name, "order", f"is not before {rule.after}")


def _puid(name: str, rule: Rule, value: Any, _payload: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, str) or not _PUID.fullmatch(value):
        yield Fault(name, "signs", "has letters, digits, - and _ alone")
    elif len(value) > rule.most:
        yield Fault(name, "length", f"has at most {rule.most} characters")


def _pairs(name: str, rule: Rule, value: Any, _payload: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield Fault(name, "shape", "is a list of names and values")
    elif set(value) - rule.allowed:
        yield Fault(name, "word", f"has no other name than {', '.join(sorted(rule.allowed))}")
    elif not all(isinstance(each, str) and _EAN_13.fullmatch(each) for each in value.values()):
        yield Fault(name, "signs", "is a number of 13 digits")


def _day(value: Any) -> date | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value) or not value.isascii():
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _name(name: Any) -> str:
    """Return the name of a field that there is not, as it may be shown."""
    return name[:64] if isinstance(name, str) and _PUID.fullmatch(name) else "?"


_Check = Callable[[str, Rule, Any, Mapping[str, Any]], Iterator[Fault]]
_SHAPES: Mapping[Shape, _Check] = {
    Shape.ONE: _one,
    Shape.MANY: _many,
    Shape.TEXT: _text,
    Shape.DATE: _date,
    Shape.WEB: _web,
    Shape.PUID: _puid,
    Shape.PAIRS: _pairs,
}
