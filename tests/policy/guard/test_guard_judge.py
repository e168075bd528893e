"""Judgements: total, pure, never milder for a failure, and never misled by canaries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seawall.policy import Evidence
from seawall.policy.guard import (
    FAILURES,
    AgeSignal,
    CheckKind,
    Facts,
    GuardAction,
    GuardPolicyError,
    Look,
    State,
    Tier,
    judge,
    load_guard_policy,
    parse_guard_policy,
)
from seawall.policy.separation import Partition
from tests.policy.guard import guard_facts
from tests.policy.guard.guard_facts import small

SHIPPED = load_guard_policy()


@guard_facts.patient
@given(guard_facts.written_policies, guard_facts.facts)
def test_a_failure_is_never_allowed_by_any_policy_that_can_be_read(text: str, facts: Facts) -> None:
    try:
        policy = parse_guard_policy(text)
    except GuardPolicyError:
        assume(False)
        raise
    judgement = judge(policy, facts)
    if facts.states & FAILURES:
        assert judgement.action in (GuardAction.REVIEW, GuardAction.BLOCK)
    assert judgement.action is not GuardAction.NOT_EXAMINED
    assert judgement.policy == policy.hash
    assert judge(policy, facts) == judgement


@guard_facts.patient
@given(guard_facts.written_policies, guard_facts.facts)
def test_a_drill_never_gives_a_strike_and_is_called_canary(text: str, facts: Facts) -> None:
    try:
        policy = parse_guard_policy(text)
    except GuardPolicyError:
        assume(False)
        raise
    judgement = judge(policy, facts)
    if judgement.drill:
        assert judgement.strike is None
        assert judgement.category == "canary"
        assert judgement.action is not GuardAction.ALLOW
    else:
        assert judgement.category != "canary"
    if judgement.action is GuardAction.ALLOW:
        assert (judgement.category, judgement.strike, judgement.tier, judgement.evidence) == (None, None, None, False)


@guard_facts.patient
@given(guard_facts.written_policies, guard_facts.facts)
def test_a_canary_never_makes_a_judgement_milder_nor_changes_what_is_real(text: str, facts: Facts) -> None:
    try:
        policy = parse_guard_policy(text)
    except GuardPolicyError:
        assume(False)
        raise
    real = tuple(match for match in facts.real.matches if match.purpose != "canary")
    alone = judge(policy, replace(facts, real=replace(facts.real, matches=real), rehearsed=None))
    judgement = judge(policy, facts)
    assert judgement.action.severity >= alone.action.severity
    if not judgement.drill:
        assert (judgement.category, judgement.strike, judgement.evidence) == (
            alone.category,
            alone.strike,
            alone.evidence,
        )


def _more(facts: Facts) -> st.SearchStrategy[Facts]:
    """Draw facts that say at least as much against a check."""

    def worse(look: Look) -> st.SearchStrategy[Look]:
        known = [m for m in look.matches]
        added = st.lists(guard_facts.matches.filter(lambda m: m.purpose != "benign" and not m.labels), max_size=2)
        labels = st.dictionaries(st.sampled_from(guard_facts.LABELS), guard_facts.scores, max_size=2)
        rising = [Partition.NEITHER, Partition.CHILD_DEPICTION, Partition.SEXUAL_AGE_UNKNOWN, Partition.BOTH]
        at_least = rising.index(look.partition) if look.partition in rising else None
        sides = st.just(look.partition) if at_least is None else st.sampled_from(rising[at_least:])
        return st.builds(
            lambda more, high, side: replace(
                look,
                matches=(*known, *more),
                scores={k: max(look.scores.get(k, 0.0), high.get(k, 0.0)) for k in (*look.scores, *high)},
                partition=side,
            ),
            added,
            labels,
            sides,
        )

    return st.builds(
        lambda standing, pace, states, real: replace(
            facts, standing=facts.standing | standing, pace=facts.pace | pace, states=facts.states | states, real=real
        ),
        guard_facts.standings,
        guard_facts.paces,
        guard_facts.states,
        worse(facts.real),
    )


@guard_facts.patient
@given(st.data())
def test_more_against_a_check_never_lowers_what_the_shipped_policy_does(data: st.DataObject) -> None:
    facts = data.draw(guard_facts.facts)
    more = data.draw(_more(facts))
    assert judge(SHIPPED, more).action.severity >= judge(SHIPPED, facts).action.severity


@guard_facts.patient
@given(guard_facts.facts)
def test_the_shipped_policy_is_never_milder_with_minors(facts: Facts) -> None:
    minor = judge(SHIPPED, replace(facts, age_signal=AgeSignal.MINOR)).action.severity
    for signal in AgeSignal:
        assert minor >= judge(SHIPPED, replace(facts, age_signal=signal)).action.severity


def test_the_most_severe_rule_wins_and_a_tie_names_all_in_order() -> None:
    policy = parse_guard_policy(
        small(
            """
  - {id: mild, when: {kind: input}, action: warn, category: mild}
  - {id: second, when: {score: {class: quux, at_least: 0.5}}, action: block, strike: attempt, tier: T1}
  - {id: first, when: {kind: input}, action: block, category: zorblax, evidence: true, tier: T2}
  - {id: other, when: {kind: upload}, action: block}
