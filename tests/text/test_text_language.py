"""Language id: sure or silent, and never a crash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The library opens at nine and closes late on weekdays.", "en"),
        ("Die Bibliothek öffnet um neun und schließt spät.", "de"),
        ("La biblioteca abre a las nueve y cierra tarde.", "es"),
        ("La bibliothèque ouvre à neuf heures et ferme tard.", "fr"),
        ("Библиотека открывается в девять часов утра.", "ru"),
        ("Η βιβλιοθήκη ανοίγει στις εννέα το πρωί.", "el"),
        ("הספרייה נפתחת בתשע בבוקר ונסגרת מאוחר", "he"),
        ("تفتح المكتبة في الساعة التاسعة صباحا", "ar"),
        ("पुस्तकालय सुबह नौ बजे खुलता है", "hi"),
        ("图书馆早上九点开门，晚上很晚才关门。", "zh"),
        ("図書館は朝九時に開きます。", "ja"),
        ("도서관은 아침 아홉 시에 연다", "ko"),
    ],
)
def test_a_sentence_is_recognised(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "x", "12345", "\ud800\x00\ufffe", "zorblax", "\u202e" * 50])
def test_what_nobody_can_tell_is_not_guessed(text: str) -> None:
    assert language_of(text) is None


@given(st.text())
def test_it_never_raises(text: str) -> None:
    assert language_of(text) is None or language_of(text)


def test_a_long_text_is_judged_by_its_beginning() -> None:
    english = "The library opens at nine, and the reading room closes late on weekdays, when trains still run. "
    assert language_of(english + "Библиотека открывается в девять часов утра. " * 200_000) is None
    assert language_of(english.ljust(4096) + "Библиотека открывается в девять часов утра. " * 200_000) == "en"
