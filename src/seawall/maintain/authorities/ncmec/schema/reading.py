"""Reads the table that ships into the schema of a profile. What the table does not say, no schema has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from seawall.errors import UsageError
from seawall.maintain.authorities.ncmec.schema.model import Attribute, Base, Entry, Format, Kind, Schema, Type, Value

PROFILES = ("2025-11", "2026-08")
"""Editions of NCMEC's schema that are known, the oldest first; the API has no version of its own."""
OLDEST = PROFILES[0]

_ENTRY = re.compile(r"(?P<name>\w+)(?P<times>[?*+]?) (?P<type>\w+)(?: (?P<longest>\d+))?")
_ATTRIBUTE = re.compile(r"(?P<name>\w+)(?P<needed>!?) (?P<type>\w+)(?: (?P<longest>\d+))?")
_TIMES: Mapping[str, tuple[int, int | None]] = {"": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}
_FLAG = Type("flag", Kind.VALUE, Value("flag", Base.BOOLEAN, words=("true",)))


def load_schema(profile: str = OLDEST) -> Schema:
    """Return the schema of a profile.

    Raises:
        UsageError: If there is no such profile.
    """
    if profile not in PROFILES:
        raise UsageError(f"there is no schema profile {profile!r}", hint=f"there are {', '.join(PROFILES)}")
    return _load(profile)


@cache
def _load(profile: str) -> Schema:
    table = yaml.safe_load((files(__package__) / "table.yaml").read_text("utf-8"))
    return _Table(table, profile).schema()


class _Table:
    """Makes types out of the table, each once."""

    def __init__(self, table: Mapping[str, Any], profile: str) -> None:
        self._table = table
        self._profile = profile
        self._values = {name: _value(name, said) for name, said in table["values"].items()}
        self._types: dict[str, Type] = {}

    def schema(self) -> Schema:
        """Return the schema."""
        roots = {name: Entry(name, self._type(kind)) for name, kind in self._table["roots"].items()}
        return Schema(self._profile, roots)

    def _type(self, name: str) -> Type:
        if name not in self._types:
            self._types[name] = self._make(name)
        return self._types[name]

    def _make(self, name: str) -> Type:
        table = self._table
        if name in self._values:
            return Type(name, Kind.VALUE, self._values[name])
        if name in table["texts"]:
            said = table["texts"][name]
            return Type(name, Kind.VALUE, self._values[said["value"]], self._attributes(said["attributes"]))
        if name in table["flags"]:
            flags = (each if isinstance(each, dict) else {"entry": each} for each in table["flags"][name])
            known = (each["entry"] for each in flags if self._has(each))
            return Type(name, Kind.FLAGS, entries=tuple(Entry(each, _FLAG, 0, 1) for each in known))
        if name in table["choices"]:
            return Type(name, Kind.CHOICE, entries=tuple(self._entries(table["choices"][name])))
        said = table["sequences"][name]
        whole = said if isinstance(said, dict) else {"entries": said}
        attributes = self._attributes(whole.get("attributes", ()))
        return Type(name, Kind.SEQUENCE, None, attributes, tuple(self._entries(whole.get("entries", ()))))

    def _entries(self, written: Any) -> Iterator[Entry]:
        for each in written:
            if isinstance(each, dict) and "either" in each:
                rivals = list(self._entries(each["either"]))
                names = frozenset(rival.name for rival in rivals)
                yield from (replace(rival, rivals=names - {rival.name}) for rival in rivals)
                continue
            said = each if isinstance(each, dict) else {"entry": each}
            if self._has(said):
                yield self._entry(said)

    def _entry(self, said: Mapping[str, Any]) -> Entry:
        found = _matched(_ENTRY, said["entry"])
        least, most = _TIMES[found["times"]]
        longest = found["longest"] or self._table["texts"].get(found["type"], {}).get("longest")
        return Entry(
            found["name"],
            self._type(found["type"]),
            least,
            most,
            once=said.get("once", False),
            longest=int(longest) if longest is not None else None,
            written=said.get("emit", True),
        )

    def _attributes(self, written: Any) -> tuple[Attribute, ...]:
        made = []
        for each in written:
            found = _matched(_ATTRIBUTE, each)
            longest = int(found["longest"]) if found["longest"] else None
            made.append(Attribute(found["name"], self._values[found["type"]], bool(found["needed"]), longest))
        return tuple(made)

    def _has(self, said: Mapping[str, Any]) -> bool:
        """Whether this profile has an entry."""
        since = said.get("since")
        return since is None or PROFILES.index(since) <= PROFILES.index(self._profile)


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(f"the table has an entry that cannot be read: {text}")
    return found


def _value(name: str, said: Mapping[str, Any]) -> Value:
    words = said.get("words", ())
    return Value(
        name,
        Base(said.get("base", "string")),
        words=tuple(words.split()) if isinstance(words, str) else tuple(words),
        empty=said.get("empty", False),
        pattern=said.get("pattern"),
        format=Format(said["format"]) if "format" in said else None,
        least=said.get("least"),
        most=said.get("most"),
    )