"""
        )
    )
    judgement = judge(policy, Facts(CheckKind.INPUT, real=Look(scores={"quux": 0.7})))
    assert judgement.rules == ("second", "first")
    assert (judgement.category, judgement.strike) == ("zorblax", "attempt")
    assert judgement.evidence
    assert judgement.tier is Tier.T2


def test_a_failure_and_a_rule_of_the_same_severity_are_both_named() -> None:
    judgement = judge(
        SHIPPED, Facts(CheckKind.INPUT, states=frozenset({State.FAILED}), real=Look(partition=Partition.BOTH))
    )
    assert judgement.rules == ("both", "state:failed")
    assert judgement.category == "csem.sexualised_media"


def test_a_score_that_is_no_number_is_a_failure() -> None:
    for look in (Look(scores={"quux": float("nan")}), Look(part_scores={"prompt": {"quux": float("inf")}})):
        assert judge(SHIPPED, Facts(CheckKind.OUTPUT, real=look)).rules == ("state:failed",)


def test_a_side_that_nobody_could_tell_is_an_abstention() -> None:
    judgement = judge(SHIPPED, Facts(CheckKind.UPLOAD, real=Look(partition=Partition.UNKNOWN)))
    assert (judgement.action, judgement.rules) == (GuardAction.REVIEW, ("state:abstained",))


def test_a_canary_match_among_real_ones_is_judged_as_a_drill() -> None:
    canary = Evidence("canary", "seawall-canary", "pdq", 3)
    judgement = judge(SHIPPED, Facts(CheckKind.UPLOAD, real=Look(matches=(canary,))))
    assert judgement.drill
    known = Evidence("csam", "listed", "sha256", None, True)
    judgement = judge(SHIPPED, Facts(CheckKind.UPLOAD, real=Look(matches=(canary, known))))
    assert not judgement.drill
    assert judgement.strike == "zero_tolerance"


def test_a_canary_beside_a_failure_is_a_drill_only_if_it_is_more_severe() -> None:
    drill = Look(partition=Partition.BOTH)
    states = frozenset({State.FAILED})
    assert not judge(SHIPPED, Facts(CheckKind.INPUT, states=states, rehearsed=drill)).drill
    judgement = judge(SHIPPED, Facts(CheckKind.UPLOAD, states=states, rehearsed=drill))
    assert judgement.drill
    assert judgement.action is GuardAction.BLOCK


def test_a_match_that_an_exchange_marks_as_wrong_says_nothing() -> None:
    wrong = Evidence("csam", "listed", "pdq", 0, False, ("NEGATIVE_CLASS",))
    assert judge(SHIPPED, Facts(CheckKind.UPLOAD, real=Look(matches=(wrong,)))).action is GuardAction.ALLOW


@pytest.mark.parametrize("kind", CheckKind)
def test_a_match_of_an_unknown_purpose_goes_to_a_person(kind: CheckKind) -> None:
    odd = Evidence("zorblax", "listed", "pdq", 0)
    assert judge(SHIPPED, Facts(kind, real=Look(matches=(odd,)))).action is GuardAction.REVIEW


def test_what_a_model_made_gives_the_account_no_strike() -> None:
    look = Look(partition=Partition.BOTH)
    assert judge(SHIPPED, Facts(CheckKind.INPUT, real=look)).strike == "serious"
    made = judge(SHIPPED, Facts(CheckKind.OUTPUT, real=look))
    assert (made.action, made.evidence, made.strike) == (GuardAction.BLOCK, True, None)
    everyone = parse_guard_policy(SHIPPED.text.replace("strikes_for: [input, upload, finetune]", ""))
    assert judge(everyone, Facts(CheckKind.OUTPUT, real=look)).strike == "serious"


def test_a_feature_is_off_on_its_surface_for_its_kind_and_where_nothing_is_said() -> None:
    off = frozenset({"feature_off:image", "feature_off:upload"})

    def refused(kind: CheckKind, surface: str | None) -> bool:
        return judge(SHIPPED, Facts(kind, surface=surface, standing=off)).action is GuardAction.BLOCK

    assert refused(CheckKind.INPUT, "image")
    assert refused(CheckKind.UPLOAD, "chat")
    assert refused(CheckKind.OUTPUT, None)
    assert not refused(CheckKind.INPUT, "chat")


def test_the_law_of_the_union_holds_in_its_countries() -> None:
    policy = parse_guard_policy(small("[{id: there, when: {jurisdiction: EU}, action: review}]"))
    assert judge(policy, Facts(CheckKind.INPUT, jurisdiction="FR")).rules == ("there",)
    assert judge(policy, Facts(CheckKind.INPUT, jurisdiction="US")).rules == ()
    assert judge(policy, Facts(CheckKind.INPUT)).rules == ()
