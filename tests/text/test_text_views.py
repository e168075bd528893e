"""The views: what survives in each, where it came from, and the fast path against the careful one."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text._bulk import views_of
from seawall.text._fold import FOLD, lookalikes
from seawall.text._marks import kept_marks, segments, without_floods
from seawall.text.views import View, raw_text, views, visual_order

NASTY = (
    "abehnorxl  --__..103@$!|+\0\n\t\x07"
    "éñß\u0301\u0315\u0300\u0308\u200b\u200d\u00ad\ufe0f\U000e0068"
    "оерНηοεΣσςИ\u202e\u202c\u202d𝐡ⓗ🅷🇭ＦﬀĲﷺ"
    "가각\u1100\u1161\u11a8ｶﾞがकि\u0e01\u0e49א\u05b0بَ三歳\ud800\u2028\u3000·—"
)
texts = st.text(st.sampled_from(NASTY), max_size=40) | st.text(max_size=40)


@given(st.lists(texts, min_size=1, max_size=6))
def test_many_texts_at_once_have_the_views_of_each_alone(batch: list[str]) -> None:
    found: dict[int, list[tuple[View, str]]] = {index: [] for index in range(len(batch))}
    for lines in views_of(batch, range(len(batch))):
        for owner, line in zip(lines.owners, lines.buffer.split(b"\0"), strict=True):
            found[owner].append((lines.view, line.decode("utf-8", "surrogatepass")))
    for index, text in enumerate(batch):
        assert sorted(found[index]) == sorted((view.view, view.text) for view in views(text))


@given(texts)
def test_every_character_of_a_view_comes_from_a_part_of_the_text(text: str) -> None:
    for view in views(text):
        assert len(view.starts) == len(view.ends) == len(view.text)
        assert all(0 <= start < end <= len(text) for start, end in zip(view.starts, view.ends, strict=True))


@given(texts)
def test_the_raw_view_keeps_the_order_and_the_content_of_its_parts(text: str) -> None:
    raw = views(text)[0]
    assert list(raw.starts) == sorted(raw.starts)
    if raw.text:
        start, end = raw.span(0, len(raw.text))
        assert raw_text(text[start:end].replace("\0", "\x01")).strip(" ") == raw.text.strip(" ")


@given(texts)
def test_a_text_can_be_normalised_in_segments(text: str) -> None:
    calm = without_floods(text)
    begins = [*segments(calm), len(calm)]
    pieces = [calm[start:end] for start, end in itertools.pairwise(begins)]
    assert "".join(unicodedata.normalize("NFKC", piece) for piece in pieces) == unicodedata.normalize("NFKC", calm)


@given(st.characters())
def test_folding_what_is_folded_changes_nothing(character: str) -> None:
    folded = character.translate(FOLD)
    assert folded.translate(FOLD) == folded
    assert "\0" not in folded or character == "\0"


def test_listed_lookalikes_are_letters_or_signs_of_other_scripts_than_basic_latin() -> None:
    assert len(lookalikes()) > 200
    for character, letter in lookalikes().items():
        assert "a" <= letter <= "z"
        assert not character.isascii()
        assert unicodedata.category(character)[0] in "LSP"


@pytest.mark.parametrize("letter", "abcdefghijklmnopqrstuvwxyz")
def test_every_latin_letter_has_a_lookalike_that_folds_to_it(letter: str) -> None:
    for shift in (0xFF41 - 0x61, 0x1D41A - 0x61, 0x24D0 - 0x61, 0x1F1E6 - 0x61, 0x1F170 - 0x61):
        assert chr(ord(letter) + shift).translate(FOLD) == letter
    if letter not in "qfr":
        assert letter in set(lookalikes().values())


@pytest.mark.parametrize(
    "text",
    ["ребёнок", "παιδί", "हिन्दी में", "เด็ก", "الطِّفل", "יֶלֶד", "子ども", "어린이", "გამარჯობა", "բարեւ", "ናይል"],
)
def test_the_raw_view_keeps_every_script_whole(text: str) -> None:
    assert views(text)[0].text == unicodedata.normalize("NFKC", text).casefold()


@pytest.mark.parametrize("text", ["हिन्दी में पुस्तक", "หนังสือ", "ព្រះ", "ကျောင်း", "が ぎ", "가방"])
def test_the_folded_view_keeps_vowel_signs_that_are_no_decoration(text: str) -> None:
    assert views(text)[-1].text == unicodedata.normalize("NFKC", text)


def test_a_right_to_left_run_is_turned_round_and_keeps_its_places() -> None:
    text = "a \u202enoreh\u202c b"
    bidi = next(view for view in views(text) if view.view is View.BIDI)
    assert bidi.text == "a heron b"
    assert bidi.span(2, 7) == (3, 8)
    assert bidi.span(2, 3) == (7, 8)


def test_a_forced_left_to_right_run_is_turned_only_if_its_letters_run_the_other_way() -> None:
    assert visual_order("\u202dab\u202c") == [0, 1, 2, 3]
    assert visual_order("\u202dאב\u202c") == [0, 2, 1, 3]


def test_an_override_ends_with_its_line_and_can_be_left_open() -> None:
    assert visual_order("\u202eab\ncd") == [0, 2, 1, 3, 4, 5]
    assert visual_order("\u202eab\u202ecd") == [0, 2, 1, 3, 5, 4]


def test_long_runs_of_marks_are_cut_and_short_ones_kept() -> None:
    assert kept_marks("e" + "\u0301" * 30) is None
    assert len(without_floods("e" + "\u0301\u0315" * 5000 + "x")) == 32


def test_stretched_spaced_and_spelt_words_have_a_bare_view_and_others_none() -> None:
    assert [view.text for view in views("b o o t") if view.view is View.BARE] == ["bot"]
    assert [view.text for view in views("hell0") if view.view is View.BARE] == ["heio"]
    assert not [view for view in views("A plain sentence, of 12 words; or 8.") if view.view is View.BARE]
