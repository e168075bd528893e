"""Differences between policies: every claim comes with facts that show it, and nothing weaker goes unnoticed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from seawall.policy.guard import (
    CheckKind,
    Facts,
    GuardAction,
    GuardPolicyError,
    Look,
    judge,
    load_guard_policy,
    parse_guard_policy,
)
from seawall.policy.guard.difference import ChangeKind, diff
from tests.policy.guard import guard_facts
from tests.policy.guard.guard_facts import small

SHIPPED = load_guard_policy()


def _edited(*changes: tuple[str, str]) -> str:
    text = SHIPPED.text.replace("version: 1", "version: 2", 1)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_a_policy_does_not_differ_from_itself() -> None:
    assert diff(SHIPPED, SHIPPED).changes == ()
    assert diff(SHIPPED, parse_guard_policy(_edited())).changes == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{partition: both}", "{partition: both, kind: [input, output, upload]}"),
        ("purpose: [csam, exploitative]", "purpose: csam"),
        ("match: {purpose: [csam, exploitative]}", "match: {purpose: [csam, exploitative], max_distance: 10}"),
        ("class: csem.grooming, at_least: 0.5", "class: csem.grooming, at_least: 0.6"),
        ("standing: banned", "standing: [zorblax]"),
        ("abstained: review", "abstained: allow"),
        ("damaged: {input: block", "damaged: {input: review"),
        ("negative_prompt: joined", "negative_prompt: alone"),
        ("- {purpose: benign}", "- {purpose: benign}\n  - {label: zorblax}"),
        ("  - id: minor-sexual", "  - id: renamed"),
    ],
)
def test_a_weaker_policy_is_called_weaker(old: str, new: str) -> None:
    changes = [(old, new)]
    if "grooming" in old:
        # Another rule stops the class too.
        changes.append(('class: "csem.*", at_least: 0.5', 'class: "csem.*", at_least: 0.6'))
    found = diff(SHIPPED, parse_guard_policy(_edited(*changes)))
    assert found.weaker is ("renamed" not in new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("match: {purpose: [csam, exploitative]}", "match: {purpose: [csam, exploitative, source]}"),
        ("class: csem.grooming, at_least: 0.5", "class: csem.grooming, at_least: 0.4"),
        ("abstained: review", "abstained: block"),
        ("uncovered: allow", "uncovered: review"),
        ("benign_bank_softens: review", "benign_bank_softens: block"),
        ("standing: banned", 'standing: "ban*"'),
        ("{age_signal: minor, partition:", "{age_signal: [minor, unknown], partition:"),
        ('part: "attachment.*"', 'part: "*"'),
    ],
)
def test_a_stricter_policy_is_not_called_weaker(old: str, new: str) -> None:
    found = diff(SHIPPED, parse_guard_policy(_edited((old, new))))
    assert not found.weaker, found.to_dict()
    if "softens" not in old:
        assert any(change.kind is ChangeKind.STRICTER for change in found.changes)


def test_rules_that_come_go_and_change_are_named() -> None:
    old = small("[{id: a, when: {kind: input}, action: block}, {id: b, when: {kind: upload}, action: review}]")
    new = small(
        "[{id: a, when: {kind: input}, action: review, tier: T0}, {id: c, when: {kind: output}, action: block}]"
    )
    found = diff(parse_guard_policy(old), parse_guard_policy(new.replace("version: 1", "version: 2")))
    kinds = {(change.kind, change.rule, change.detail) for change in found.changes if change.facts is None}
    assert kinds == {
        (ChangeKind.RULE_REMOVED, "b", ""),
        (ChangeKind.RULE_CHANGED, "a", "action, tier"),
        (ChangeKind.RULE_ADDED, "c", ""),
    }
    assert {change.rule for change in found.changes if change.weaker} == {"a", "b"}


@guard_facts.patient
@given(guard_facts.written_policies, guard_facts.written_policies, guard_facts.facts)
def test_facts_that_show_a_change_show_it_and_facts_that_get_a_milder_action_are_not_missed(
    one: str, other: str, facts: Facts
) -> None:
    try:
        old, new = parse_guard_policy(one), parse_guard_policy(other)
    except GuardPolicyError:
        return
    found = diff(old, new)
    for change in found.changes:
        if change.facts is not None and change.before is not None:
            assert judge(old, change.facts).action is change.before
            assert judge(new, change.facts).action is change.after
            assert (change.before.severity > change.after.severity) is (change.kind is ChangeKind.WEAKER)  # type: ignore[union-attr]
    plain = tuple(match for match in facts.real.matches if match.purpose not in ("benign", "canary"))
    facts = replace(facts, rehearsed=None, real=replace(facts.real, matches=plain))
    if judge(new, facts).action.severity < judge(old, facts).action.severity:
        assert found.weaker


def test_recorded_facts_show_changes_too() -> None:
    old = parse_guard_policy(small("[{id: a, when: {score: {class: quux, at_least: 0.5}}, action: block}]"))
    new = parse_guard_policy(small("[{id: a, when: {score: {class: quux, at_least: 0.7}}, action: block}]", version=2))
    seen = Facts(CheckKind.OUTPUT, real=Look(scores={"quux": 0.6}))
    changes = [change for change in diff(old, new, [seen]).changes if change.detail == "recorded"]
    assert [(change.facts, change.before, change.after) for change in changes] == [
        (seen, GuardAction.BLOCK, GuardAction.ALLOW)
    ]
