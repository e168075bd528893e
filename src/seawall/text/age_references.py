"""The pack of neutral age references that ships: numbers with units, school grades, generic nouns; many languages.

It names children and nothing else. What it finds is a reference to a minor, never more; half of it is everyday speech.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from seawall.text.packs.pack import Pack, Term

NAME = "seawall-ages"
"""Name of the pack."""

_MINOR = "minor_reference"
_ADULT = 18
_MONTHS = 36
_SLOT = "{n}"


@cache
def age_references() -> Pack:
    """Return the pack. It does not expire: it changes with seawall's own version."""
    import yaml

    text = (files("seawall.text") / "data" / "age_references.yaml").read_text("utf-8")
    fields = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (a safe loader, in C)
    weights = fields["weights"]
    found: dict[tuple[str, str], Term] = {}
    for language, words in fields["languages"].items():
        for term in _terms(language, words, weights):
            found.setdefault((language, term.text.casefold()), term)
    return Pack(fields["name"], fields["version"], fields["owner"], None, tuple(found.values()))


def _terms(language: str, words: Mapping[str, list[str]], weights: Mapping[str, Any]) -> Iterator[Term]:
    numbers = [str(number) for number in range(_ADULT)]
    months = [str(number) for number in range(_MONTHS)]
    guards = tuple(words.get("not_after", ()))
    for shape in words.get("ages", ()):
        for number in (*numbers, *words.get("words", ())):
            # Digits are never cut from a longer number; words can be.
            not_after = () if (number.isascii() and number.isdigit()) or not shape.startswith(_SLOT) else guards
            yield Term(_MINOR, shape.replace(_SLOT, number), language, weights["ages"], None, False, not_after)
    for group, values in (("digits", numbers), ("months", months)):
        for shape in words.get(group, ()):
            for number in values:
                yield Term(_MINOR, shape.replace(_SLOT, number), language, weights["ages"])
    for group in ("grades", "nouns", "hints"):
        for text in words.get(group, ()):
            yield Term(_MINOR, text, language, weights[group])
    for text in words.get("exact", ()):
        yield Term(_MINOR, text, language, weights["nouns"], None, True)
