"""Blind packs: keyed digests in place of terms, so that a pack that leaks does not read as a list of words.

A digest is found again only for exactly the same one to four words. Whoever has the key can try words, one by one: this
is a veil, not a lock.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from itertools import pairwise

from seawall.text._classes import Kind, kind_of
from seawall.text._forms import forms
from seawall.text.errors import PackFormat
from seawall.text.packs.pack import BlindTerm, Term

MOST_WORDS = 4
"""Most words of a term in a blind pack."""

DIGEST_BYTES = 32


def digest(key: bytes, gram: str) -> bytes:
    """Return the digest of words in their form for a view."""
    return hmac.digest(key, gram.encode("utf-8", "surrogatepass"), "sha256")


def words(text: str) -> Iterator[tuple[int, int]]:
    """Give the words of a view, as start and end."""
    edges = [index for index in range(len(text) + 1) if _in_word(text, index - 1) != _in_word(text, index)]
    yield from list(pairwise(edges))[::2]


def blinded(terms: tuple[Term, ...], key: bytes) -> dict[bytes, list[tuple[BlindTerm, int]]]:
    """Return the digests of terms.

    Raises:
        PackFormat: If a term has more words than can be blinded, or none.
    """
    grams: dict[bytes, list[tuple[BlindTerm, int]]] = {}
    for number, term in enumerate(terms):
        if term.not_after:
            raise PackFormat(f"term {number + 1}: not_after cannot be blinded")
        blind = BlindTerm(number, term.category, term.language, term.weight)
        for form, views in forms(term.text, exact=term.exact).items():
            parts = [form[start:end] for start, end in words(form)]
            if not 0 < len(parts) <= MOST_WORDS:
                raise PackFormat(f"term {number + 1}: a blind pack has terms of one to {MOST_WORDS} words")
            grams.setdefault(digest(key, " ".join(parts)), []).append((blind, int(views)))
    return grams


def _in_word(text: str, index: int) -> bool:
    return 0 <= index < len(text) and kind_of(text[index]) is not Kind.NONE
