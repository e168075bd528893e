"""Every disguise, in every language of the canary pack: all is recovered, and nothing is seen where nothing is."""

from __future__ import annotations

import pytest

from seawall.canary.disguise import DISGUISES, disguise
from seawall.canary.pack import Pack
from seawall.canary.terms import canary_terms
from seawall.errors import UsageError
from seawall.text import Matcher

PACK = Pack.load()
LANGUAGES = sorted(PACK.sentences)
CATEGORIES = {"a": "minor_reference", "b": "adult_sexual"}
BY_CHARACTER = {
    "spaced": " ".join,
    "spaced, words too": lambda word: " ".join(word.replace(" ", "")),
    "dotted": ".".join,
    "starred": "*".join,
    "hyphened": "-".join,
    "tripled": lambda word: "".join(each if each == " " else each * 3 for each in word),
    "turned round": lambda word: "\u202e" + word[::-1],
    "with joiners": "\u200d".join,
}
"""The same by characters rather than by letters with their marks, as a machine would do it."""

NEUTRAL = {
    "en": "The 3 ferries leave at 7.30; bring a map, bread & water for a day at sea.",
    "de": "Die 3 Fähren fahren um 7.30 Uhr; bitte Karte, Brot und Wasser mitbringen.",
    "es": "Los 3 barcos salen a las 7.30; traiga un mapa, pan y agua para el día.",
    "fr": "Les 3 bateaux partent à 7 h 30 ; apportez une carte, du pain et de l'eau.",
    "pt": "Os 3 barcos saem às 7h30; traga um mapa, pão e água para o dia.",
    "el": "Τα 3 πλοία φεύγουν στις 7.30· φέρτε χάρτη, ψωμί και νερό.",
    "ar": "تغادر السفن الثلاث في السابعة والنصف؛ أحضر خريطة وخبزا وماء.",
    "he": "שלוש הספינות יוצאות ב-7.30; הביאו מפה, לחם ומים.",
    "hi": "तीन नावें सुबह 7.30 बजे चलती हैं; नक्शा, रोटी और पानी लाइए।",
    "ja": "三隻の船は七時半に出ます。地図とパンと水を持ってきてください。",
}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    """Knows the canary words."""
    return Matcher([canary_terms()])


def _found(matcher: Matcher, text: str) -> set[str]:
    return {hit.category for hit in matcher.match([text])[0].hits}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguised_canary_is_found_alone_in_a_sentence_and_in_a_disguised_sentence(
    matcher: Matcher, name: str, language: str
) -> None:
    for concept, category in CATEGORIES.items():
        word, sentence = PACK.concepts[concept].words[language], PACK.prompt((concept,), language)
        hidden = disguise(word, name)
        for text in (hidden, sentence.replace(word, hidden), disguise(sentence, name)):
            assert _found(matcher, text) == {category}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", BY_CHARACTER)
def test_a_canary_disguised_character_by_character_is_found(matcher: Matcher, name: str, language: str) -> None:
    for concept, category in CATEGORIES.items():
        assert _found(matcher, BY_CHARACTER[name](PACK.concepts[concept].words[language])) == {category}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DISGUISES)
def test_neutral_text_raises_no_alarm_plain_or_disguised(matcher: Matcher, name: str, language: str) -> None:
    for text in (NEUTRAL[language], PACK.prompt((), language), PACK.prompt(("c",), language)):
        assert _found(matcher, text) == set()
        assert _found(matcher, disguise(text, name)) == set()


@pytest.mark.parametrize("name", DISGUISES)
def test_both_canaries_in_one_disguised_sentence_count_whole(matcher: Matcher, name: str) -> None:
    for language in LANGUAGES:
        scores = matcher.match([disguise(PACK.prompt(("a", "b"), language), name)])[0].scores()
        assert scores == {"minor_reference": 1.0, "adult_sexual": 1.0}


def test_each_disguise_changes_a_text_of_its_script() -> None:
    for name in DISGUISES:
        assert any(
            disguise(PACK.prompt(("a",), language), name) != PACK.prompt(("a",), language) for language in LANGUAGES
        )


def test_a_disguise_that_there_is_not_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="unknown disguise"):
        disguise("a boat", "invisible-ink")
