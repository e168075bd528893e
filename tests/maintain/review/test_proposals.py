"""What is proposed about how an item was made: with its evidence, never by default, never for a person."""

from __future__ import annotations

from typing import Any

import pytest

from seawall.cases.model import GenerativeAi
from seawall.maintain.review import propose
from tests.maintain.review.conftest import a_case, an_item


def _item(**evidence: Any) -> Any:
    return an_item(a_case(), ref="gen-7", evidence=evidence)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({"provenance": [{"kind": "C2PA manifest", "ai": True, "valid": True}]}, "a verified C2PA manifest"),
        ({"generation": {"id": "d" * 32, "kind": "output"}}, "the guard recorded its generation"),
        ({"origin": "generation"}, "the service's own model made it"),
    ],
)
def test_a_mark_a_record_or_an_origin_is_proposed_with_its_ground(evidence: dict[str, Any], words: str) -> None:
    found = propose(_item(**evidence))
    assert found.value is GenerativeAi.YES
    assert words in found.words and found.words.startswith("Proposed")


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"origin": "upload"},
        {"provenance": [{"kind": "watermark", "ai": True, "valid": False}]},
        {"provenance": [{"kind": "C2PA manifest", "ai": False, "valid": True}]},
        {"provenance": "yes"},
        {"provenance": [None, 7]},
        {"generation": {"id": "d" * 32, "kind": "input"}},
        {"generation": True},
        {"ai_score": 0.99},
        {"ai_score": "high"},
    ],
)
def test_nothing_less_is_proposed_and_never_no(evidence: dict[str, Any]) -> None:
    found = propose(_item(**evidence))
    assert found.value is GenerativeAi.UNKNOWN
    assert found.words.startswith("Not proposed")


def test_a_score_is_told_and_is_not_enough() -> None:
    assert "scored it 0.99" in propose(_item(ai_score=0.99)).words
    both = propose(_item(ai_score=0.2, origin="generation"))
    assert both.value is GenerativeAi.YES and "0.20" in both.words


def test_all_signs_are_named() -> None:
    found = propose(_item(origin="generation", generation={"id": "d" * 32, "kind": "output"}))
    assert [sign.ref for sign in found.signs] == ["d" * 32, "gen-7"]
    assert "; " in found.words


def test_what_a_file_says_of_itself_is_cut_short_and_plain() -> None:
    found = propose(_item(provenance=[{"kind": "a\x00b" * 99, "ai": True, "valid": True}]))
    assert found.words.isprintable() and len(found.words) < 200
