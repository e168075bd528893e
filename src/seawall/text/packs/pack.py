"""A pack of terms as a value: what is looked for, in which categories, on whose word and until when."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from seawall.text._classes import is_segmented
from seawall.text.errors import PackFormat

LONGEST_TERM = 128
"""Most characters of a term."""
MOST_TERMS = 100_000
"""Most terms of a pack."""

_MOST_GUARDS = 64
_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,31}(?:\.[a-z][a-z0-9_]{0,63}){0,3}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
# Class ids that speak of pictures, and the mark of a drill: a term cannot claim them.
_RESERVED = frozenset({"child_depiction", "under_21", "persons", "persons_abstained", "drill"})


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase.

    Attributes:
        category: What it says: `minor_reference`, `adult_sexual`, `csem.*` or the owner's own.
        text: The term, as it is written.
        language: BCP 47 tag, if it belongs to one.
        weight: How much it says, above 0, at most 1.
        whole_word: Whether it is found as a whole word only; None: if its script sets words apart.
        exact: Whether it is found as written alone, in the raw view: without its accents it would be another word.
        not_after: Words that may not stand before it: it would be a part of something else, as five of twenty-five.
    """

    category: str
    text: str = field(repr=False)
    language: str | None = None
    weight: float = 1.0
    whole_word: bool | None = None
    exact: bool = False
    not_after: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if _CATEGORY.fullmatch(self.category) is None or self.category in _RESERVED:
            raise PackFormat("a category is small letters, digits and dots, and no class of pictures")
        if not 0 < len(self.text.strip()) <= LONGEST_TERM:
            raise PackFormat(f"a term has 1 to {LONGEST_TERM} characters")
        if not 0 < self.weight <= 1:
            raise PackFormat("a weight is above 0 and at most 1")
        if self.language is not None and _LANGUAGE.fullmatch(self.language) is None:
            raise PackFormat("a language is a BCP 47 tag")
        if len(self.not_after) > _MOST_GUARDS or not all(
            0 < len(each.strip()) <= LONGEST_TERM for each in self.not_after
        ):
            raise PackFormat(f"a term has at most {_MOST_GUARDS} words in not_after")

    @property
    def whole(self) -> bool:
        """Whether it is found as a whole word only."""
        return is_segmented(self.text) if self.whole_word is None else self.whole_word


@dataclass(frozen=True, slots=True)
class BlindTerm:
    """A term of which only keyed digests are known.

    Attributes:
        number: Its number in the pack.
        category: What it says.
        language: BCP 47 tag, if it belongs to one.
        weight: How much it says.
    """

    number: int
    category: str
    language: str | None
    weight: float


@dataclass(frozen=True, slots=True)
class Blind:
    """The terms of a pack that does not hold them.

    Attributes:
        key: Key of the digests.
        grams: By the digest of a form, 32 bytes: the terms, and the views (`Form`) in which each has that form.
    """

    key: bytes = field(repr=False)
    grams: Mapping[bytes, tuple[tuple[BlindTerm, int], ...]] = field(repr=False)

    def terms(self) -> dict[int, BlindTerm]:
        """Return the terms by number."""
        return {term.number: term for owners in self.grams.values() for term, _ in owners}


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack of terms.

    Attributes:
        name: Its name: small letters, digits and hyphens.
        version: Its version, as the owner counts.
        owner: Who answers for it.
        expires: Last day on which it may be used; None for packs that ship.
        terms: The terms; empty if it is blind.
        blind: The digests, if it is blind.
        drill: Whether its terms are canaries.
    """

    name: str
    version: str
    owner: str
    expires: date | None
    terms: tuple[Term, ...] = field(repr=False)
    blind: Blind | None = field(default=None, repr=False)
    drill: bool = False

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise PackFormat("the name of a pack is small letters, digits and hyphens")
        if not 0 < len(self.version) <= 64 or not 0 < len(self.owner) <= 256:
            raise PackFormat("a pack says its version (64 characters) and its owner (256 characters)")
        if len(self.terms) > MOST_TERMS:
            raise PackFormat(f"a pack has at most {MOST_TERMS:,} terms")

    def counts(self) -> dict[str, int]:
        """Return the number of terms by category."""
        terms = self.terms if self.blind is None else self.blind.terms().values()
        return dict(sorted(Counter(term.category for term in terms).items()))

    @property
    def size(self) -> int:
        """The number of terms."""
        return sum(self.counts().values())

    @property
    def categories(self) -> frozenset[str]:
        """The categories that it can give."""
        return frozenset(self.counts())
