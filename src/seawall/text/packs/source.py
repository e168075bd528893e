"""Reading the source of a pack: YAML or JSON as its owner writes it. Hostile files are refused before they grow.

    name: our-words
    version: 3
    owner: trust and safety
    expires: 2030-06-30
    terms:
      - {category: csem.grooming, language: en, term: zorblax, weight: 0.8, whole_word: true}

No message repeats a term; it says which entry is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from seawall.text.errors import PackFormat
from seawall.text.packs.pack import MOST_TERMS, Pack, Term

LARGEST_SOURCE = 32 << 20
"""Most bytes of a source."""

_DEEPEST = 6
_FIELDS = frozenset({"name", "version", "owner", "expires", "terms"})
_TERM_FIELDS = frozenset({"category", "language", "term", "weight", "whole_word", "exact", "not_after"})


def read_source(path: Path, *, name: str | None = None) -> Pack:
    """Read the source of a pack.

    Args:
        path: A YAML or JSON file.
        name: Name to use instead of the file's own.

    Raises:
        PackFormat: If it is not the source of a pack.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_SOURCE + 1)
    except OSError as error:
        raise PackFormat(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > LARGEST_SOURCE:
        raise PackFormat(f"{path} is larger than a pack may be ({LARGEST_SOURCE >> 20} MiB)")
    try:
        return pack_of(_parsed(data), name=name)
    except PackFormat as error:
        raise PackFormat(f"{path}: {error.message}") from None


def pack_of(fields: object, *, name: str | None = None) -> Pack:
    """Return the pack that a parsed source describes.

    Raises:
        PackFormat: If it describes none.
    """
    if not isinstance(fields, dict):
        raise PackFormat("a pack is a table with name, version, owner, expires and terms")
    if unknown := [str(key)[:32] for key in fields if key not in _FIELDS]:
        raise PackFormat(f"unknown field {unknown[0]!r}")
    rows = fields.get("terms")
    if not isinstance(rows, list) or not rows:
        raise PackFormat("a pack has a list of terms")
    if len(rows) > MOST_TERMS:
        raise PackFormat(f"a pack has at most {MOST_TERMS:,} terms")
    version, owner = fields.get("version"), fields.get("owner")
    if isinstance(version, bool) or not isinstance(version, str | int | float):
        raise PackFormat("a pack says its version")
    if not isinstance(owner, str):
        raise PackFormat("a pack says its owner")
    own_name = name or fields.get("name")
    if not isinstance(own_name, str):
        raise PackFormat("a pack has a name")
    terms = tuple(_term(row, number) for number, row in enumerate(rows, 1))
    return Pack(own_name, str(version), owner, _day(fields.get("expires")), terms)


def source_of(pack: Pack) -> str:
    """Return the source of a pack, as YAML."""
    import yaml

    fields: dict[str, Any] = {
        "name": pack.name,
        "version": pack.version,
        "owner": pack.owner,
        "expires": pack.expires,
        "terms": [_row(term) for term in pack.terms],
    }
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, default_flow_style=None, width=200)


def _parsed(data: bytes) -> object:
    try:
        if data.lstrip()[:1] == b"{":
            return json.loads(data)
        return _yaml(data)
    except (ValueError, RecursionError):
        raise PackFormat("neither YAML nor JSON") from None


def _yaml(data: bytes) -> object:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        # Looked through once as a flat stream: aliases can make a small file huge, nesting can exhaust the stack.
        for event in yaml.parse(data, Loader=loader):
            if isinstance(event, yaml.AliasEvent):
                raise PackFormat("aliases are refused")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise PackFormat("nested too deep")
        # Bandit's rule: the loader is the safe one, in C where there is one.
        return yaml.load(data, Loader=loader)  # noqa: S506
    except (yaml.YAMLError, ValueError, TypeError):
        raise PackFormat("neither YAML nor JSON") from None


def _term(row: object, number: int) -> Term:
    if not isinstance(row, Mapping) or not _TERM_FIELDS.issuperset(row):
        raise PackFormat(
            f"term {number}: a term has category, term, and perhaps language, weight, whole_word, exact and not_after"
        )
    category, text, language = row.get("category"), row.get("term"), row.get("language")
    weight, whole = row.get("weight", 1.0), row.get("whole_word")
    exact, not_after = row.get("exact", False), row.get("not_after", [])
    if not isinstance(category, str) or not isinstance(text, str):
        raise PackFormat(f"term {number}: category and term are texts")
    if not isinstance(language, str | None) or not isinstance(whole, bool | None) or not isinstance(exact, bool):
        raise PackFormat(f"term {number}: language is a text, whole_word and exact are true or false")
    if not isinstance(not_after, list) or not all(isinstance(each, str) for each in not_after):
        raise PackFormat(f"term {number}: not_after is a list of texts")
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise PackFormat(f"term {number}: weight is a number")
    try:
        return Term(category, text, language, float(weight), whole, exact, tuple(not_after))
    except (PackFormat, OverflowError) as error:
        message = error.message if isinstance(error, PackFormat) else "weight is above 0 and at most 1"
        raise PackFormat(f"term {number}: {message}") from None


def _day(value: object) -> date:
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    # A moment is a date as well, to Python, but not to a reader.
    if type(value) is date:
        return value
    raise PackFormat("a pack says the day that it expires on, as 2030-06-30")


def _row(term: Term) -> dict[str, Any]:
    row: dict[str, Any] = {"category": term.category, "term": term.text, "weight": term.weight}
    if term.language is not None:
        row["language"] = term.language
    if term.whole_word is not None:
        row["whole_word"] = term.whole_word
    if term.exact:
        row["exact"] = True
    if term.not_after:
        row["not_after"] = list(term.not_after)
    return row
