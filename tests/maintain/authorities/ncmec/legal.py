"""Random documents that the schema allows, by seed: every branch sooner or later, and texts that are hard to write."""

from __future__ import annotations

import random

from seawall.maintain.authorities.ncmec.node import Node
from seawall.maintain.authorities.ncmec.schema import Base, Entry, Format, Kind, Schema, Type, Value

HARD = (
    "a & b", "<tag>", "]]>", "00123", "1e5", "+1", "007", '"quoted"', "it's", "line\none", "tab\there", "cr\r\nlf",
    "grüße", "مرحبا", "\u202eright", "\U0001f427", "  spaces  ", "0", "null", "true", "&amp;", "<!-- -->", "%s{}",
)  # fmt: skip


class Legal:
    """Makes documents.

    Args:
        schema: Of which profile.
        seed: The same makes the same.
    """

    def __init__(self, schema: Schema, seed: int) -> None:
        self._schema = schema
        self._random = random.Random(seed)

    def document(self, root: str) -> Node:
        """Return a document."""
        share = self._random.choice((0.02, 0.1, 0.3, 0.6))
        return self._element(root, self._schema.roots[root].type, share)

    def _element(self, name: str, kind: Type, share: float) -> Node:
        node = Node(name)
        for each in kind.attributes:
            if each.required or self._random.random() < share:
                node.attributes[each.name] = self._value(each.value, each.longest)
        if kind.value is not None:
            node.text = self._value(kind.value, None)
            return node
        if kind.kind is Kind.CHOICE:
            entry = self._random.choice(kind.entries)
            node.children.append(self._element(entry.name, entry.type, share))
            return node
        there: set[str] = set()
        for entry in kind.entries:
            if not entry.written or entry.rivals & there:
                continue
            for _ in range(self._times(entry, share)):
                there.add(entry.name)
                node.children.append(
                    Node(entry.name, text="")
                    if kind.kind is Kind.FLAGS
                    else self._element(entry.name, entry.type, share * 0.6)
                )
        return node

    def _times(self, entry: Entry, share: float) -> int:
        least = entry.least
        if entry.most is not None:
            return least if least or self._random.random() >= share else 1
        extra = 0
        while self._random.random() < share and extra < 3:
            extra += 1
        return least + extra

    def _value(self, kind: Value, longest: int | None) -> str:
        pick = self._random
        if kind.words:
            return pick.choice(kind.words)
        if kind.base is Base.BOOLEAN:
            return pick.choice(("true", "false"))
        if kind.base is Base.DATE_TIME:
            zone = pick.choice(("Z", "+05:30", "-11:00"))
            return f"20{pick.randrange(10, 26)}-{pick.randrange(1, 13):02}-{pick.randrange(1, 29):02}T03:04:05{zone}"
        if kind.base is Base.DATE:
            return f"19{pick.randrange(40, 99)}-{pick.randrange(1, 13):02}-{pick.randrange(1, 29):02}"
        if kind.base is Base.LONG:
            return str(pick.randint(kind.least or 0, kind.most if kind.most is not None else 2**63 - 1))
        if kind.base is Base.DOUBLE:
            return pick.choice(("0", "-12.5", "47.1", "1e-3"))
        if kind.pattern is not None:
            return "+49" if kind.pattern.startswith("\\+") else "0012"
        if kind.format is Format.URL:
            return pick.choice(("https://example.invalid/a?b=1&c=<2>", "http://[2001:db8::1]:8080/x"))
        if kind.format is Format.IP:
            return pick.choice(("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"))
        if kind.format is Format.EMAIL:
            return pick.choice(("a@example.invalid", "b.c+d@sub.example.invalid"))
        if kind.base is Base.TOKEN:
            return "".join(pick.choice("0123456789abcdef") for _ in range(32))
        return pick.choice(HARD)[: longest or 1000]
