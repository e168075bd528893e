"""Matching: every trick undone, every overlapping term found, every span right, and nothing found that is not there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.text import Matcher, Pack, Term, View, within
from seawall.text._classes import is_inside_word, kind_of
from seawall.text._forms import Form, forms
from seawall.text.errors import PackFormat
from seawall.text.hits import Hit, Matches
from seawall.text.views import views

WORDS = ("zorblax", "vexnog", "quimpel", "drathok", "meeplin")


def _pack(*terms: Term, name: str = "nonsense") -> Pack:
    return Pack(name, "1", "tests", None, terms)


def _matcher(*terms: Term) -> Matcher:
    return Matcher([_pack(*terms)])


MATCHER = _matcher(*(Term("made_up", word) for word in WORDS))


def _mapped(word: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in word)


def _shifted(word: str, first: int) -> str:
    return "".join(chr(first + ord(letter) - ord("a")) for letter in word)


CYRILLIC = dict(zip("abceikmnoprstxh", "авсеікмпоргѕтхн", strict=True))
GREEK = dict(zip("abeiknoptuvxy", "αβεικηορτυνχγ", strict=True))
SMALL_CAPITALS = dict(zip("abdeghiklmnoprtuvxz", "ᴀʙᴅᴇɢʜɪᴋʟᴍɴᴏᴘʀᴛᴜᴠxᴢ", strict=True))
ARMENIAN = dict(zip("hnouqgl", "հոօսգցլ", strict=True))

PLAIN_TRICKS = {
    "full-width": lambda word: _shifted(word, 0xFF41),
    "circled": lambda word: _shifted(word, 0x24D0),
    "negative circled": lambda word: _shifted(word, 0x1F150),
    "parenthesised": lambda word: _shifted(word, 0x249C),
    "maths bold": lambda word: _shifted(word, 0x1D41A),
    "fraktur": lambda word: _shifted(word, 0x1D586),
    "Cyrillic": lambda word: _mapped(word, CYRILLIC),
    "Greek": lambda word: _mapped(word, GREEK),
    "Greek capitals": lambda word: _mapped(word.upper(), dict(zip("ABEZHIKMNOPTYX", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", strict=True))),
    "Armenian": lambda word: _mapped(word, ARMENIAN),
    "zero-width space": lambda word: "\u200b".join(word),
    "soft hyphen": lambda word: "\u00ad".join(word),
    "tags": lambda word: "".join(letter + chr(0xE0000 + ord(letter)) for letter in word),
    "joiners and selectors": lambda word: "".join(letter + "\u200d\ufe0f" for letter in word),
    "stacked marks": lambda word: "".join(letter + "\u0301\u0327\u0315\u0489" for letter in word),
    "accents": lambda word: _mapped(word, dict(zip("aeiounzldt", "áéîöüñžłđŧ", strict=True))),
    "small capitals": lambda word: _mapped(word, SMALL_CAPITALS),
    "regional letters": lambda word: _shifted(word, 0x1F1E6),
    "squared": lambda word: _shifted(word, 0x1F130),
    "negative squared": lambda word: _shifted(word, 0x1F170),
    "capitals": str.upper,
    "right-to-left override": lambda word: f"\u202e{word[::-1]}\u202c",
}
BARE_TRICKS = {
    "leet digits": lambda word: _mapped(word, dict(zip("aeiost", "431057", strict=True))),
    "leet signs": lambda word: _mapped(word, dict(zip("ait", "@!+", strict=True))),
    "spaced": " ".join,
    "double spaced": "  ".join,
    "dotted": ".".join,
    "dashed": "-".join,
    "starred and spaced": " * ".join,
    "tripled": lambda word: "".join(letter * 3 for letter in word),
    "stretched": lambda word: word[:-1] + word[-1] * 40,
    "spaced Cyrillic": lambda word: " ".join(_mapped(word, CYRILLIC)),
    "dotted in an override": lambda word: "\u202e" + ".".join(word[::-1]) + "\u202c",
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("trick", PLAIN_TRICKS)
def test_a_trick_is_undone_without_a_second_signal(trick: str, word: str) -> None:
    hidden = PLAIN_TRICKS[trick](word)
    text = f"We saw it, {hidden}, by the lake."
    (hit,) = MATCHER.match([text])[0].hits
    assert WORDS[hit.entry] == word
    assert not hit.second_signal_needed
    assert text[hit.start : hit.end].strip("\u202e\u202c") == hidden.strip("\u202e\u202c")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("trick", BARE_TRICKS)
def test_a_rougher_trick_is_undone_and_marked(trick: str, word: str) -> None:
    hidden = BARE_TRICKS[trick](word)
    if hidden == word:
        return
    text = f"We saw it; {hidden}; by the lake."
    (hit,) = MATCHER.match([text])[0].hits
    assert WORDS[hit.entry] == word
    assert hit.view is View.BARE
    assert hit.second_signal_needed
    assert text[hit.start : hit.end] == hidden.strip("\u202e\u202c")


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("лампа", "Новая ЛАМПА на столе"),
        ("λάμπα", "Η ΛΆΜΠΑ στο τραπέζι"),
        ("दीपक", "मेज पर दीपक है"),
        ("โคมไฟ", "มีโคมไฟบนโต๊ะ"),
        ("مصباح", "هذا مصباح جديد"),
        ("מנורה", "יש מנורה על השולחן"),
        ("灯笼", "桌子上有灯笼和书"),
        ("ランプ", "机の上のﾗﾝﾌﾟです"),
        ("등불", "책상 위의 등불은 밝다"),
        ("lámpa", "A LÁMPA az asztalon"),
    ],
)
def test_a_term_of_any_script_is_found_as_written(term: str, text: str) -> None:
    (hit,) = _matcher(Term("made_up", term)).match([text])[0].hits
    assert hit.view is View.RAW


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("лампа", "л\u200bа\u200bмпа"),
        ("λάμπα", "ΛΑΜΠΑ"),
        ("مصباح", "مِصْبَاح"),
        ("מנורה", "מְנוֹרָה"),
        ("лампа", "л.а.м.п.а"),
    ],
)
def test_a_term_of_another_script_is_found_behind_marks_and_invisible_characters(term: str, text: str) -> None:
    assert _matcher(Term("made_up", term)).match([text])[0].hits


def test_a_term_of_another_script_that_looks_latin_is_not_found_in_latin_words() -> None:
    matcher = _matcher(Term("made_up", "сор"), Term("made_up", "нос"))
    assert matcher.match(["the cop and the hoc"])[0] == Matches()
    assert len(matcher.match(["сор и нос"])[0].hits) == 2


@pytest.mark.parametrize(
    "text",
    ["zorblaxes", "xzorblax", "zorblax2", "meplin", "meeeplinn", "drath0ks", "zorb lax", "quimpelé", "vexnoģu"],
)
def test_parts_of_words_and_other_spellings_are_not_found(text: str) -> None:
    assert MATCHER.match([text])[0].hits == ()


def test_numbers_are_not_cut() -> None:
    matcher = _matcher(Term("made_up", "5 lamps"), Term("made_up", "lamps 5"), Term("made_up", "五盏灯"))
    for text in ("15 lamps", "2.5 lamps", "1,5 lamps", "lamps 55", "lamps 5,000", "二十五盏灯", "٤٥ lamps"):
        assert matcher.match([text])[0].hits == (), text
    for text in ("5 lamps", "lamps 5.", "lamps 5, and", "買了五盏灯", "٥ lamps"):
        assert len(matcher.match([text])[0].hits) == 1, text


def test_a_term_may_say_what_must_not_stand_before_it() -> None:
    matcher = _matcher(Term("made_up", "five lamps", not_after=("twenty", "cent")))
    assert matcher.match(["twenty-five lamps", "TWENTY five lamps", "tw3nty f1ve lamps"]) == [Matches()] * 3
    assert all(
        matches.hits for matches in matcher.match(["five lamps", "unplentytwenty five lamps", "recent five lamps"])
    )


def test_an_exact_term_is_found_as_written_alone() -> None:
    matcher = _matcher(Term("made_up", "línea", exact=True))
    assert [bool(each.hits) for each in matcher.match(["Línea", "linea", "l í n e a"])] == [True, False, False]


def test_a_term_found_inside_words_must_ask_for_it() -> None:
    matcher = _matcher(Term("made_up", "orbla", whole_word=False), Term("whole", "orbla"))
    assert [hit.category for hit in matcher.match(["zorblax"])[0].hits] == ["made_up"]
    assert [hit.category for hit in matcher.match(["an orbla"])[0].hits] == ["made_up", "whole"]


def test_overlapping_terms_of_different_categories_are_all_found() -> None:
    terms = [
        ("one", "zorblax vexnog"),
        ("two", "vexnog"),
        ("three", "vexnog quimpel"),
        ("four", "zorblax vexnog quimpel"),
    ]
    matcher = Matcher(
        [_pack(*(Term(category, text) for category, text in terms)), _pack(Term("five", "vexnog"), name="other")]
    )
    found = matcher.match(["zorblax vexnog quimpel"])[0]
    assert {hit.category for hit in found.hits} == {"one", "two", "three", "four", "five"}


def test_letters_that_stood_apart_are_found_without_knowing_where_words_end() -> None:
    (hit,) = MATCHER.match(["it is a z o r b l a x s now"])[0].hits
    assert "it is a z o r b l a x s now"[hit.start : hit.end] == "z o r b l a x"


def test_phrases_are_found_across_spaces_hyphens_lines_and_spelling() -> None:
    matcher = _matcher(Term("made_up", "zorblax vexnog"))
    for text in ("zorblax-vexnog", "zorblax   vexnog", "zorblax\nvexnog", "Zorblax_vexnog", "z0rblax v3xnog"):
        assert len(matcher.match([text])[0].hits) == 1, text


def test_a_view_is_reported_once_and_the_earliest_counts() -> None:
    matcher = _matcher(Term("made_up", "zorblax"))
    (hit,) = matcher.match(["zorblax\u200b and wööörds, w0rds"])[0].hits
    assert hit.view is View.RAW
    assert [each.view for each in matcher.match(["zorblax zórblax z0rblax"])[0].hits] == [
        View.RAW,
        View.FOLDED,
        View.BARE,
    ]


def test_texts_of_a_batch_do_not_touch_each_other() -> None:
    matcher = _matcher(Term("made_up", "zorblax vexnog"), Term("made_up", "quimpel"))
    texts = [
        "zorblax",
        "vexnog",
        "",
        "zorblax\0vexnog",
        "qui",
        "mpel",
        "é zorblax",
        "vexnog é",
        "quimpel",
        "q u i",
        "m p e l",
    ]
    assert [index for index, each in enumerate(matcher.match(texts)) if each.hits] == [8]


def test_large_batches_give_each_text_its_own() -> None:
    texts = [
        f"{'w' * (index % 70)} zorblax {'é' * (index % 3)}" if index % 7 == 0 else "nothing" for index in range(9000)
    ]
    found = MATCHER.match(texts)
    assert [bool(each.hits) for each in found] == [index % 7 == 0 for index in range(9000)]
    assert all(texts[i][h.start : h.end] == "zorblax" for i, each in enumerate(found) for h in each.hits)


def test_packs_of_one_name_are_refused() -> None:
    with pytest.raises(PackFormat):
        Matcher([_pack(Term("a", "zorblax")), _pack(Term("b", "vexnog"))])


def test_no_packs_find_nothing() -> None:
    assert Matcher([]).match(["zorblax", ""]) == [Matches(), Matches()]
    assert MATCHER.match([]) == []


def test_a_hit_of_the_bare_view_counts_half_unless_there_is_another_elsewhere() -> None:
    score = lambda text: MATCHER.match([text])[0].scores()  # noqa: E731 (a name for what the lines below compare)
    assert score("z0rblax") == {"made_up": 0.5}
    assert score("zorblax") == {"made_up": 1.0}
    assert score("z0rblax and v3xnog") == {"made_up": 1.0}


def test_a_window_joins_categories_that_stand_close() -> None:
    matcher = _matcher(Term("one", "zorblax"), Term("two", "vexnog"))
    near, far, alone = matcher.match(["zorblax, then vexnog", "zorblax" + " x" * 60 + " vexnog", "zorblax zorblax"])
    assert within(near, "one", "two", 10)
    assert within(near, "two", "one", 10)
    assert not within(far, "one", "two", 100)
    assert within(far, "one", "two", 200)
    assert not within(alone, "one", "two", 1000)


_ALPHABET = "abBé1 .-\u200b\u0301аВ三\u202e\0"
_short = st.text(st.sampled_from(_ALPHABET), min_size=1, max_size=4)


def _brute(terms: Sequence[str], text: str) -> set[tuple[int, View, int, int]]:
    """Look for every form of every term at every place of every plain view."""
    plain = [view for view in views(text) if view.view is not View.BARE]
    folded_is_raw = all(view.view is not View.FOLDED for view in plain)
    found = set()
    for view in plain:
        for number, term in enumerate(terms):
            whole = Term("made_up", term).whole
            for form, kinds in forms(term).items():
                if view.view is View.RAW:
                    seen = View.RAW if Form.RAW in kinds else View.FOLDED if folded_is_raw else None
                else:
                    seen = view.view if Form.FOLDED in kinds else None
                for start in range(len(view.text)) if seen is not None else ():
                    end = start + len(form)
                    if view.text.startswith(form, start) and _alone(view.text, start, end, whole):
                        found.add((number, seen, *view.span(start, end)))
    return found


def _alone(text: str, start: int, end: int, whole: bool) -> bool:
    number_before = kind_of(text[start]) == 3 and start > 1 and text[start - 1] in ".," and text[start - 2] in "01٣"
    number_after = kind_of(text[end - 1]) == 3 and text[end : end + 1] == "," and text[end + 1 : end + 2] in ("0", "1")
    if (number_before and text[start - 2].isascii()) or number_after:
        return False
    return all(
        place in (0, len(text)) or not is_inside_word(kind_of(text[place - 1]), kind_of(text[place]), whole=whole)
        for place in (start, end)
    )


@given(
    st.lists(_short.filter(lambda text: bool(text.strip()) and bool(forms(text))), min_size=1, max_size=5),
    st.lists(st.text(st.sampled_from(_ALPHABET), max_size=12), min_size=1, max_size=4),
)
def test_exactly_the_terms_are_found_that_looking_everywhere_finds(terms: list[str], batch: list[str]) -> None:
    matcher = _matcher(*(Term("made_up", term) for term in terms))
    for text, matches in zip(batch, matcher.match(batch), strict=True):
        expected = _brute(terms, text)
        found = {(hit.entry, hit.view, hit.start, hit.end) for hit in matches.hits if hit.view is not View.BARE}
        assert found <= expected
        # What is missing was found in an earlier view, at the same place.
        for number, view, start, end in expected - found:
            assert any(
                entry == number and list(View).index(seen) < list(View).index(view) and first < end and start < last
                for entry, seen, first, last in found
            )


@given(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from([*PLAIN_TRICKS, *BARE_TRICKS]), min_size=1, max_size=2),
    st.text(st.sampled_from("abc xyz, ñж三"), max_size=30),
)
def test_a_hidden_word_is_found_anywhere_and_its_place_is_right(word: str, tricks: list[str], around: str) -> None:
    tricks = [trick for trick in tricks if "override" not in trick and "Greek" not in trick][:1]
    hidden = word
    for trick in tricks:
        hidden = (PLAIN_TRICKS | BARE_TRICKS)[trick](hidden)
    text = f"{around}; {hidden} ;{around[::-1]}"
    hits = [hit for hit in MATCHER.match([text])[0].hits if WORDS[hit.entry] == word]
    assert [hidden in text[hit.start : hit.end] for hit in hits] == [True]
    assert hits[0].end - hits[0].start <= len(hidden) + 4


def test_what_is_found_never_says_which_term() -> None:
    assert "zorblax" not in repr(MATCHER.match(["zorblax"])[0])
    assert "zorblax" not in repr(_pack(Term("made_up", "zorblax")))
    assert "zorblax" not in repr(Term("made_up", "zorblax"))
    assert not any(name in Hit.__dataclass_fields__ for name in ("term", "text"))
