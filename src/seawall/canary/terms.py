"""The canary words as a pack of terms, so that text matching can be fired end to end. Always active, always a drill."""

from __future__ import annotations

from seawall.canary.pack import Pack
from seawall.text.packs import Pack as TermPack
from seawall.text.packs import Term

NAME = "seawall-canary"
"""Name of the pack of terms."""

_CATEGORIES = {"child_depiction": "minor_reference", "adult_sexual": "adult_sexual"}
"""What a text says by naming a stand-in, by the class that it stands for; the others say nothing."""


def canary_terms(pack: Pack | None = None) -> TermPack:
    """Return the words of a canary pack as terms; hits on them are drills.

    Args:
        pack: The canary pack; default: the one that ships.
    """
    pack = pack or Pack.load()
    terms: dict[tuple[str, str], Term] = {}
    for concept in pack.concepts.values():
        category = _CATEGORIES.get(concept.stands_for)
        if category is None:
            continue
        for language, word in concept.words.items():
            terms.setdefault((category, word), Term(category, word, language))
    return TermPack(NAME, str(pack.version), "seawall", None, tuple(terms.values()), drill=True)
