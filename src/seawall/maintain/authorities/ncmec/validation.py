"""Whether a document is what the schema says: order, how often, and what a value is. What the server adds: `lint`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from seawall.maintain.authorities.ncmec.fault import Fault
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.schema import Attribute, Base, Entry, Kind, Schema, Type, Value

_DATE_TIME = re.compile(
    r"(?P<day>-?\d{4,}-\d\d-\d\d)T(?P<time>\d\d:\d\d:\d\d(\.\d+)?)(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?")
_LONG = re.compile(r"[+-]?\d{1,19}")
_DOUBLE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|INF|-INF|NaN")
_BOOLEANS = ("true", "false", "1", "0")
_FEW = 12
_LONGS = range(-(2**63), 2**63)


def validate(node: Node, schema: Schema) -> list[Fault]:
    """Return what in a document is not as the schema says.

    Args:
        node: The document; `report` or `fileDetails`.
        schema: Of the profile that holds.
    """
    root = schema.roots.get(node.name)
    if root is None:
        shown = "a namespace, which makes it another name" if node.name.startswith("{") else "another name"
        return [Fault("", "schema.root", f"the root has {shown}", f"it is one of {', '.join(schema.roots)}")]
    return list(_element(node, root.type, node.name))


def moment(text: str) -> datetime | None:
    """Return what an `xs:dateTime` says, naive where it has no zone; None if it is none."""
    found = _DATE_TIME.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return datetime.fromisoformat(text.strip().replace("T24:00:00", "T00:00:00"))
    except ValueError:
        return None


def day(text: str) -> date | None:
    """Return what an `xs:date` says; None if it is none."""
    if _DATE.fullmatch(text.strip()) is None:
        return None
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _element(node: Node, kind: Type, path: str) -> Iterator[Fault]:
    yield from _attributes(node, kind, path)
    if kind.value is not None:
        if node.children:
            yield Fault(path, "schema.text", "a text stands here, and no element")
        yield from _value(node.text or "", kind.value, path)
        return
    if (node.text or "").strip():
        yield Fault(path, "schema.text", "elements stand here, and no text")
    yield from _children(node, kind, path)


def _attributes(node: Node, kind: Type, path: str) -> Iterator[Fault]:
    for name, text in node.attributes.items():
        known = kind.attribute_of.get(name)
        if known is None:
            yield Fault(f"{path}@{name}", "schema.unknown", "there is no such attribute here")
        else:
            yield from _value(text, known.value, f"{path}@{name}")
    yield from (_lacking(path, each) for each in kind.attributes if each.required and each.name not in node.attributes)


def _children(node: Node, kind: Type, path: str) -> Iterator[Fault]:
    order = {entry.name: number for number, entry in enumerate(kind.entries)}
    counts: dict[str, int] = {}
    reached = 0
    names = [child.name for child in node.children]
    for child in node.children:
        counts[child.name] = counts.get(child.name, 0) + 1
        here = f"{path}/{child.name}" + (f"[{counts[child.name]}]" if names.count(child.name) > 1 else "")
        entry = kind.by_name.get(child.name)
        if entry is None:
            yield Fault(here, "schema.unknown", "there is no such element here", f"there is {', '.join(order)}")
            continue
        if kind.kind is Kind.SEQUENCE:
            if order[child.name] < reached:
                yield Fault(here, "schema.order", "it stands too late", f"the order is {', '.join(order)}")
            reached = max(reached, order[child.name])
            rivals = sorted(entry.rivals & set(names))
            if rivals:
                yield Fault(here, "schema.choice", f"it cannot stand beside {', '.join(rivals)}")
        yield from _element(child, entry.type, here)
    yield from _counted(kind, counts, path)


def _counted(kind: Type, counts: dict[str, int], path: str) -> Iterator[Fault]:
    if kind.kind is Kind.CHOICE:
        if sum(counts.values()) != 1:
            yield Fault(path, "schema.choice", f"it has exactly one of {', '.join(kind.by_name)}")
        return
    for entry in kind.entries:
        number = counts.get(entry.name, 0)
        if number < entry.least:
            yield Fault(f"{path}/{entry.name}", "schema.missing", "it must be there")
        elif entry.most is not None and number > entry.most:
            yield _too_many(path, entry)


def _too_many(path: str, entry: Entry) -> Fault:
    return Fault(f"{path}/{entry.name}", "schema.times", f"it is there {entry.most} times at most")


def _lacking(path: str, attribute: Attribute) -> Fault:
    return Fault(f"{path}@{attribute.name}", "schema.missing", "the attribute must be there")


def _value(text: str, kind: Value, path: str) -> Iterator[Fault]:
    if kind.name == "flag":
        if text.strip() not in ("", "true"):
            yield Fault(path, "schema.flag", "a flag is empty or true", "leave out what is not so")
        return
    if kind.words:
        if text not in kind.words and not (kind.empty and not text):
            few = f"it is one of {', '.join(kind.words)}" if len(kind.words) <= _FEW else ""
            yield Fault(path, "schema.word", "it is not one of the words that are allowed", few)
        return
    if kind.pattern is not None and re.fullmatch(kind.pattern, text) is None:
        yield Fault(path, "schema.pattern", f"it does not match {kind.pattern}")
    if not _is(text.strip(), kind.base):
        yield Fault(path, "schema.value", f"it is no {kind.base.value}")


def _is(text: str, base: Base) -> bool:
    if base is Base.BOOLEAN:
        return text in _BOOLEANS
    if base is Base.DATE_TIME:
        return moment(text) is not None
    if base is Base.DATE:
        return day(text) is not None
    if base is Base.LONG:
        return _LONG.fullmatch(text) is not None and int(text) in _LONGS
    if base is Base.DOUBLE:
        return _DOUBLE.fullmatch(text) is not None
    return True
