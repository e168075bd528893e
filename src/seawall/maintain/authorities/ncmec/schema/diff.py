"""What another schema has that ours has not, and the other way round; and whether that breaks what seawall writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from seawall.maintain.authorities.ncmec.schema.model import Base, Entry, Kind, Schema, Type, Value
from seawall.maintain.authorities.ncmec.schema.reading import PROFILES, load_schema


class Difference(StrEnum):
    """What differs."""

    ADDED = "added"
    REMOVED = "removed"
    ORDER = "order"
    TIMES = "times"
    WORDS = "words"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Change:
    """A difference.

    Attributes:
        path: Where.
        what: What differs.
        detail: How, in words.
        breaks: Whether something that seawall may write is refused by the other schema.
    """

    path: str
    what: Difference
    detail: str
    breaks: bool

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return {"path": self.path, "what": self.what.value, "detail": self.detail, "breaks": self.breaks}


def compare(ours: Schema, theirs: Schema) -> list[Change]:
    """Return how another schema differs, in document order.

    Args:
        ours: What seawall goes by.
        theirs: What the authority goes by.
    """
    found: list[Change] = []
    for name, entry in ours.roots.items():
        found += _types(entry.type, theirs.roots[name].type, name)
    return found


def nearest(theirs: Schema) -> tuple[str, list[Change]]:
    """Return the profile that a schema breaks least, the newest of several, and how the schema differs from it."""
    told = [(profile, compare(load_schema(profile), theirs)) for profile in reversed(PROFILES)]
    return min(told, key=lambda pair: (sum(each.breaks for each in pair[1]), len(pair[1])))


def _types(ours: Type, theirs: Type, path: str) -> Iterator[Change]:
    if _shape(ours) != _shape(theirs):
        yield Change(path, Difference.FORM, f"it is a {theirs.kind.value}, not a {ours.kind.value}", breaks=True)
        return
    yield from _attributes(ours, theirs, path)
    if ours.value is not None and theirs.value is not None:
        yield from _values(ours.value, theirs.value, path)
        return
    yield from _order(ours, theirs, path)
    for entry in ours.entries:
        other = theirs.by_name.get(entry.name)
        if other is None:
            yield Change(f"{path}/{entry.name}", Difference.REMOVED, "there is no such element", breaks=entry.written)
        else:
            yield from _entries(entry, other, f"{path}/{entry.name}")
    for entry in theirs.entries:
        if entry.name not in ours.by_name:
            needed = entry.least > 0 and theirs.kind is Kind.SEQUENCE
            detail = "an element that must be there" if needed else "an element"
            yield Change(f"{path}/{entry.name}", Difference.ADDED, detail, breaks=needed)


def _shape(kind: Type) -> Kind:
    # An `all` and a sequence without elements look the same from outside.
    return Kind.SEQUENCE if kind.kind is Kind.FLAGS and not kind.entries else kind.kind


def _attributes(ours: Type, theirs: Type, path: str) -> Iterator[Change]:
    for each in ours.attributes:
        other = theirs.attribute_of.get(each.name)
        here = f"{path}@{each.name}"
        if other is None:
            yield Change(here, Difference.REMOVED, "there is no such attribute", breaks=True)
            continue
        if other.required is not each.required:
            detail = "it must be there" if other.required else "it need not be there"
            yield Change(here, Difference.TIMES, detail, breaks=other.required)
        yield from _values(each.value, other.value, here)
    for each in theirs.attributes:
        if each.name not in ours.attribute_of:
            detail = "an attribute that must be there" if each.required else "an attribute"
            yield Change(f"{path}@{each.name}", Difference.ADDED, detail, breaks=each.required)


def _order(ours: Type, theirs: Type, path: str) -> Iterator[Change]:
    if ours.kind is not Kind.SEQUENCE:
        return
    mine = [each.name for each in ours.entries if each.name in theirs.by_name]
    other = [each.name for each in theirs.entries if each.name in ours.by_name]
    if mine != other:
        moved = next(a for a, b in zip(other, mine, strict=True) if a != b)
        yield Change(path, Difference.ORDER, f"{moved} stands elsewhere", breaks=True)


def _entries(ours: Entry, theirs: Entry, path: str) -> Iterator[Change]:
    if (ours.least, ours.most) != (theirs.least, theirs.most):
        breaks = theirs.least > ours.least or (theirs.most or 1 << 30) < (ours.most or 1 << 30)
        detail = f"it stands {_times(theirs)} there, {_times(ours)} here"
        yield Change(path, Difference.TIMES, detail, breaks=breaks)
    if ours.rivals != theirs.rivals:
        yield Change(path, Difference.TIMES, "it excludes other elements", breaks=bool(theirs.rivals - ours.rivals))
    yield from _types(ours.type, theirs.type, path)


def _times(entry: Entry) -> str:
    return f"{entry.least} to {'any' if entry.most is None else entry.most} times"


def _values(ours: Value, theirs: Value, path: str) -> Iterator[Change]:
    gone, new = _less(ours.words, theirs.words), _less(theirs.words, ours.words)
    if gone or new or bool(ours.words) is not bool(theirs.words):
        told = [f"{what}: {', '.join(words)}" for what, words in (("gone", gone), ("new", new)) if words]
        breaks = bool(theirs.words) and bool(gone or not ours.words)
        yield Change(path, Difference.WORDS, "; ".join(told) or "other words", breaks=breaks)
        return
    if ours.words:
        return
    textual = {Base.STRING, Base.TOKEN}
    if ours.base is not theirs.base and not {ours.base, theirs.base} <= textual:
        breaks = theirs.base not in textual
        yield Change(path, Difference.FORM, f"it is a {theirs.base.value}, not a {ours.base.value}", breaks=breaks)


def _less(some: Sequence[str], others: Sequence[str]) -> list[str]:
    return [word for word in some if word not in others] if others else []
