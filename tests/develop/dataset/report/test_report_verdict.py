"""The verdict in one sentence, and what to do next, for each case."""

from __future__ import annotations

import pytest

from seawall.develop.dataset.report import Outcome, next_steps, verdict

CANARY = {"name": "canary", "version": 1, "entries": 96, "purpose": "canary"}


def known(purpose: str) -> dict[str, object]:
    return {"name": "partner", "version": 3, "entries": 10, "purpose": purpose}


@pytest.mark.parametrize(
    ("summary", "outcome", "sentence"),
    [
        ({"items": 5, "examined": 5}, Outcome.CLEAN, "No known content was found in 5 items."),
        ({"items": 1, "examined": 1, "findings": 1}, Outcome.FINDINGS, "1 match of known content needs attention."),
        (
            {"items": 5, "examined": 3, "unexamined": 2, "findings": 4, "drill": 1},
            Outcome.FINDINGS,
            "4 matches of known content need attention, and 2 items could not be examined.",
        ),
        (
            {"items": 5, "examined": 3, "unexamined": 2, "drill": 1},
            Outcome.UNEXAMINED,
            "2 items could not be examined, so this scan is not complete.",
        ),
        (
            {"items": 5, "examined": 5, "drill": 3},
            Outcome.DRILL,
            "Only the drill's canaries were found: the scan works, and found nothing else known in 5 items.",
        ),
        (
            {"items": 5, "examined": 5, "drill": 3, "lists": [CANARY]},
            Outcome.DRILL,
            "Only the drill's canaries were found: the scan works, but no list of known content was used.",
        ),
        (
            {"items": 5, "examined": 5, "lists": [CANARY]},
            Outcome.HASHED,
            "5 items were hashed, and matched against no list of known content.",
        ),
        ({}, Outcome.NOTHING, "There was nothing to examine: the sources hold no items."),
    ],
)
def test_each_case_has_its_sentence(make, summary, outcome, sentence):
    found = verdict(make(summary))
    assert (found.outcome, found.sentence) == (outcome, sentence)


def test_a_bank_of_what_is_fine_is_no_list_of_known_content(make):
    found = verdict(make({"items": 5, "examined": 5, "lists": [known("benign"), CANARY]}))
    assert found.outcome is Outcome.HASHED


def test_denied_sources_are_told_from_matches(make):
    summary = {"items": 9, "examined": 9, "findings": 5}
    assert (
        "3 matches of known content and 2 items from denied sources"
        in verdict(make(summary, sources_denied={"sites@1": 2})).sentence
    )
    assert verdict(make(summary, sources_denied={"sites@1": 5})).sentence == "5 items come from a denied source."


def test_what_qualifies_a_clean_verdict_is_said(make):
    found = verdict(make({"items": 9, "examined": 9, "damaged": 1, "abstained": {"low_quality": 2}}))
    assert found.detail is not None
    assert "1 damaged item was hashed only in part" in found.detail
    assert "2 items show too little" in found.detail


def test_a_run_over_a_delta_says_so(make):
    found = verdict(make({"items": 9, "examined": 9, "since": "partner@2"}))
    assert found.detail == "Only what came after partner@2 was matched."


@pytest.mark.parametrize(
    ("purpose", "wanted", "unwanted"),
    [
        ("csam", "responsible for reporting", "48 hours"),
        ("exploitative", "responsible for reporting", "48 hours"),
        ("ncii_adult", "48 hours", "responsible for reporting"),
    ],
)
def test_the_purpose_of_the_list_decides_what_is_pressing(make, purpose, wanted, unwanted):
    made = make(
        {"items": 2, "examined": 2, "findings": 1, "lists": [known(purpose), CANARY]}, findings_by_list={"partner": 1}
    )
    steps = [step.what for step in next_steps(made)]
    assert steps[0].startswith("Do not open")
    assert any(wanted in step for step in steps)
    assert not any(unwanted in step for step in steps)


def test_commands_are_those_of_this_scan(make):
    made = make({"items": 2, "examined": 1, "unexamined": 1, "out": "my out"}, sources=["photos", "it's here"])
    commands = [command for step in next_steps(made) for command in step.commands]
    assert "seawall scan photos 'it'\"'\"'s here' --out 'my out' --fresh" in commands
    assert any(command.endswith("--since partner@3") for command in commands)


def test_what_cannot_be_typed_is_a_placeholder(make):
    made = make({"items": 2, "examined": 1, "unexamined": 1}, sources=["new\nline"])
    assert any("seawall scan SOURCE --out DIR" in command for step in next_steps(made) for command in step.commands)
