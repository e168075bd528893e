"""Reading policies: strict, bounded, and with a hash of what they mean."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.policy.guard import (
    CheckKind,
    GuardAction,
    GuardPolicyError,
    NegativePrompt,
    State,
    load_guard_policy,
    parse_guard_policy,
)
from tests.policy.guard import guard_facts
from tests.policy.guard.guard_facts import small


def test_the_shipped_policy_can_be_read() -> None:
    policy = load_guard_policy()
    assert policy.label == "guard-default@1"
    assert len(policy.hash) == 64
    assert policy.negative_prompt is NegativePrompt.JOINED


def test_words_and_names_do_not_change_the_hash_and_meaning_does() -> None:
    one = parse_guard_policy(small("[{id: a, when: {kind: [input, output]}, action: block}]"))
    other = parse_guard_policy(
        small(
            "[{id: a, description: quux, when: {use: both-ways}, action: block}]  # said",
            extra="conditions: {both-ways: {all: [{kind: [output, input]}]}}\nclasses: {}\n",
        )
    )
    assert one.hash == other.hash
    assert one.hash != parse_guard_policy(small("[{id: a, when: {kind: input}, action: block}]")).hash
    assert one.hash != parse_guard_policy(small("[{id: a, when: {kind: [input, output]}, action: review}]")).hash


@pytest.mark.parametrize("state", guard_facts.FAILURES)
@pytest.mark.parametrize("action", ["allow", "warn"])
def test_a_failure_cannot_be_let_through(state: str, action: str) -> None:
    with pytest.raises(GuardPolicyError, match=state):
        parse_guard_policy(small().replace(f"{state}: block", f"{state}: {action}"))
    kinds = f"{{input: block, output: block, upload: {action}, finetune: block}}"
    with pytest.raises(GuardPolicyError, match="upload"):
        parse_guard_policy(small().replace(f"{state}: block", f"{state}: {kinds}"))
    with pytest.raises(GuardPolicyError, match="no fail-open"):
        parse_guard_policy(small(f"[{{id: a, when: {{state: {state}}}, action: {action}}}]"))


@pytest.mark.parametrize("action", ["allow", "review", "block"])
def test_what_nobody_was_asked_may_be_allowed(action: str) -> None:
    policy = parse_guard_policy(small().replace("uncovered: allow", f"uncovered: {action}"))
    assert policy.states[CheckKind.INPUT][State.UNCOVERED] is GuardAction(action)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("[{id: a, when: {kind: input}}]", "rule a: action names no action"),
        ("[{id: a, when: {kind: input}, action: not_examined}]", "for jurisdictions alone"),
        ("[{id: a, when: {kind: input}, action: quux}]", "names no action"),
        ("[{id: a, action: block}]", "rule a lacks 'when'"),
        ("[{when: {}, action: block}]", "rule 1: id"),
        ("[{id: a, when: {zorblax: 1}, action: block}]", "rule a: when: unknown key 'zorblax'"),
        ("[{id: a, when: {kind: zorblax}, action: block}]", "none of its words"),
        ("[{id: a, when: {partition: zorblax}, action: block}]", "none of its words"),
        ("[{id: a, when: {match: {purpose: zorblax}}, action: block}]", "unknown purpose 'zorblax'"),
        ("[{id: a, when: {match: {max_distance: -1}}, action: block}]", "max_distance is a number"),
        (f"[{{id: a, when: {{match: {{max_distance: 1{'0' * 400}}}}}, action: block}}]", "max_distance is a number"),
        ("[{id: a, when: {kind: [[input]]}, action: block}]", "none of its words"),
        ("[{id: a, when: {kind: {input: 1}}, action: block}]", "none of its words"),
        ("[{id: a, when: {match: {max_distance: .nan}}, action: block}]", "max_distance is a number"),
        ("[{id: a, when: {score: {class: quux, at_least: 0}}, action: block}]", "at_least is a number"),
        ("[{id: a, when: {score: {class: quux, at_least: .nan}}, action: block}]", "at_least is a number"),
        ("[{id: a, when: {score: {class: quux, at_least: true}}, action: block}]", "at_least is a number"),
        ("[{id: a, when: {class: quux}, action: block}]", "there is no class 'quux'"),
        ("[{id: a, when: {use: quux}, action: block}]", "there is no condition 'quux'"),
        ("[{id: a, when: {any: []}, action: block}]", "is a list of conditions"),
        ("[{id: a, when: {kind: []}, action: block}]", "names at least one"),
        ("[{id: a, when: {feature_off: false}, action: block}]", "feature_off is true"),
        ("[{id: a, when: {}, action: block}, {id: a, when: {}, action: block}]", "two of this id"),
        ("[{id: a, when: {}, action: block, evidence: 1}]", "evidence is true or false"),
        ("[{id: a, when: {}, action: block, tier: T9}]", "tier is none of its words"),
        ("[{id: a, when: {}, action: block, category: canary}]", "given to drills"),
        ("[{id: a, when: {}, action: allow, strike: attempt}]", "no strike"),
        ("[{id: a, when: {}, action: warn, category: csem.grooming}]", "review or block"),
        ("{}", "rules is a list"),
    ],
)
def test_an_error_names_the_file_and_the_rule(rules: str, said: str) -> None:
    with pytest.raises(GuardPolicyError) as error:
        parse_guard_policy(small(rules), "mine.yaml")
    assert "mine.yaml" in error.value.message
    assert said in f"{error.value.message} ({error.value.hint})"


def test_conditions_that_go_round_in_a_circle_are_refused() -> None:
    extra = "conditions: {one: {use: two}, two: {any: [{use: three}]}, three: {not: {use: one}}}\n"
    with pytest.raises(GuardPolicyError, match="one -> two -> three -> one goes round"):
        parse_guard_policy(small(extra=extra))


def test_a_few_lines_do_not_stand_for_millions_of_conditions() -> None:
    lines = ["  c0: {kind: input}"]
    lines += [f"  c{n}: {{all: [{{use: c{n - 1}}}, {{use: c{n - 1}}}]}}" for n in range(1, 25)]
    with pytest.raises(GuardPolicyError, match=r"too large|too deeply"):
        parse_guard_policy(small(extra="conditions:\n" + "\n".join(lines) + "\n"))


def test_a_long_chain_of_conditions_is_refused() -> None:
    lines = ["  c0: {kind: input}", *(f"  c{n}: {{not: {{use: c{n - 1}}}}}" for n in range(1, 500))]
    with pytest.raises(GuardPolicyError, match="too deeply"):
        parse_guard_policy(small(extra="conditions:\n" + "\n".join(lines) + "\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "aliases are not allowed"),
        ("a: 1\na: 2\n", "a key is given twice"),
        ("[" * 200 + "]" * 200, "nested too deeply"),
        ("- [" + "x," * 60_000 + "]", "nested too deeply, or too long"),
        ("x" * (2 << 20), "too long"),
        ("{", "line 1"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("\x00", "not YAML"),
        ("3", "is a mapping"),
        ("a: 2026-99-99", "not YAML"),
    ],
)
def test_hostile_text_is_refused_before_it_grows(text: str, said: str) -> None:
    with pytest.raises(GuardPolicyError) as error:
        parse_guard_policy(text, "mine.yaml")
    assert said in error.value.message


@guard_facts.patient
@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_an_error(text: str) -> None:
    with suppress(GuardPolicyError):
        parse_guard_policy(text)


@guard_facts.patient
@given(guard_facts.written_policies)
def test_a_policy_has_the_hash_of_its_meaning(text: str) -> None:
    try:
        policy = parse_guard_policy(text)
    except GuardPolicyError:
        return
    assert parse_guard_policy(policy.text).hash == policy.hash


@pytest.mark.parametrize("match", ["{}", "{purpose: csam}", "{type: pdq}", "{exact: false}"])
def test_whole_purposes_cannot_be_left_out(match: str) -> None:
    with pytest.raises(GuardPolicyError, match="ignore_matches"):
        parse_guard_policy(small(extra=f"ignore_matches: [{match}]\n"))


def test_a_softened_match_is_still_stopped() -> None:
    with pytest.raises(GuardPolicyError, match="review or block"):
        parse_guard_policy(small(extra="benign_bank_softens: allow\n"))


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GuardPolicyError, match="FileNotFoundError"):
        load_guard_policy(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GuardPolicyError, match="UnicodeDecodeError"):
        load_guard_policy(tmp_path / "bytes.yaml")
