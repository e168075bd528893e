"""Documents as JSON that mirrors the XML: element names as keys, attributes `@name`, a text beside them `#text`.

What repeats is an array. A flag is true. Identifiers are text from end to end: a number where a text belongs is
refused, since `00123` and `1e5` would not come back as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seawall.maintain.authorities.ncmec.fault import Fault
from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.schema import Base, Kind, Type, Value
from seawall.maintain.authorities.ncmec.writing import ordered

TEXT = "#text"
_NUMBERS = frozenset({Base.LONG, Base.DOUBLE})


def from_json(name: str, data: Any, kind: Type) -> tuple[Node, list[Fault]]:
    """Make a document of JSON; what is not in the schema is a fault, and left out.

    What says nothing is left out too, except where the schema wants it.

    Args:
        name: Of the root.
        data: As JSON was read.
        kind: What the schema says of the root.
    """
    faults: list[Fault] = []
    node = _element(name, data, kind, name, faults)
    return ordered(node, kind), faults


def to_json(node: Node, kind: Type) -> Any:
    """Return a document as JSON; `from_json` makes the same of it."""
    if kind.kind is Kind.FLAGS:
        return {child.name: True for child in node.children}
    if kind.kind is Kind.VALUE and not node.attributes:
        return node.text or ""
    made: dict[str, Any] = {f"@{name}": value for name, value in node.attributes.items()}
    if kind.kind is Kind.VALUE:
        return made | {TEXT: node.text or ""}
    for entry in kind.entries:
        found = [to_json(child, entry.type) for child in node.children if child.name == entry.name]
        if found:
            made[entry.name] = found if entry.most is None else found[0]
    return made


def _element(name: str, data: Any, kind: Type, path: str, faults: list[Fault]) -> Node:
    node = Node(name)
    if kind.value is not None:
        return _valued(node, data, kind, kind.value, path, faults)
    if data is None or data == "":
        return node
    if not isinstance(data, Mapping):
        faults.append(Fault(path, "schema.shape", "elements belong here, so it is an object"))
        return node
    for key, value in data.items():
        if key.startswith("@"):
            _attribute(node, key[1:], value, kind, path, faults)
            continue
        entry = kind.by_name.get(key)
        if entry is None:
            faults.append(_unknown(path, key, kind))
            continue
        if kind.kind is Kind.FLAGS:
            _flag(node, key, value, path, faults)
            continue
        several = value if isinstance(value, list) else [value]
        for number, each in enumerate(several, 1):
            here = f"{path}/{key}" + (f"[{number}]" if len(several) > 1 else "")
            child = _element(key, each, entry.type, here, faults)
            # Nothing said is nothing sent; where something must stand, it stands empty, and the rules say so.
            if not child.bare or entry.least:
                node.children.append(child)
    if kind.kind is Kind.SEQUENCE and node.children:
        node.children += _empty(node, kind)
    return node


def _empty(node: Node, kind: Type) -> list[Node]:
    """Return the elements that must be there, and may be empty: a victim of whom nothing is known has a person."""
    names = {child.name for child in node.children}
    wanted = (entry for entry in kind.entries if entry.least and entry.name not in names)
    return [Node(entry.name) for entry in wanted if entry.type.entries and not any(e.least for e in entry.type.entries)]


def _valued(node: Node, data: Any, kind: Type, value: Value, path: str, faults: list[Fault]) -> Node:
    if isinstance(data, Mapping):
        for key, said in data.items():
            if key.startswith("@"):
                _attribute(node, key[1:], said, kind, path, faults)
            elif key != TEXT:
                faults.append(Fault(path, "schema.unknown", "a text stands here, and no element", f"write {TEXT}"))
        data = data.get(TEXT)
    node.text = _text(data, value, path, faults)
    return node


def _attribute(node: Node, name: str, value: Any, kind: Type, path: str, faults: list[Fault]) -> None:
    known = kind.attribute_of.get(name)
    if known is None:
        names = ", ".join(f"@{each}" for each in kind.attribute_of) or "none"
        faults.append(Fault(f"{path}@{name[:64]}", "schema.unknown", "there is no such attribute", f"there is {names}"))
        return
    text = _text(value, known.value, f"{path}@{name}", faults)
    if text:
        node.attributes[name] = text


def _flag(node: Node, name: str, value: Any, path: str, faults: list[Fault]) -> None:
    if value is True or value in ("", "true") or value == {}:
        node.children.append(Node(name, text=""))
    elif value is not None and value is not False:
        faults.append(Fault(f"{path}/{name}", "schema.flag", "a flag is there or it is not", "write true"))
    elif value is False:
        faults.append(Fault(f"{path}/{name}", "schema.flag", "a flag is never false", "leave it out"))


def _text(value: Any, kind: Value, path: str, faults: list[Fault]) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        if kind.base is Base.BOOLEAN:
            return "true" if value else "false"
    elif isinstance(value, int | float) and kind.base in _NUMBERS:
        return str(value)
    fix = "write it in quotes, as it is" if isinstance(value, int | float) else ""
    faults.append(Fault(path, "BR22", "a text belongs here", fix))
    return ""


def _unknown(path: str, key: str, kind: Type) -> Fault:
    return Fault(
        f"{path}/{key[:64]}", "schema.unknown", "there is no such element", f"there is {', '.join(kind.by_name)}"
    )
