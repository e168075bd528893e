"""The joint rule: every row of the table, and what holds for all evidence whatever."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.policy.separation import (
    NEVER_TRAINED,
    Partition,
    Reason,
    RuleId,
    SeparationPolicy,
    Signs,
    Thresholds,
    join,
    load_separation_policy,
    place_cluster,
    rule,
)
from seawall.policy.separation.policy import AbstainedPerson

POLICY = load_separation_policy()
P = Partition
SEXUAL_SIDES = {P.BOTH, P.SEXUAL_AGE_UNKNOWN, P.ADULT_SEXUAL}

scores = st.one_of(st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.5, 1.0]), st.floats(0, 1))
limits = st.floats(0.01, 1)


@st.composite
def policies(draw: st.DrawFn) -> SeparationPolicy:
    low, high = sorted((draw(limits), draw(limits)))
    adult, minor = sorted((draw(limits), draw(limits)))
    return replace(
        POLICY,
        thresholds=Thresholds(low, high, draw(limits), minor, adult, draw(limits), draw(limits)),
        abstained_person=draw(st.sampled_from(AbstainedPerson)),
        text_only_sexual=draw(st.sampled_from([P.SEXUAL_AGE_UNKNOWN, P.ADULT_SEXUAL])),
        minor_reference_caption=draw(st.sampled_from([P.CHILD_DEPICTION, P.NEITHER])),
        minor_reference_text=draw(st.sampled_from([P.CHILD_DEPICTION, P.NEITHER])),
    )


often_false = st.sampled_from([False, False, False, False, True])
signs = st.builds(
    Signs,
    picture=st.booleans(),
    text=st.booleans(),
    sexual=st.lists(scores, max_size=3).map(tuple),
    sexual_failed=often_false,
    child=scores,
    under_21=scores,
    persons=st.integers(0, 3),
    persons_abstained=st.sampled_from([0, 0, 0, 1, 2]),
    child_failed=often_false,
    minor_reference=scores,
    sexual_text=scores,
    text_failed=often_false,
    csem=st.sampled_from([0.0, 0.0, 0.0, 0.3, 0.9]),
    examined=st.sampled_from([True, True, True, False]),
    hash_match=often_false,
)
SURELY_ADULT: dict[str, Any] = {"picture": True, "persons": 1, "child": 0.0, "under_21": 0.01}

TABLE = [
    ("an object", Signs(sexual=(0.01, 0.03)), P.NEITHER, RuleId.NEITHER),
    ("an adult", Signs(sexual=(0.01, 0.03), **SURELY_ADULT), P.NEITHER, RuleId.NEITHER),
    ("a known item", Signs(sexual=(0.01,), hash_match=True), P.BOTH, RuleId.HASH_MATCH),
    ("a known item that cannot be read", Signs(examined=False, hash_match=True), P.BOTH, RuleId.HASH_MATCH),
    ("a model that names the joint fact", Signs(sexual=(0.01,), csem=0.9), P.BOTH, RuleId.CSEM),
    ("both, by the child score", Signs(sexual=(0.2,), child=0.1, persons=1), P.BOTH, RuleId.BOTH),
    ("both, by Challenge 25", Signs(sexual=(0.2,), under_21=0.1, persons=1), P.BOTH, RuleId.BOTH),
    ("both, by one model alone", Signs(sexual=(0.0, 0.2), child=0.5, persons=1), P.BOTH, RuleId.BOTH),
    ("both, by the caption", Signs(sexual=(0.9,), minor_reference=1.0, **SURELY_ADULT), P.BOTH, RuleId.BOTH),
    ("both, in one text", Signs(sexual_text=1.0, minor_reference=1.0), P.BOTH, RuleId.BOTH),
    ("both, with a failure", Signs(sexual=(0.9,), child=0.9, persons=1, text_failed=True), P.BOTH, RuleId.BOTH),
    ("adult content", Signs(sexual=(0.6, 0.5), **SURELY_ADULT), P.ADULT_SEXUAL, RuleId.ADULT_SEXUAL),
    ("sexual, nobody to see", Signs(sexual=(0.9,)), P.SEXUAL_AGE_UNKNOWN, RuleId.SEXUAL_AGE_UNKNOWN),
    ("sexual, below t_hi", Signs(sexual=(0.3,), **SURELY_ADULT), P.SEXUAL_AGE_UNKNOWN, RuleId.SEXUAL_AGE_UNKNOWN),
    (
        "sexual, a face that abstains",
        Signs(sexual=(0.9,), persons_abstained=1, **SURELY_ADULT),
        P.SEXUAL_AGE_UNKNOWN,
        RuleId.SEXUAL_AGE_UNKNOWN,
    ),
    (
        "sexual, perhaps an adult",
        Signs(sexual=(0.9,), persons=1, under_21=0.07),
        P.SEXUAL_AGE_UNKNOWN,
        RuleId.SEXUAL_AGE_UNKNOWN,
    ),
    (
        "sexual, the age net failed",
        Signs(sexual=(0.9,), child_failed=True, **SURELY_ADULT),
        P.SEXUAL_AGE_UNKNOWN,
        RuleId.SEXUAL_AGE_UNKNOWN,
    ),
    (
        "sexual caption, plain picture",
        Signs(sexual=(0.0,), sexual_text=0.9, **SURELY_ADULT),
        P.SEXUAL_AGE_UNKNOWN,
        RuleId.SEXUAL_AGE_UNKNOWN,
    ),
    ("a sexual text", Signs(sexual_text=1.0), P.SEXUAL_AGE_UNKNOWN, RuleId.TEXT_ONLY_SEXUAL),
    ("a doubtful text", Signs(sexual_text=0.3), P.SEXUAL_AGE_UNKNOWN, RuleId.SEXUAL_AGE_UNKNOWN),
    ("a child", Signs(sexual=(0.0,), child=0.9, under_21=0.9, persons=1), P.CHILD_DEPICTION, RuleId.CHILD_DEPICTION),
    ("a possible minor", Signs(sexual=(0.0,), under_21=0.2, persons=1), P.CHILD_DEPICTION, RuleId.CHILD_DEPICTION),
    (
        "a child among faces too small to judge",
        Signs(sexual=(0.0,), child=0.9, persons=1, persons_abstained=4),
        P.CHILD_DEPICTION,
        RuleId.CHILD_DEPICTION,
    ),
    ("a caption about a minor", Signs(sexual=(0.0,), minor_reference=1.0), P.CHILD_DEPICTION, RuleId.MINOR_REFERENCE),
    ("a text about a minor", Signs(minor_reference=1.0), P.CHILD_DEPICTION, RuleId.MINOR_REFERENCE),
    (
        "a child, a sexual detector failed",
        Signs(sexual=(0.0,), sexual_failed=True, child=0.9),
        P.UNKNOWN,
        RuleId.UNKNOWN,
    ),
    ("a child, no sexual detector", Signs(child=0.9, persons=1), P.UNKNOWN, RuleId.UNKNOWN),
    ("a child, the caption not read", Signs(sexual=(0.0,), child=0.9, text_failed=True), P.UNKNOWN, RuleId.UNKNOWN),
    ("the age net failed", Signs(sexual=(0.0,), child_failed=True), P.UNKNOWN, RuleId.UNKNOWN),
    ("a face that abstains", Signs(sexual=(0.0,), persons_abstained=1), P.UNKNOWN, RuleId.PERSON_ABSTAINED),
    ("an unsupported medium", Signs(examined=False), P.UNKNOWN, RuleId.UNKNOWN),
    ("a damaged picture", Signs(sexual=(0.0,), examined=False), P.UNKNOWN, RuleId.UNKNOWN),
    ("a damaged picture that is sexual", Signs(sexual=(0.9,), examined=False), P.SEXUAL_AGE_UNKNOWN, None),
    ("nothing at all", Signs(), P.UNKNOWN, RuleId.UNKNOWN),
    ("a text", Signs(text=True), P.NEITHER, RuleId.NEITHER),
    ("a score that is no number", Signs(sexual=(math.nan, 0.0)), P.UNKNOWN, RuleId.UNKNOWN),
    ("a score beyond one", Signs(sexual=(1.5, 0.0)), P.UNKNOWN, RuleId.UNKNOWN),
    ("an age that is no number", Signs(sexual=(0.0,), child=math.inf), P.UNKNOWN, RuleId.UNKNOWN),
    ("a count below zero", Signs(sexual=(0.0,), persons=-1), P.UNKNOWN, RuleId.UNKNOWN),
    ("a text score that is no number", Signs(minor_reference=math.nan), P.UNKNOWN, RuleId.UNKNOWN),
    ("a csem score that is no number", Signs(sexual=(0.0,), csem=math.nan), P.UNKNOWN, RuleId.UNKNOWN),
]


@pytest.mark.parametrize(("evidence", "partition", "by"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_table_holds(evidence: Signs, partition: Partition, by: RuleId | None) -> None:
    placed = rule(POLICY, evidence)
    assert placed.partition is partition
    assert by is None or placed.rule is by
    assert (placed.reasons == ()) is (partition is P.NEITHER)


def test_rounding_in_a_model_is_not_a_failure() -> None:
    placed = rule(POLICY, Signs(sexual=(1.00001,), child=-0.00001, under_21=0.0, persons=1))
    assert placed.partition is P.ADULT_SEXUAL


def test_reasons_say_what_was_missing() -> None:
    placed = rule(POLICY, Signs(sexual=(0.9,), persons_abstained=1, child_failed=True))
    assert set(placed.reasons) >= {Reason.NO_PERSON, Reason.PERSON_ABSTAINED, Reason.CHILD_FAILED}


@pytest.mark.parametrize(
    ("change", "evidence", "partition"),
    [
        ({"abstained_person": AbstainedPerson.IGNORE}, Signs(sexual=(0.0,), persons_abstained=1), P.NEITHER),
        ({"text_only_sexual": P.ADULT_SEXUAL}, Signs(sexual_text=0.9), P.ADULT_SEXUAL),
        ({"text_only_sexual": P.ADULT_SEXUAL}, Signs(sexual_text=0.9, text_failed=True), P.SEXUAL_AGE_UNKNOWN),
        ({"minor_reference_text": P.NEITHER}, Signs(minor_reference=0.9), P.NEITHER),
        ({"minor_reference_text": P.NEITHER}, Signs(sexual=(0.0,), minor_reference=0.9), P.CHILD_DEPICTION),
        ({"minor_reference_caption": P.NEITHER}, Signs(sexual=(0.0,), minor_reference=0.9), P.NEITHER),
        (
            {"minor_reference_caption": P.NEITHER},
            Signs(sexual=(0.0,), minor_reference=0.9, persons_abstained=1),
            P.UNKNOWN,
        ),
    ],
)
def test_the_policy_decides_where_the_rule_leaves_it_open(
    change: dict[str, Any], evidence: Signs, partition: Partition
) -> None:
    assert rule(replace(POLICY, **change), evidence).partition is partition


def test_a_child_and_adult_content_in_one_cluster_are_both() -> None:
    child = Signs(sexual=(0.0,), child=0.9, under_21=0.9, persons=1)
    adult = Signs(sexual=(0.9,), **SURELY_ADULT)
    assert place_cluster(POLICY, [child, adult]).partition is P.BOTH


def test_a_caption_in_another_row_of_the_cluster_counts() -> None:
    one = Signs(sexual=(0.9,), **SURELY_ADULT)
    other = join([Signs(sexual=(0.1,), **SURELY_ADULT), Signs(minor_reference=1.0)])
    assert place_cluster(POLICY, [one, other]).partition is P.BOTH


def test_a_cluster_is_never_milder_than_a_member_that_joining_would_clear() -> None:
    doubtful = Signs(sexual=(0.3,))
    adult = Signs(sexual=(0.9,), **SURELY_ADULT)
    assert rule(POLICY, join([doubtful, adult])).partition is P.ADULT_SEXUAL
    placed = place_cluster(POLICY, [adult, doubtful])
    assert placed.partition is P.SEXUAL_AGE_UNKNOWN
    assert placed.rule is RuleId.WORST_MEMBER


def test_a_sexual_caption_of_adult_content_leaves_it_adult_content() -> None:
    picture = Signs(sexual=(0.9,), **SURELY_ADULT)
    caption = Signs(sexual_text=0.9)
    assert place_cluster(POLICY, [picture, caption]).partition is P.ADULT_SEXUAL
    assert place_cluster(POLICY, [picture, caption, Signs(sexual=(0.9,))]).partition is P.SEXUAL_AGE_UNKNOWN
    assert place_cluster(POLICY, [picture, caption, Signs(minor_reference=1.0)]).partition is P.BOTH
    assert place_cluster(POLICY, [picture, Signs(examined=False)]).partition is P.SEXUAL_AGE_UNKNOWN


def test_a_cluster_without_members_is_unknown() -> None:
    assert place_cluster(POLICY, []).partition is P.UNKNOWN


wild = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 2.0]))


@given(
    policies(),
    st.builds(
        Signs,
        picture=st.booleans(),
        text=st.booleans(),
        sexual=st.lists(wild, max_size=3).map(tuple),
        child=wild,
        under_21=wild,
        persons=st.integers(-2, 3),
        persons_abstained=st.integers(-2, 3),
        minor_reference=wild,
        sexual_text=wild,
        csem=wild,
    ),
)
def test_the_rule_is_total_and_nonsense_is_a_failure(policy: SeparationPolicy, evidence: Signs) -> None:
    placed = rule(policy, evidence)
    assert placed == rule(policy, evidence)
    assert evidence == replace(evidence)
    if evidence.failed:
        assert placed.partition in NEVER_TRAINED


@given(policies(), signs, st.sampled_from(["sexual_failed", "child_failed", "text_failed", "examined"]))
def test_a_failure_never_leads_to_a_side_that_is_trained_on(
    policy: SeparationPolicy, evidence: Signs, which: str
) -> None:
    before = rule(policy, evidence).partition
    after = rule(policy, replace(evidence, **{which: which != "examined"})).partition
    assert after in NEVER_TRAINED
    assert not (before is P.BOTH and after is not P.BOTH)
    assert not (before in SEXUAL_SIDES and after not in SEXUAL_SIDES)


@given(policies(), signs, scores, st.sampled_from(["sexual", "sexual_text", "csem"]))
def test_more_sexual_evidence_never_leads_away_from_the_sexual_sides(
    policy: SeparationPolicy, evidence: Signs, score: float, which: str
) -> None:
    more = join([evidence, Signs(**{which: (score,) if which == "sexual" else score})])  # type: ignore[arg-type]
    before, after = rule(policy, evidence).partition, rule(policy, more).partition
    assert not (before in SEXUAL_SIDES and after not in SEXUAL_SIDES)
    assert not (before is P.BOTH and after is not P.BOTH)
    if after in (P.NEITHER, P.CHILD_DEPICTION):
        assert after is before or before is P.UNKNOWN


@given(policies(), signs, scores, st.sampled_from(["child", "under_21", "minor_reference"]))
def test_more_evidence_of_a_child_never_leads_towards_the_adult_side(
    policy: SeparationPolicy, evidence: Signs, score: float, which: str
) -> None:
    more = replace(evidence, **{which: max(getattr(evidence, which), score)})
    before, after = rule(policy, evidence).partition, rule(policy, more).partition
    assert not (before is P.BOTH and after is not P.BOTH)
    assert after is before or after not in (P.ADULT_SEXUAL, P.NEITHER) or not (evidence.picture or evidence.text)
    assert not (before is P.CHILD_DEPICTION and after is P.NEITHER)


@given(policies(), st.lists(signs, min_size=1, max_size=4))
@settings(max_examples=150)
def test_a_cluster_is_at_least_as_severe_as_each_member_and_as_their_join(
    policy: SeparationPolicy, members: list[Signs]
) -> None:
    placed = place_cluster(policy, members).partition.severity
    pictured = any(member.picture for member in members)
    for member in members:
        alone = rule(policy, member).partition
        if pictured and member.text and not member.picture and alone in (P.SEXUAL_AGE_UNKNOWN, P.CHILD_DEPICTION):
            # A caption shows nobody's age, its picture does; and the policy has a word of its own for captions.
            assert alone is P.CHILD_DEPICTION or placed >= P.ADULT_SEXUAL.severity
        else:
            assert placed >= alone.severity
    assert placed >= rule(policy, join(members)).partition.severity
    assert placed == place_cluster(policy, reversed(members)).partition.severity


@given(signs, signs, signs)
def test_joining_does_not_depend_on_order_grouping_or_repetition(one: Signs, two: Signs, three: Signs) -> None:
    assert join([join([one, two]), three]) == join([one, join([two, three])])
    assert join([one, two]) == join([two, one])
    assert join([one, one]) == one == join([one])
    assert join([one, Signs()]) == one


@given(signs, signs)
def test_joining_loses_no_evidence_and_no_failure(one: Signs, two: Signs) -> None:
    both = join([one, two])
    assert both.sexual_max == max(one.sexual_max, two.sexual_max)
    assert both.failed >= (one.failed and two.failed)
    for name in ("sexual_failed", "child_failed", "text_failed", "hash_match"):
        assert getattr(both, name) == (getattr(one, name) or getattr(two, name))


def test_every_side_can_be_reached() -> None:
    assert {rule(POLICY, row[1]).partition for row in TABLE} == set(Partition)
