"""What lint finds, and that what it does not find holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from seawall.policy.guard import (
    AgeSignal,
    Facts,
    GuardPolicyError,
    judge,
    load_guard_policy,
    parse_guard_policy,
)
from seawall.policy.guard.lint import Level, lint
from tests.policy.guard import guard_facts
from tests.policy.guard.guard_facts import small

SHIPPED = load_guard_policy()


def _codes(rules: str, extra: str = "") -> dict[str, str | None]:
    found = lint(parse_guard_policy(small(rules, extra=extra)))
    return {problem.code: problem.rule for problem in found}


def test_a_rule_that_can_never_fire_is_found() -> None:
    rules = "[{id: a, when: {all: [{kind: input}, {kind: output}]}, action: block}]"
    assert _codes(rules)["never_fires"] == "a"
    rules = (
        "[{id: a, when: {score: {class: q, at_least: 0.5}, not: {score: {class: q, at_least: 0.4}}}, action: block}]"
    )
    assert _codes(rules)["never_fires"] == "a"


def test_a_rule_that_more_severe_ones_always_overrule_is_found() -> None:
    rules = """
  - {id: mild, when: {score: {class: quux, at_least: 0.9}}, action: review}
  - {id: wide, when: {score: {class: "q*", at_least: 0.5}}, action: block}
"""
    assert _codes(rules)["shadowed"] == "mild"
    assert "shadowed" not in _codes(rules.replace("at_least: 0.9", "at_least: 0.1"))


def test_two_rules_with_the_same_conditions_are_found() -> None:
    rules = "[{id: a, when: {kind: input}, action: block}, {id: b, when: {all: [{kind: input}]}, action: review}]"
    assert _codes(rules)["duplicate"] == "b"


def test_a_milder_rule_for_minors_is_found() -> None:
    rules = "[{id: a, when: {age_signal: [adult, unknown], partition: both}, action: block}]"
    assert _codes(rules)["weaker_for_minors"] == "a"
    rules = "[{id: a, when: {not: {age_signal: minor}, standing: banned}, action: review}]"
    assert _codes(rules)["weaker_for_minors"] == "a"


def test_a_rule_for_others_is_fine_if_minors_have_one_as_strict() -> None:
    rules = """
  - {id: others, when: {age_signal: [adult, unknown], score: {class: quux, at_least: 0.9}}, action: review}
  - {id: minors, when: {age_signal: minor, score: {class: quux, at_least: 0.5}}, action: block}
"""
    assert "weaker_for_minors" not in _codes(rules)
    assert "weaker_for_minors" in _codes(rules.replace("at_least: 0.5", "at_least: 0.95"))


@guard_facts.patient
@given(guard_facts.written_policies, guard_facts.facts)
def test_where_lint_finds_no_milder_rule_minors_are_never_treated_more_mildly(text: str, facts: Facts) -> None:
    try:
        policy = parse_guard_policy(text)
    except GuardPolicyError:
        return
    if {"weaker_for_minors", "minors_unsettled"} & {problem.code for problem in lint(policy)}:
        return
    facts = replace(facts, rehearsed=None)
    minor = judge(policy, replace(facts, age_signal=AgeSignal.MINOR)).action.severity
    for signal in AgeSignal:
        assert minor >= judge(policy, replace(facts, age_signal=signal)).action.severity


def test_gaps_in_what_every_policy_has_to_stop_are_found() -> None:
    found = [problem.code for problem in lint(parse_guard_policy(small())) if problem.level is Level.ERROR]
    assert set(found) == {"both_allowed", "known_allowed", "intimate_allowed", "csem_not_covered"}
    assert found.count("csem_not_covered") == 6


def test_a_gap_for_one_kind_of_check_is_found() -> None:
    text = SHIPPED.text.replace("when: {partition: both}", "when: {partition: both, kind: [input, output, upload]}")
    found = [problem for problem in lint(parse_guard_policy(text)) if problem.level is Level.ERROR]
    assert [problem.code for problem in found] == ["both_allowed"]
    assert "finetune" in found[0].message


def test_what_is_named_and_not_used_is_found() -> None:
    extra = "conditions: {idle: {kind: input}}\nclasses: {spare: {scores: {quux: 0.5}}}\n"
    found = [p.rule for p in lint(parse_guard_policy(small(extra=extra))) if p.code == "unused"]
    assert found == ["idle", "spare"]


def test_parts_that_no_check_has_are_found() -> None:
    rules = "[{id: a, when: {part_partition: {part: zorblax, partition: both}}, action: block}]"
    assert _codes(rules)["unknown_part"] == "a"
    assert "unknown_part" not in _codes(rules.replace("zorblax", "history.12"))
    assert "unknown_part" not in _codes(rules.replace("zorblax", '"his*"'))


def test_classes_and_strikes_are_compared_with_what_is_configured() -> None:
    found = lint(SHIPPED, labels={"csem.grooming"}, strikes={"serious"})
    assert {problem.rule for problem in found if problem.code == "unknown_strike"} == {"known-csam"}
    unknown = {problem.rule for problem in found if problem.code == "unknown_class"}
    assert "sextortion" in unknown
    assert not unknown & {"grooming", "other-csem"}


def test_a_rule_that_allows_is_said_to_decide_nothing() -> None:
    assert _codes("[{id: a, when: {kind: input}, action: allow}]")["allows"] == "a"


def test_a_search_that_would_be_too_long_says_so() -> None:
    def score(name: str, number: int) -> str:
        return f"{{score: {{class: {name}{number}, at_least: 0.5}}}}"

    pairs = ", ".join(f"{{any: [{score('a', n)}, {score('b', n)}]}}" for n in range(14))
    denied = ", ".join(f"{{all: [{score('a', n)}, {score('b', (n * 5 + 3) % 14)}]}}" for n in range(14))
    rules = f"""
  - {{id: a, when: {{age_signal: adult, all: [{pairs}]}}, action: block}}
  - {{id: b, when: {{age_signal: minor, any: [{denied}]}}, action: block}}
"""
    found = lint(parse_guard_policy(small(rules)))
    assert any(problem.code in ("minors_unsettled", "weaker_for_minors") for problem in found)


@pytest.mark.parametrize("level", Level)
def test_findings_are_plain_data(level: Level) -> None:
    text = small("[{id: a, when: {kind: input}, action: allow}]", extra="conditions: {idle: {kind: input}}\n")
    found = [problem.to_dict() for problem in lint(parse_guard_policy(text)) if problem.level is level]
    assert found
    assert set(found[0]) == {"level", "code", "rule", "message"}
