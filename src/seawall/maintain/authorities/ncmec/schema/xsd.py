"""Reads a schema that an operator fetched from the authority (`GET /xsd`), to compare it with seawall's own table.

As much of XML Schema as such files use: global and local elements and types, sequences, choices, alls, simple contents,
enumerations. What it cannot read is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from seawall.maintain.authorities.errors import DocumentUnreadable
from seawall.maintain.authorities.ncmec.schema.model import Attribute, Base, Entry, Kind, Schema, Type, Value

LIVE = "live"
XSD_BYTES = 4 << 20
_XS = "{http://www.w3.org/2001/XMLSchema}"
_DEEPEST = 32
_ROOTS = ("report", "fileDetails")
_BASES = {
    "boolean": Base.BOOLEAN,
    "dateTime": Base.DATE_TIME,
    "date": Base.DATE,
    "token": Base.TOKEN,
    **dict.fromkeys(("long", "int", "integer", "short", "nonNegativeInteger", "positiveInteger"), Base.LONG),
    **dict.fromkeys(("double", "float", "decimal"), Base.DOUBLE),
}


def read_xsd(data: bytes) -> Schema:
    """Return the schema that a file describes.

    Args:
        data: The file.

    Raises:
        DocumentUnreadable: If it is no schema of reports, or says something that cannot be read here.
    """
    if len(data) > XSD_BYTES:
        raise DocumentUnreadable(f"the schema has more than {XSD_BYTES:,} bytes")
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise DocumentUnreadable("this is no XML Schema") from None
    if root.tag != f"{_XS}schema":
        raise DocumentUnreadable("this is no XML Schema")
    return _Reader(root).schema()


class _Reader:
    def __init__(self, root: Element) -> None:
        self._elements = {each.get("name"): each for each in root.findall(f"{_XS}element")}
        self._complex = {each.get("name"): each for each in root.findall(f"{_XS}complexType")}
        self._simple = {each.get("name"): each for each in root.findall(f"{_XS}simpleType")}
        self._depth = 0

    def schema(self) -> Schema:
        missing = [name for name in _ROOTS if name not in self._elements]
        if missing:
            raise DocumentUnreadable(f"the schema has no element {missing[0]}")
        return Schema(LIVE, {name: self._entry(self._elements[name]) for name in _ROOTS})

    def _entry(self, element: Element) -> Entry:
        ref = element.get("ref")
        declared = element if ref is None else self._known(self._elements, ref, "element")
        name = declared.get("name") or ""
        most = element.get("maxOccurs", "1")
        try:
            least, top = int(element.get("minOccurs", "1")), None if most == "unbounded" else int(most)
        except ValueError:
            raise DocumentUnreadable(f"{name}: how often it stands cannot be read") from None
        return Entry(name, self._type_of(declared, name), least, top)

    def _type_of(self, element: Element, name: str) -> Type:
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                raise DocumentUnreadable(f"{name}: elements hold themselves")
            fixed = element.get("fixed")
            inline = element.find(f"{_XS}complexType")
            if inline is not None:
                return self._compound(inline, name)
            named = element.get("type")
            local = named.partition(":")[2] or named if named is not None else ""
            if local in self._complex and named == local:
                return self._compound(self._complex[local], local)
            simple = element.find(f"{_XS}simpleType")
            value = self._restricted(simple, name) if simple is not None else self._value(named, name)
            if fixed is not None:
                value = replace(value, name="flag" if fixed == "true" else value.name, words=(fixed,))
            return Type(value.name, Kind.VALUE, value)
        finally:
            self._depth -= 1

    def _compound(self, written: Element, name: str) -> Type:
        simple = written.find(f"{_XS}simpleContent")
        if simple is not None:
            extension = self._only(simple, name, "extension", "restriction")
            return Type(name, Kind.VALUE, self._value(extension.get("base"), name), self._attributes(extension, name))
        attributes = self._attributes(written, name)
        for tag, kind in (("sequence", Kind.SEQUENCE), ("choice", Kind.CHOICE), ("all", Kind.FLAGS)):
            group = written.find(f"{_XS}{tag}")
            if group is not None:
                entries = tuple(self._entries(group, name))
                if kind is Kind.CHOICE and (group.get("minOccurs", "1"), group.get("maxOccurs", "1")) != ("1", "1"):
                    raise DocumentUnreadable(f"{name}: a choice of several cannot be read")
                return Type(name, kind, None, attributes, entries)
        if any(each.tag not in (f"{_XS}attribute", f"{_XS}annotation") for each in written):
            raise DocumentUnreadable(f"{name}: its content cannot be read")
        return Type(name, Kind.SEQUENCE, None, attributes)

    def _entries(self, group: Element, name: str) -> Iterator[Entry]:
        for each in group:
            if each.tag == f"{_XS}element":
                yield self._entry(each)
            elif each.tag == f"{_XS}choice":
                rivals = list(self._entries(each, name))
                names = frozenset(rival.name for rival in rivals)
                optional = each.get("minOccurs", "1") == "0" or any(not rival.least for rival in rivals)
                least = 0 if optional else 1
                yield from (replace(r, least=min(r.least, least), rivals=names - {r.name}) for r in rivals)
            elif each.tag == f"{_XS}sequence":
                yield from self._entries(each, name)
            elif each.tag != f"{_XS}annotation":
                raise DocumentUnreadable(f"{name}: its content cannot be read")

    def _attributes(self, written: Element, name: str) -> tuple[Attribute, ...]:
        made = []
        for each in written.findall(f"{_XS}attribute"):
            own = each.get("name") or ""
            simple = each.find(f"{_XS}simpleType")
            value = self._restricted(simple, own) if simple is not None else self._value(each.get("type"), own)
            made.append(Attribute(own, value, each.get("use") == "required"))
        if written.find(f"{_XS}attributeGroup") is not None:
            raise DocumentUnreadable(f"{name}: groups of attributes cannot be read")
        return tuple(made)

    def _value(self, named: str | None, name: str) -> Value:
        if named is None:
            return Value(name)
        prefix, _, local = named.rpartition(":")
        if not prefix and local in self._simple:
            return self._restricted(self._simple[local], local)
        if not prefix and local in self._complex:
            found = self._compound(self._complex[local], local).value
            if found is not None:
                return found
        if not prefix:
            raise DocumentUnreadable(f"{name}: there is no type {named[:64]}")
        return Value(local, _BASES.get(local, Base.STRING))

    def _restricted(self, simple: Element, name: str) -> Value:
        restriction = simple.find(f"{_XS}restriction")
        if restriction is None:
            raise DocumentUnreadable(f"{name}: its values cannot be read")
        base = self._value(restriction.get("base"), name)
        words = tuple(each.get("value", "") for each in restriction.findall(f"{_XS}enumeration"))
        pattern = restriction.find(f"{_XS}pattern")
        return Value(
            name,
            base.base,
            words=tuple(word for word in words if word),
            empty="" in words,
            pattern=pattern.get("value") if pattern is not None else base.pattern,
        )

    def _known(self, table: dict[str | None, Element], name: str, what: str) -> Element:
        found = table.get(name)
        if found is None:
            raise DocumentUnreadable(f"there is no {what} {name[:64]}")
        return found

    def _only(self, above: Element, name: str, *tags: str) -> Element:
        for tag in tags:
            found = above.find(f"{_XS}{tag}")
            if found is not None:
                return found
        raise DocumentUnreadable(f"{name}: its content cannot be read")
