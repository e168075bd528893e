"""Terms made ready: every form that they take, in one automaton for the plain views and one for the bare view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, Implementation
from numpy.typing import NDArray

from seawall.text._bare import skeleton_of
from seawall.text._classes import kind_of
from seawall.text._forms import Form, forms, spellings
from seawall.text.errors import PackFormat
from seawall.text.packs.pack import Pack, Term

_LARGEST_TABLE = 48 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A term, as the matcher knows it.

    Attributes:
        pack: Name of its pack.
        number: Its number there.
        category: What it says.
        language: Its language.
        weight: How much it says.
        whole: Whether it is found as a whole word only.
        drill: Whether it is a canary.
        not_after: Words that may not stand before it, in every form that they take.
    """

    pack: str
    number: int
    category: str
    language: str | None
    weight: float
    whole: bool
    drill: bool
    not_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Automaton:
    """Patterns and what they stand for.

    Attributes:
        find: Finds all of them, overlapping ones too.
        first: Kind of the first character, by pattern.
        last: Kind of the last character, by pattern.
        whole: Whether all terms behind a pattern are whole words.
        owners: By pattern: the terms (number of the entry, and in which views, or the spelling to check).
        longest: Bytes of the longest pattern.
    """

    find: BytesAhoCorasick
    first: NDArray[np.uint8]
    last: NDArray[np.uint8]
    whole: NDArray[np.bool_]
    owners: tuple[tuple[tuple[int, Form, str], ...], ...]
    longest: int


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms of some packs.

    Attributes:
        entries: The terms.
        plain: Finds them in the raw, folded and bidi views; None if there are none.
        ascii: The part of `plain` that can be found in ASCII; smaller, so faster.
        bare: Finds their skeletons; None if there are none.
    """

    entries: tuple[Entry, ...]
    plain: Automaton | None
    ascii: Automaton | None
    bare: Automaton | None


def compile_terms(packs: Sequence[Pack]) -> Terms:
    """Return the terms of packs, ready to be found. Blind packs have none.

    Raises:
        PackFormat: If nothing of a term is left in any view.
    """
    entries: list[Entry] = []
    plain: dict[str, dict[int, Form]] = {}
    bare: dict[str, dict[tuple[int, str], None]] = {}
    for pack in packs:
        for number, term in enumerate(pack.terms):
            place = len(entries)
            entries.append(_entry(pack, number, term))
            found = forms(term.text, exact=term.exact)
            if not found:
                raise PackFormat(f"pack {pack.name}, term {number + 1}: nothing of it can be looked for")
            for form, kind in found.items():
                owners = plain.setdefault(form, {})
                owners[place] = owners.get(place, Form(0)) | kind
            for spelling in () if term.exact else spellings(term.text):
                bare.setdefault(skeleton_of(spelling), {})[(place, spelling)] = None
    wholes = [entry.whole for entry in entries]
    owned = {form: [(place, kind, "") for place, kind in owners.items()] for form, owners in plain.items()}
    spelt = {form: [(place, Form.FOLDED, spelling) for place, spelling in owners] for form, owners in bare.items()}
    ascii_owned = {form: owners for form, owners in owned.items() if form.isascii()}
    every = _automaton(owned, wholes)
    return Terms(
        tuple(entries),
        every,
        every if len(ascii_owned) == len(owned) else _automaton(ascii_owned, wholes),
        _automaton(spelt, wholes),
    )


def _entry(pack: Pack, number: int, term: Term) -> Entry:
    guards = {
        form for word in term.not_after for plain in forms(word) for form in (f"{plain} ", f"{skeleton_of(plain)} ")
    }
    fields = (term.category, term.language, term.weight, term.whole, pack.drill)
    return Entry(pack.name, number, *fields, tuple(sorted(guards)))


def _automaton(patterns: dict[str, list[tuple[int, Form, str]]], wholes: list[bool]) -> Automaton | None:
    if not patterns:
        return None
    data = [pattern.encode("utf-8", "surrogatepass") for pattern in patterns]
    # The dense automaton is twice as fast and many times as large.
    row = 1 << (len(set(b"".join(data))) + 1).bit_length()
    dense = sum(map(len, data)) * row * 4 <= _LARGEST_TABLE
    return Automaton(
        find=BytesAhoCorasick(data, implementation=Implementation.DFA if dense else None),
        first=np.array([kind_of(pattern[0]) for pattern in patterns], np.uint8),
        last=np.array([kind_of(pattern[-1]) for pattern in patterns], np.uint8),
        whole=np.array([all(wholes[place] for place, _, _ in owners) for owners in patterns.values()], np.bool_),
        owners=tuple(map(tuple, patterns.values())),
        longest=max(map(len, data)),
    )
