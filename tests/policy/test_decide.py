"""Decisions are pure, versioned, and never turn missing evidence into `allow`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.policy import Action, Evidence, decide, load_policy
from seawall.policy.rules import PolicyError, parse_policy

DEFAULT = load_policy()
PURPOSES = ["csam", "exploitative", "ncii_adult", "benign", "canary", "source"]

evidence = st.builds(
    Evidence,
    purpose=st.sampled_from(PURPOSES),
    list=st.sampled_from(["one", "two"]),
    type=st.sampled_from(["pdq", "md5"]),
    distance=st.integers(0, 63).map(float),
    exact=st.booleans(),
)


def test_nothing_found_is_allowed() -> None:
    assert decide(DEFAULT, []).action is Action.ALLOW


def test_known_content_is_quarantined_and_the_rule_named() -> None:
    decision = decide(DEFAULT, [Evidence("csam", "one", "pdq", 12.0)])
    assert decision.action is Action.QUARANTINE
    assert decision.rules == ("known-csam",)
    assert decision.policy == DEFAULT.hash
    assert not decision.drill


def test_an_entry_marked_as_wrong_leads_to_nothing() -> None:
    marked = Evidence("csam", "one", "pdq", 0.0, labels=("NEGATIVE_CLASS",))
    assert decide(DEFAULT, [marked]).action is Action.ALLOW
    assert decide(DEFAULT, [marked, Evidence("csam", "two", "pdq", 0.0)]).action is Action.QUARANTINE


def test_a_canary_alone_is_a_drill() -> None:
    assert decide(DEFAULT, [Evidence("canary", "canary", "pdq", 0.0)]).drill


def test_a_canary_beside_a_real_finding_is_no_drill() -> None:
    findings = [Evidence("canary", "canary", "pdq", 0.0), Evidence("csam", "one", "pdq", 0.0)]
    assert not decide(DEFAULT, findings).drill


@pytest.mark.parametrize(("exact", "expected"), [(False, Action.REVIEW), (True, Action.QUARANTINE)])
def test_a_negative_bank_softens_perceptual_matches_only(exact: bool, expected: Action) -> None:
    findings = [Evidence("benign", "fine", "pdq", 0.0), Evidence("csam", "one", "pdq", 8.0, exact)]
    assert decide(DEFAULT, findings).action is expected


@pytest.mark.parametrize("state", ["unexamined", "damaged", "abstained"])
def test_missing_evidence_never_allows(state: str) -> None:
    assert decide(DEFAULT, [], states=[state]).action is Action.REVIEW


@given(st.lists(evidence, max_size=6), st.sets(st.sampled_from(["unexamined", "damaged", "abstained"])))
def test_an_item_takes_its_most_severe_action(findings: list[Evidence], states: set[str]) -> None:
    decision = decide(DEFAULT, findings, states=sorted(states))
    worst = max((action.severity for action in decision.per_finding), default=0)
    assert decision.action.severity == max(worst, Action.REVIEW.severity if states else 0)
    assert decide(DEFAULT, findings, states=sorted(states)) == decision


def test_the_hash_follows_the_meaning_and_not_the_comments() -> None:
    commented = parse_policy("# another comment\n" + DEFAULT.text, "commented")
    changed = parse_policy(DEFAULT.text.replace("version: 1", "version: 2"), "changed")
    assert commented.hash == DEFAULT.hash
    assert changed.hash != DEFAULT.hash


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("unexamined: review", "unexamined: allow"), "missing evidence never allows"),
        (("action: quarantine", "action: shrug"), "names no action"),
        (("purpose: csam", "purpose: other"), "unknown purpose"),
        (("id: drill", "id: known-csam"), "one id"),
        (("otherwise: review", "otherwise: review\nelse: review"), "unknown key"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(edit: tuple[str, str], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        parse_policy(DEFAULT.text.replace(*edit), "edited")


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_a_named_error(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text, "noise")


def test_a_policy_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.yaml"):
        load_policy(tmp_path / "none.yaml")
