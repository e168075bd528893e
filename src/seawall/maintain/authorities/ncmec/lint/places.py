"""Every text of a document, with what the schema says of its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.schema import Type, Value


@dataclass(frozen=True, slots=True)
class Place:
    """A text of a document.

    Attributes:
        path: Where it stands.
        name: Of the element or attribute.
        text: What stands there.
        value: What it may be.
        longest: In characters; None for any length.
    """

    path: str
    name: str
    text: str
    value: Value
    longest: int | None


def places(node: Node, kind: Type, path: str | None = None, longest: int | None = None) -> Iterator[Place]:
    """Yield every text of a document; what the schema does not know is passed over."""
    here = node.name if path is None else path
    if kind.value is not None:
        yield Place(here, node.name, node.text or "", kind.value, longest)
    for name, text in node.attributes.items():
        known = kind.attribute_of.get(name)
        if known is not None:
            yield Place(f"{here}@{name}", name, text, known.value, known.longest)
    names = [child.name for child in node.children]
    seen: dict[str, int] = {}
    for child in node.children:
        seen[child.name] = seen.get(child.name, 0) + 1
        entry = kind.by_name.get(child.name)
        if entry is not None:
            number = f"[{seen[child.name]}]" if names.count(child.name) > 1 else ""
            yield from places(child, entry.type, f"{here}/{child.name}{number}", entry.longest)
