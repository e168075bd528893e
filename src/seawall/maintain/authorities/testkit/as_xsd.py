"""Writes seawall's own table as XML Schema, in two of the ways in which one can be written."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from seawall.maintain.authorities.ncmec.schema import Base, Entry, Kind, Schema, Type, Value


def as_xsd(schema: Schema, *, inline: bool = False) -> bytes:
    """Write a schema; `inline` puts every type where it is used, instead of naming it."""
    return _Writer(inline).write(schema).encode()


class _Writer:
    def __init__(self, inline: bool) -> None:
        self._inline = inline
        self._types: dict[str, str] = {}

    def write(self, schema: Schema) -> str:
        roots = "".join(self._element(entry, "") for entry in schema.roots.values())
        return (
            '<?xml version="1.0" encoding="UTF-8"?><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
            f"{roots}{''.join(self._types.values())}</xs:schema>"
        )

    def _element(self, entry: Entry, times: str) -> str:
        kind = entry.type
        value = kind.value
        if value is not None and value.name == "flag":
            return f'<xs:element name="{entry.name}"{times} type="xs:boolean" fixed="true"/>'
        if value is not None and not kind.attributes and not (value.words or value.pattern):
            return f'<xs:element name="{entry.name}"{times} type="{_builtin(value)}"/>'
        if self._inline:
            return f'<xs:element name="{entry.name}"{times}>{self._anonymous(kind)}</xs:element>'
        name = f"t.{kind.name}"
        if name not in self._types:
            self._types[name] = ""
            self._types[name] = self._anonymous(kind).replace(">", f' name="{name}">', 1)
        return f'<xs:element name="{entry.name}"{times} type="{name}"/>'

    def _anonymous(self, kind: Type) -> str:
        if kind.value is not None and not kind.attributes:
            return _simple(kind.value)
        attributes = "".join(
            f'<xs:attribute name="{each.name}"{" use=" + quoteattr("required") if each.required else ""}'
            + (f">{_simple(each.value)}</xs:attribute>" if each.value.words else f' type="{_builtin(each.value)}"/>')
            for each in kind.attributes
        )
        if kind.value is not None:
            base = f'<xs:extension base="{_builtin(kind.value)}">{attributes}</xs:extension>'
            return f"<xs:complexType><xs:simpleContent>{base}</xs:simpleContent></xs:complexType>"
        tag = {Kind.SEQUENCE: "sequence", Kind.CHOICE: "choice", Kind.FLAGS: "all"}[kind.kind]
        inner, choosing = [], False
        for entry in kind.entries:
            if bool(entry.rivals) is not choosing:
                inner.append("</xs:choice>" if choosing else "<xs:choice>")
                choosing = not choosing
            inner.append(self._element(entry, _times(entry)))
        body = f"<xs:{tag}>{''.join(inner)}</xs:{tag}>" if kind.entries else ""
        return f"<xs:complexType>{body}{attributes}</xs:complexType>"


def _times(entry: Entry) -> str:
    least = f' minOccurs="{entry.least}"' if entry.least != 1 else ""
    return least + (' maxOccurs="unbounded"' if entry.most is None else "")


def _simple(value: Value) -> str:
    words = (*value.words, "") if value.empty else value.words
    inner = "".join(f"<xs:enumeration value={quoteattr(word)}/>" for word in words)
    if value.pattern:
        inner += f"<xs:pattern value={quoteattr(value.pattern)}/>"
    return f'<xs:simpleType><xs:restriction base="{_builtin(value)}">{inner}</xs:restriction></xs:simpleType>'


def _builtin(value: Value) -> str:
    return f"xs:{value.base.value}" if value.base is not Base.STRING else "xs:string"
