"""Reading typed fields of plain data: each value is of its kind, or an error says where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from seawall.policy.guard.conditions import Names
from seawall.policy.guard.errors import GuardPolicyError

_Choice = TypeVar("_Choice", bound=StrEnum)
_Value = TypeVar("_Value")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NAME = re.compile(r"[^\s*][^*\n]{0,255}\*?|\*")
MOST_NAMES = 1000
MOST_TEXT = 4000


def table(data: object, known: Collection[str], place: str) -> dict[str, Any]:
    """Return a mapping whose keys are all known."""
    if not isinstance(data, dict):
        raise GuardPolicyError(f"{place} is a mapping")
    unknown = sorted(str(key) for key in data if key not in known)
    if unknown:
        raise GuardPolicyError(f"{place}: unknown key {unknown[0][:40]!r}", hint="it knows " + ", ".join(sorted(known)))
    return data


def identifier(data: object, place: str) -> str:
    """Return a word of letters, digits, `.`, `_` and `-`."""
    if not isinstance(data, str) or not _ID.fullmatch(data):
        raise GuardPolicyError(f"{place} is a word of letters, digits, '.', '_' and '-', 100 at most")
    return data


def text(data: object, place: str) -> str:
    """Return a text of bounded length."""
    if not isinstance(data, str) or len(data) > MOST_TEXT:
        raise GuardPolicyError(f"{place} is a text of at most {MOST_TEXT} characters")
    return data.strip()


def flag(data: object, place: str) -> bool:
    """Return true or false."""
    if not isinstance(data, bool):
        raise GuardPolicyError(f"{place} is true or false")
    return data


def whole(data: object, place: str) -> int:
    """Return a whole number that is not negative."""
    if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data < 2**31:
        raise GuardPolicyError(f"{place} is a whole number")
    return data


def number(data: object, place: str, *, least: float, most: float = 1e9) -> float:
    """Return a number within bounds."""
    if isinstance(data, bool) or not isinstance(data, int | float) or not least <= data <= most:
        raise GuardPolicyError(f"{place} is a number from {least:g} to {most:g}")
    return float(data)


def threshold(data: object, place: str) -> float:
    """Return a score from which on a class counts: more than 0, up to 1."""
    return number(data, place, least=1e-6, most=1.0)


def name(data: object, place: str) -> str:
    """Return a name, which may end in `*`."""
    if not isinstance(data, str) or not _NAME.fullmatch(data):
        raise GuardPolicyError(f"{place} is a name, or the beginning of one and '*'")
    return data


def names(data: object, place: str) -> Names:
    """Return one name or several."""
    return Names.of(several(data, place, name))


def choice(kind: type[_Choice], data: Any, place: str) -> _Choice:
    """Return a word of a closed set."""
    try:
        return kind(data)
    except ValueError:
        raise GuardPolicyError(f"{place} is none of its words", hint="one of " + ", ".join(kind)) from None


def several(data: object, place: str, read: Callable[[object, str], _Value]) -> list[_Value]:
    """Return one value or a list of them; never none."""
    values = data if isinstance(data, list) else [data]
    if not 0 < len(values) <= MOST_NAMES:
        raise GuardPolicyError(f"{place} names at least one, and at most {MOST_NAMES}")
    return [read(value, place) for value in values]


def choices(kind: type[_Choice], data: object, place: str) -> frozenset[_Choice]:
    """Return one or several words of a closed set."""
    return frozenset(several(data, place, lambda value, at: choice(kind, value, at)))


def mapping(data: object, place: str) -> Mapping[Any, Any]:
    """Return a mapping whose keys are the author's."""
    if not isinstance(data, dict):
        raise GuardPolicyError(f"{place} is a mapping")
    return data
