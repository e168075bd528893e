"""Vocabularies: imported whole or not at all, never changed under one version, and no error repeats a term."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import NotFound
from seawall.ledger import Ledger
from seawall.maintain.review import TermUnknown, Vocabularies, VocabularyInvalid
from seawall.maintain.review.vocabularies import MOST_BYTES, parse
from seawall.store import Store

GOOD: dict[str, Any] = {
    "name": "birds",
    "version": "3.1",
    "sections": [
        {
            "name": "Waders",
            "terms": [{"id": "heron", "label": "Heron"}, {"id": "ibis", "label": "Ibis", "help": "Bent"}],
        },
        {"name": "Owls", "terms": [{"id": "owl", "label": "Stone owl"}]},
    ],
}
CSV = """# name: birds
# version: 3.1
section,id,label,help
Waders,heron,Heron,
Waders,ibis,Ibis,Bent
Owls,owl,"Stone owl",
"""


@pytest.fixture
def vocabularies(store: Store, ledger: Ledger) -> Vocabularies:
    """None yet."""
    return Vocabularies(store, ledger)


def _file(folder: Path, text: str, name: str = "birds.json") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_json_and_csv_say_the_same(tmp_path: Path, vocabularies: Vocabularies) -> None:
    found = vocabularies.add(_file(tmp_path, json.dumps(GOOD)), by="1" * 32)
    assert list(found.sections) == ["Waders", "Owls"] and found.terms["ibis"].help == "Bent"
    assert vocabularies.add(_file(tmp_path, CSV, "birds.csv")) == found, "the same again changes nothing"
    assert vocabularies.names() == [("birds", "3.1")]
    assert vocabularies.get("birds") == found


def test_a_version_never_changes_and_the_last_import_is_the_default(
    tmp_path: Path, vocabularies: Vocabularies, clock: Any, events: Callable[[str], list[dict[str, Any]]]
) -> None:
    vocabularies.add(_file(tmp_path, json.dumps(GOOD)))
    other = GOOD | {"sections": GOOD["sections"][:1]}
    with pytest.raises(VocabularyInvalid, match="something else"):
        vocabularies.add(_file(tmp_path, json.dumps(other)))
    clock.pass_by(days=1)
    vocabularies.add(_file(tmp_path, json.dumps(other | {"version": "3.2"})))
    assert vocabularies.get("birds").version == "3.2"
    assert vocabularies.get("birds", "3.1").terms.keys() == {"heron", "ibis", "owl"}
    with pytest.raises(NotFound):
        vocabularies.get("fish")
    assert [event["terms"] for event in events("review.vocabulary")] == [3, 2]


def test_a_verdict_names_terms_of_a_version_that_is_there(tmp_path: Path, vocabularies: Vocabularies) -> None:
    found = vocabularies.add(_file(tmp_path, json.dumps(GOOD)))
    vocabularies.expect([found.named("owl"), "birds@3.1:heron"])
    vocabularies.expect([])
    for term in ("birds@3.1:zorblax", "birds@9:owl", "birds:owl", "owl", "", "fish@1:cod"):
        with pytest.raises(TermUnknown, match="term 2") as caught:
            vocabularies.expect(["birds@3.1:owl", term])
        assert "zorblax" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Birds of prey"},
        {"name": 7},
        {"version": ""},
        {"version": 3.1},
        {"sections": []},
        {"sections": "Owls"},
        {"sections": [{"name": "Owls"}]},
        {"sections": [{"name": "", "terms": [{"id": "a", "label": "a"}]}]},
        {"sections": GOOD["sections"][1:] * 2},
        {"sections": [{"name": "Owls", "terms": [{"id": "zor blax", "label": "zorblax"}]}]},
        {"sections": [{"name": "Owls", "terms": [{"id": "zorblax", "label": ""}]}]},
        {"sections": [{"name": "Owls", "terms": [{"id": "zorblax", "label": "a\nb"}]}]},
        {"sections": [{"name": "Owls", "terms": [{"id": "zorblax", "label": "a", "more": 1}]}]},
        {"sections": [{"name": "Owls", "terms": [{"id": "zorblax", "label": "a"}, {"id": "zorblax", "label": "b"}]}]},
        {"sections": [{"name": "Owls", "terms": ["zorblax"]}]},
        {"unheard": 1},
    ],
)
def test_a_list_with_a_fault_is_refused_whole_and_its_terms_are_not_repeated(change: dict[str, Any]) -> None:
    with pytest.raises(VocabularyInvalid) as caught:
        parse(json.dumps(GOOD | change).encode(), "mine")
    assert "mine" in str(caught.value) and "zorblax" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"[" * 100_000,
        b"x" * (MOST_BYTES + 1),
        b"null",
    ],
)
def test_what_is_no_list_is_refused(data: bytes) -> None:
    for csv_format in (False, True):
        with pytest.raises(VocabularyInvalid):
            parse(data, "mine", csv_format=csv_format)


@pytest.mark.parametrize("line", ["Owls,zorblax", "Owls,zorblax,a,b,c", 'Owls,"zorblax'])
def test_a_row_with_too_much_or_too_little_is_refused(line: str) -> None:
    with pytest.raises(VocabularyInvalid) as caught:
        parse((CSV + line + "\n").encode(), "mine", csv_format=True)
    assert "zorblax" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path, vocabularies: Vocabularies) -> None:
    with pytest.raises(VocabularyInvalid, match="cannot read"):
        vocabularies.add(tmp_path / "none.json")


@given(st.binary(max_size=200), st.booleans())
def test_whatever_bytes_come_there_is_a_vocabulary_or_a_clear_no(data: bytes, csv_format: bool) -> None:
    try:
        parse(data, "mine", csv_format=csv_format)
    except VocabularyInvalid as fault:
        assert fault.message.startswith("mine")


@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda each: (
            st.lists(each, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "version", "sections", "terms", "id", "label"]), each, max_size=4
            )
        ),
    )
)
def test_whatever_json_comes_there_is_a_vocabulary_or_a_clear_no(data: Any) -> None:
    try:
        parse(json.dumps(data).encode("utf-8", "surrogatepass"), "mine")
    except VocabularyInvalid as fault:
        assert fault.message.startswith("mine")
