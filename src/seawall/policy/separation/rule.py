"""The joint rule: signs in, one side out. Total and pure; the same signs always go to the same side.

Three things hold whatever the policy says: a failure never leads to a side that may be trained on, more sexual evidence
never leads away from the sexual sides, and more evidence of a child never leads towards the adult side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from seawall.policy.separation.partitions import Partition
from seawall.policy.separation.policy import AbstainedPerson, SeparationPolicy
from seawall.policy.separation.signs import Signs, join


class RuleId(StrEnum):
    """The rules, in the order in which they apply."""

    HASH_MATCH = "hash-match"
    CSEM = "csem"
    BOTH = "both"
    ADULT_SEXUAL = "adult-sexual"
    TEXT_ONLY_SEXUAL = "text-only-sexual"
    SEXUAL_AGE_UNKNOWN = "sexual-age-unknown"
    UNKNOWN = "unknown"
    CHILD_DEPICTION = "child-depiction"
    MINOR_REFERENCE = "minor-reference"
    PERSON_ABSTAINED = "person-abstained"
    NEITHER = "neither"
    WORST_MEMBER = "worst-member"
    """Of clusters: one member alone is on a worse side than all of them joined."""


class Reason(StrEnum):
    """What of the signs a placement rests on."""

    HASH_MATCH = "hash_match"
    CSEM = "csem"
    SEXUAL_HIGH = "sexual_high"
    SEXUAL = "sexual"
    SEXUAL_TEXT = "sexual_text"
    CHILD = "child"
    POSSIBLE_MINOR = "possible_minor"
    MINOR_REFERENCE = "minor_reference"
    NO_PERSON = "no_person"
    NOT_SURELY_ADULT = "not_surely_adult"
    PERSON_ABSTAINED = "person_abstained"
    SEXUAL_FAILED = "sexual_failed"
    CHILD_FAILED = "child_failed"
    TEXT_FAILED = "text_failed"
    UNEXAMINED = "unexamined"
    NOTHING_LOOKED_AT = "nothing_looked_at"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an item or a cluster is put, and why.

    Attributes:
        partition: The side.
        rule: The rule that put it there.
        reasons: What it rests on, as stable codes; never content or labels of lists.
    """

    partition: Partition
    rule: RuleId
    reasons: tuple[Reason, ...] = ()


def rule(policy: SeparationPolicy, signs: Signs) -> Placement:
    """Put an item on its side."""
    limits = policy.thresholds
    said = _reasons(policy, signs)
    minor = bool(said & _MINOR)
    if signs.hash_match:
        return Placement(Partition.BOTH, RuleId.HASH_MATCH, (Reason.HASH_MATCH,))
    if signs.csem >= limits.csem:
        return Placement(Partition.BOTH, RuleId.CSEM, _sorted(said & (_SEX | _MINOR | {Reason.CSEM})))
    if signs.sexual_max >= limits.t_lo:
        return _sexual(policy, signs, said, minor=minor)
    if signs.failed:
        return Placement(
            Partition.UNKNOWN, RuleId.UNKNOWN, _sorted(said & (_FAILURES | _MINOR | {Reason.PERSON_ABSTAINED}))
        )
    if said & _SEEN_MINOR:
        return Placement(Partition.CHILD_DEPICTION, RuleId.CHILD_DEPICTION, _sorted(said & _MINOR))
    if minor:
        alone = policy.minor_reference_caption if signs.picture else policy.minor_reference_text
        if alone is Partition.CHILD_DEPICTION:
            return Placement(alone, RuleId.MINOR_REFERENCE, _sorted(said & _MINOR))
    if signs.persons_abstained and policy.abstained_person is AbstainedPerson.UNKNOWN:
        return Placement(Partition.UNKNOWN, RuleId.PERSON_ABSTAINED, (Reason.PERSON_ABSTAINED,))
    return Placement(Partition.NEITHER, RuleId.NEITHER)


