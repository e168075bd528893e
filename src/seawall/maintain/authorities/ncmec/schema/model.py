"""A schema as values: which elements stand where, in which order, how often, and what they may hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Base(StrEnum):
    """What a value is, to the schema; everything else about it is a rule of seawall or of the server."""

    STRING = "string"
    TOKEN = "token"  # noqa: S105 (a name of XML Schema)
    BOOLEAN = "boolean"
    DATE_TIME = "dateTime"
    DATE = "date"
    LONG = "long"
    DOUBLE = "double"


class Format(StrEnum):
    """What the server asks of a text beyond the schema."""

    URL = "url"
    IP = "ip"
    EMAIL = "email"


class Kind(StrEnum):
    """What an element holds."""

    VALUE = "value"
    SEQUENCE = "sequence"
    CHOICE = "choice"
    FLAGS = "flags"


@dataclass(frozen=True, slots=True)
class Value:
    """What a text may be.

    Attributes:
        name: Of the type.
        base: What the schema asks.
        words: One of these; empty for any.
        empty: Whether the empty text is one of the words to the schema; it is never written.
        pattern: What the whole text matches.
        format: What the server asks.
        least, most: Bounds of a number, by the server.
    """

    name: str
    base: Base = Base.STRING
    words: tuple[str, ...] = ()
    empty: bool = False
    pattern: str | None = None
    format: Format | None = None
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an element.

    Attributes:
        name: Its name.
        value: What it may be.
        required: Whether it must be there.
        longest: In characters, by the server; None for any length.
    """

    name: str
    value: Value
    required: bool = False
    longest: int | None = None


@dataclass(frozen=True)
class Type:
    """What an element holds.

    Attributes:
        name: Of the type.
        kind: Of which kind.
        value: What a text may be; None for elements that hold others.
        attributes: By name, in the order in which they are written.
        entries: Elements in their order; of a choice, those of which one is there.
    """

    name: str
    kind: Kind
    value: Value | None = None
    attributes: tuple[Attribute, ...] = ()
    entries: tuple[Entry, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Entry]:
        """The entries by the name of their element."""
        return {each.name: each for each in self.entries}

    @cached_property
    def attribute_of(self) -> Mapping[str, Attribute]:
        """The attributes by name."""
        return {each.name: each for each in self.attributes}


@dataclass(frozen=True)
class Entry:
    """An element in its place.

    Attributes:
        name: Of the element.
        type: What it holds.
        least: How often it must be there.
        most: How often it may be; None for any number.
        once: Whether the server takes one where the schema takes more.
        longest: In characters, by the server; None for any length.
        written: Whether seawall writes it.
        rivals: Names of elements that cannot be there beside it.
    """

    name: str
    type: Type
    least: int = 1
    most: int | None = 1
    once: bool = False
    longest: int | None = None
    written: bool = True
    rivals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Schema:
    """A schema.

    Attributes:
        profile: Its name.
        roots: The elements that a document begins with, by name.
    """

    profile: str
    roots: Mapping[str, Entry]

    def element_paths(self, root: str) -> list[str]:
        """Return the path of every element below a root, in document order: `reporter/reportingPerson/email`."""
        return [path for path, _ in walk(self.roots[root].type)]

    def attribute_paths(self, root: str) -> list[str]:
        """Return the path of every attribute below a root: `reporter/reportingPerson/email@type`."""
        return [f"{path}@{each.name}" for path, entry in walk(self.roots[root].type) for each in entry.type.attributes]


def walk(kind: Type, above: str = "") -> Iterator[tuple[str, Entry]]:
    """Yield every element that may stand below a type, with its path, in document order."""
    for entry in kind.entries:
        path = f"{above}/{entry.name}" if above else entry.name
        yield path, entry
        yield from walk(entry.type, path)
