"""Rendering: one policy, three audiences, one hash."""

from __future__ import annotations

import pytest

from seawall.policy.classes import CSEM
from seawall.policy.guard import load_guard_policy, parse_guard_policy
from seawall.policy.guard.render import Audience, definitions, in_words, render
from tests.policy.guard.guard_facts import small

SHIPPED = load_guard_policy()


@pytest.mark.parametrize("audience", Audience)
def test_every_form_carries_the_hash_and_the_description(audience: Audience) -> None:
    text = render(SHIPPED, audience)
    assert SHIPPED.hash in text
    assert SHIPPED.description in text
    assert text == render(parse_guard_policy(SHIPPED.text), audience)


def test_the_table_names_every_rule_and_state() -> None:
    lines = render(SHIPPED, Audience.RULES).splitlines()
    for rule in SHIPPED.rules:
        (row,) = [line for line in lines if line.startswith(f"| `{rule.id}` |")]
        assert row.replace("\\|", "").count("|") == 9
    assert "| failed | block | review | block | review |" in lines


def test_users_are_told_what_is_refused_and_not_how_it_is_found() -> None:
    text = render(SHIPPED, Audience.USERS).lower()
    for word in ("list", "hash", "score", "detector", "canary", "banned", "csem", "match"):
        assert word not in text.replace(SHIPPED.hash, ""), word


def test_a_guard_is_told_every_class_in_the_policys_words_and_to_quote_nothing() -> None:
    text = render(SHIPPED, Audience.GUARD)
    for label in CSEM:
        (rule,) = [rule for rule in SHIPPED.rules if rule.outcome.category == label and "score" in rule.meaning]
        assert f"- `{label}`: {rule.description}" in text
    assert "Quote nothing" in text
    assert set(definitions(SHIPPED)) == {*CSEM, "csem.impersonation", "edit.edit_request"}


def test_conditions_are_written_in_words() -> None:
    rules = """
  - id: a
    when:
      any:
        - {match: {purpose: csam, max_distance: 31, exact: false}, not: {surface: chat}}
        - {part_score: {part: "history.*", class: quux, at_least: 0.25}}
        - {}
    action: block
    description: "one | two"
"""
    policy = parse_guard_policy(small(rules))
    words = in_words(policy.rules[0].meaning)
    assert "a match purpose csam max_distance 31.0 exact false" in words
    assert "not surface chat" in words
    assert "quux ≥ 0.25 in history.*" in words
    assert "always" in words
    assert "one \\| two" in render(policy, Audience.RULES)
