"""Hostile texts: too long, flooded with marks or hits, broken; answered in bounded work, never by silence."""

from __future__ import annotations

import pytest

from seawall.text import LARGEST_TEXT, Matcher, Pack, Term

MATCHER = Matcher(
    [
        Pack(
            "nonsense",
            "1",
            "tests",
            None,
            (Term("one", "zorblax"), Term("two", "vexnog"), Term("three", "a"), Term("four", "illiil")),
        )
    ]
)


def test_a_text_that_is_too_long_is_not_examined_and_says_so() -> None:
    long, wide = "zorblax " * (LARGEST_TEXT // 8), "ж" * (LARGEST_TEXT // 2 - 4) + " zorblax"
    fits, too_long, too_wide, short = MATCHER.match([long, long + "x", wide + "x", "zorblax"])
    assert [each.abstained for each in (fits, too_long, too_wide, short)] == [
        None,
        "text_too_large",
        "text_too_large",
        None,
    ]
    assert fits.hits and short.hits
    assert too_long.hits == too_wide.hits == ()
    assert MATCHER.match([wide])[0].hits


@pytest.mark.parametrize(
    "flood",
    [
        "e" + "\u0315\u0300" * 40_000,
        "x" * 80_000,
        "1!|l" * 10_000,
        "l1" * 40_000,
        "\u202e\u202da" * 24_000,
        "h.e." * 10_000,
        "b " * 40_000,
        "\u200b" * 80_000,
        "ﷺ" * 10_000,
        "\ud800" * 80_000,
        "\u1100\u1161\u11a8" * 24_000,
        "   " * 24_000,
        "(" * 80_000,
        "c" + "!" * 80_000,
    ],
    ids=lambda flood: repr(flood[:4]),
)
def test_a_flood_neither_hides_what_stands_beside_it_nor_stops_the_search(flood: str) -> None:
    found = MATCHER.match([flood + " vexnog ", f"; zorblax; {flood}", "zorblax"])
    assert [{hit.category for hit in each.hits if hit.category in ("one", "two")} for each in found] == [
        {"two"},
        {"one"},
        {"one"},
    ]


def test_a_flood_of_hits_is_cut_and_says_so_and_hides_no_other_term() -> None:
    text = "a " * 60_000 + "vexnog"
    found = MATCHER.match([text])[0]
    assert found.truncated
    assert found.scores() == {"three": 1.0, "two": 1.0}
    assert len(found.hits) < 1000


def test_a_flood_of_rough_hits_is_cut_and_says_so_and_hides_no_other_term() -> None:
    found = MATCHER.match(["z0rblax zorb1ax " * 4000 + " vexnog"])[0]
    assert found.truncated
    assert set(found.scores()) == {"one", "two"}


@pytest.mark.parametrize("text", ["", "\0", "\0\0zorblax\0", "\ud800zorblax\udc00", "\ufeffzorblax", "\uffffzorblax"])
def test_broken_texts_are_read_as_far_as_they_go(text: str) -> None:
    assert len(MATCHER.match([text, "zorblax"])[1].hits) == 1
    assert len(MATCHER.match([text])[0].hits) == ("zorblax" in text)