def place_cluster(policy: SeparationPolicy, members: Iterable[Signs]) -> Placement:
    """Put a cluster of near-duplicates, a sample of several files, or a video by its frames, on one side.

    The evidence of all members is joined and judged as one; and the side is never milder than that of any member alone.
    Texts beside pictures are captions: they are judged with every picture, and not alone. No members at all give
    `unknown`.
    """
    found = list(members)
    joined = rule(policy, join(found))
    alone = (rule(policy, each) for each in _with_captions(found))
    worst = max(alone, key=lambda placed: placed.partition.severity, default=joined)
    if worst.partition.severity <= joined.partition.severity:
        return joined
    return Placement(worst.partition, RuleId.WORST_MEMBER, worst.reasons)


def _with_captions(members: list[Signs]) -> list[Signs]:
    if not any(each.picture for each in members):
        return members
    captions = join(each for each in members if each.text and not each.picture)
    others = (each for each in members if each.picture or not each.text)
    return [join([each, captions]) if each.picture else each for each in others]


def _sexual(policy: SeparationPolicy, signs: Signs, said: frozenset[Reason], *, minor: bool) -> Placement:
    if minor:
        return Placement(Partition.BOTH, RuleId.BOTH, _sorted(said & (_SEX | _MINOR)))
    if signs.picture and Reason.SEXUAL_HIGH in said and not said & (_FAILURES | _UNSURE):
        return Placement(Partition.ADULT_SEXUAL, RuleId.ADULT_SEXUAL, _sorted(said & _SEX))
    if not signs.picture and not signs.failed and signs.sexual_text >= policy.thresholds.t_hi:
        return Placement(policy.text_only_sexual, RuleId.TEXT_ONLY_SEXUAL, (Reason.SEXUAL_TEXT,))
    return Placement(Partition.SEXUAL_AGE_UNKNOWN, RuleId.SEXUAL_AGE_UNKNOWN, _sorted(said))


_SEX = frozenset({Reason.SEXUAL_HIGH, Reason.SEXUAL, Reason.SEXUAL_TEXT})
_SEEN_MINOR = frozenset({Reason.CHILD, Reason.POSSIBLE_MINOR})
_MINOR = _SEEN_MINOR | {Reason.MINOR_REFERENCE}
_UNSURE = frozenset({Reason.NO_PERSON, Reason.NOT_SURELY_ADULT, Reason.PERSON_ABSTAINED})
_FAILURES = frozenset(
    {
        Reason.SEXUAL_FAILED,
        Reason.CHILD_FAILED,
        Reason.TEXT_FAILED,
        Reason.UNEXAMINED,
        Reason.NOTHING_LOOKED_AT,
    }
)


def _reasons(policy: SeparationPolicy, signs: Signs) -> frozenset[Reason]:
    """Return everything that holds of the signs under a policy."""
    limits = policy.thresholds
    holds = {
        Reason.CSEM: signs.csem >= limits.csem,
        Reason.SEXUAL_HIGH: signs.sexual_mean >= limits.t_hi,
        Reason.SEXUAL: max(signs.sexual, default=0.0) >= limits.t_lo,
        Reason.SEXUAL_TEXT: signs.sexual_text >= limits.t_lo,
        Reason.CHILD: signs.child >= limits.c_lo,
        Reason.POSSIBLE_MINOR: signs.under_21 >= limits.under_21,
        Reason.MINOR_REFERENCE: signs.minor_reference >= limits.m_lo,
        Reason.NO_PERSON: signs.picture and signs.persons == 0,
        Reason.NOT_SURELY_ADULT: signs.under_21 > limits.adult_under_21_max,
        Reason.PERSON_ABSTAINED: signs.persons_abstained > 0,
        Reason.SEXUAL_FAILED: signs.sexual_failed,
        Reason.CHILD_FAILED: signs.child_failed,
        Reason.TEXT_FAILED: signs.text_failed,
        Reason.UNEXAMINED: not signs.examined,
        Reason.NOTHING_LOOKED_AT: not signs.picture and not signs.text,
    }
    return frozenset(reason for reason, held in holds.items() if held)


def _sorted(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(reasons, key=list(Reason).index))
