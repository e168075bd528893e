"""Writing a document as XML: one form for one tree, every sign escaped, nothing that XML cannot hold."""

from __future__ import annotations

import re

from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.schema import Kind, Type

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_IN_ATTRIBUTE = _IN_TEXT | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_TEXT, _ATTRIBUTE = str.maketrans(_IN_TEXT), str.maketrans(_IN_ATTRIBUTE)


def to_xml(node: Node, kind: Type) -> bytes:
    """Write a document in UTF-8, its elements in the order of the schema.

    What XML cannot hold is written as `[U+0000]`; what seawall does not write is left out.

    Args:
        node: The document.
        kind: What the schema says of it.
    """
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(ordered(node, kind), kind, parts)
    parts.append("\n")
    return "".join(parts).encode("utf-8")


def ordered(node: Node, kind: Type) -> Node:
    """Return an element with everything in it in the order of the schema; what that does not know comes last."""
    known = {entry.name: (number, entry) for number, entry in enumerate(kind.entries)}
    attributes = {each.name: node.attributes[each.name] for each in kind.attributes if each.name in node.attributes}
    attributes |= {name: value for name, value in node.attributes.items() if name not in attributes}
    children = sorted(node.children, key=lambda child: known[child.name][0] if child.name in known else len(known))
    inner = [ordered(child, known[child.name][1].type) if child.name in known else child for child in children]
    return Node(node.name, attributes, node.text, inner)


def legal(text: str) -> str:
    """Return a text that XML can hold, with what it cannot hold written out: `[U+0000]`."""
    return _ILLEGAL.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def illegal(text: str) -> int:
    """Return how many signs of a text XML cannot hold."""
    return len(_ILLEGAL.findall(text))


def _write(node: Node, kind: Type, parts: list[str]) -> None:
    parts.append(f"<{node.name}")
    parts.extend(f' {name}="{legal(value).translate(_ATTRIBUTE)}"' for name, value in node.attributes.items())
    inner: list[str] = []
    if kind.kind is Kind.FLAGS:
        inner.extend(f"<{child.name}/>" for child in node.children)
    else:
        for child in node.children:
            entry = kind.by_name.get(child.name)
            if entry is not None and entry.written:
                _write(child, entry.type, inner)
    if kind.kind is Kind.VALUE and node.text:
        inner.append(legal(node.text).translate(_TEXT))
    if inner:
        parts.extend((">", *inner, f"</{node.name}>"))
    else:
        parts.append("/>")
