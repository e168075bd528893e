"""The dataset audit card: card.json keeps its schema, card.md keeps names inert, neither claims more."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from seawall.develop.dataset.card import card_facts, eu_gpai_text, render_card, write_cards
from seawall.develop.dataset.card._markdown import markdown
from seawall.develop.dataset.report import ReportData

HOSTILE = [
    "<script>alert(1)</script>",
    "a | b | c",
    "`code` *bold* __x__ ~~y~~",
    "[click](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "two\nlines\n# heading",
    "- item",
    "12. item",
    "    indented",
    "\u202egpj",
    "{{ 7 * 7 }}",
    "back\\slash\\| end\\",
]


@pytest.fixture
def schema() -> dict[str, Any]:
    path = files("seawall.develop.dataset.card") / "templates" / "card.schema.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def changed(facts: ReportData, **summary: Any) -> ReportData:
    return replace(facts, summary={**facts.summary, **summary})


def test_the_card_keeps_its_schema(facts, bare, schema, tmp_path):
    Draft202012Validator.check_schema(schema)
    for each in (facts, bare):
        write_cards(tmp_path, each)
        card = json.loads((tmp_path / "card.json").read_text("utf-8"))
        Draft202012Validator(schema).validate(card)
        assert card == card_facts(each)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card.json", "card.md"]


def test_the_numbers_are_the_facts(facts):
    card = card_facts(facts)
    assert card["dataset"]["items"] == card["coverage"]["examined"] + card["coverage"]["unexamined"]
    assert card["findings"]["real"] == sum(each["findings"] for each in card["lists"]) + 4
    assert card["findings"]["drill"] == sum(each["drill"] for each in card["lists"])
    assert card["source_chains"]["actionable_share"] == pytest.approx(27 / 41, abs=1e-6)
    assert sum(card["findings"]["distances"]["partner-known"].values()) == 19


def test_what_was_not_measured_is_null_and_named(facts):
    card = card_facts(facts)
    assert card["removal"]["removed_from_dataset"] is None
    assert card["removal"]["reported_to_authorities"] is None
    assert "Whether matched items were removed from the dataset itself" in card["not_measured"]
    done = card_facts(replace(facts, removed=37, reported=0))
    assert done["removal"]["removed_from_dataset"] == 37
    assert "Whether anything was reported to an authority" not in done["not_measured"]


def test_the_card_holds_no_item_and_no_address(facts):
    written = render_card(facts) + json.dumps(card_facts(facts))
    for row in (*facts.findings.rows, *facts.attention.rows):
        assert row["item"] not in written
        assert not row.get("sha256") or row["sha256"] not in written
        assert not row.get("entry") or row["entry"] not in written


def rendered(text: str) -> list[Any]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text_in_their_cell(facts, name):
    data = facts.to_dict()
    data["summary"]["lists"][0] |= {"name": name, "version": name, "purpose": name}
    data["sources"] = [name]
    data["problems"][name] = 0
    data["recipe"] = data["version"] = data["started_at"] = name
    plain, odd = render_card(facts), render_card(ReportData.from_dict(data))
    shapes = [[token.type for token in rendered(text)] for text in (plain, odd)]
    extra = [kind for kind in shapes[1] if shapes[1].count(kind) > shapes[0].count(kind)]
    assert not {"html_block", "heading_open", "code_block", "fence", "hr", "ordered_list_open"} & set(extra)
    inner = {child.type for token in rendered(odd) for child in token.children or ()}
    assert not inner & {"html_inline", "link_open", "image", "code_inline", "s_open"}
    assert all(ord(each) >= 32 or each == "\n" for each in odd)
    assert "\u202e" not in odd


@given(st.text(max_size=60))
def test_any_text_is_one_cell_and_reads_as_itself(text):
    tokens = rendered(f"| a | b |\n|---|---|\n| {markdown(text)} | x |\n")
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert all(child.type in ("text", "text_special") for child in cells[2].children or ())


def test_the_eu_text_names_dates_lists_hits_removals_gaps_and_methods(facts):
    text = eu_gpai_text(facts)
    for each in (
        "Scanned from 22 November 2026, 09:14 UTC to 22 November 2026, 09:15 UTC",
        "partner-known, version 12, 1,204,331 entries, known child sexual abuse material",
        "clearing-house, version 2026-11, 402,118 entries",
        "Findings: 41",
        "27 of them have a traceable source",
        "200 items were left out of the manifest",
        "23 could not be",
        "pdq up to 31",
        "md5, sha256",
        "Removal from the dataset itself was not measured.",
        "Reports to authorities are not part of this record.",
        "No classifier and no keyword filter was part of this scan.",
    ):
        assert each in text
    assert text in card_facts(facts)["eu_gpai_removal_of_illegal_content"]


def test_the_eu_text_claims_no_list_where_there_was_none(facts, bare):
    lists = [each for each in facts.summary["lists"] if each["purpose"] == "canary"]
    text = eu_gpai_text(changed(facts, lists=lists, findings=0))
    assert "No list of known illegal content was used" in text
    assert "Findings:" not in text
    assert "no measure was applied" in eu_gpai_text(bare)


def test_the_eu_text_states_removals_only_when_they_were_measured(facts):
    text = eu_gpai_text(replace(facts, removed=37, reported=2))
    assert "37 items were removed from the dataset." in text
    assert "2 items were reported to an authority." in text
    assert "not measured" not in text


def test_contradictions_are_in_the_card_and_in_the_eu_text(facts):
    odd = changed(facts, findings=40)
    assert card_facts(odd)["contradictions"]
    assert "do not agree" in render_card(odd)
    assert "contradict each other" in eu_gpai_text(odd)
