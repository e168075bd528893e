"""Canary words as terms: they fire their category in every language, and every hit is a drill."""

from __future__ import annotations

import pytest

from seawall.canary.pack import Pack, mint
from seawall.canary.terms import canary_terms
from seawall.text import Matcher


@pytest.mark.parametrize("language", sorted(Pack.load().sentences))
@pytest.mark.parametrize(
    ("concepts", "categories"),
    [
        ("a", {"minor_reference"}),
        ("b", {"adult_sexual"}),
        ("c", set()),
        ("ab", {"minor_reference", "adult_sexual"}),
        ("", set()),
    ],
)
@pytest.mark.parametrize("minted", [False, True])
def test_a_canary_sentence_fires_what_its_words_stand_for(
    language: str, concepts: str, categories: set[str], minted: bool
) -> None:
    pack = mint() if minted else Pack.load()
    hits = Matcher([canary_terms(pack)]).match([pack.prompt(concepts, language)])[0].hits
    assert {hit.category for hit in hits} == categories
    assert all(hit.drill for hit in hits)
