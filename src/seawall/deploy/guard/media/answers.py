"""From what picture detectors answered to what is known of a medium: signs, scores, and what stays open.

A question without an answer is a state, never a score: the signs say only what was found. Canary detectors are heard
apart, so that they neither count as having looked nor hide what others saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from seawall.detectors.contract import Info, Modality, Result, Status, Task
from seawall.policy.classes import (
    ADULT_SEXUAL,
    CHILD_DEPICTION,
    DRILL,
    MINOR_REFERENCE,
    PERSONS,
    PERSONS_ABSTAINED,
    UNDER_21,
)
from seawall.policy.guard import State
from seawall.policy.separation import Part, Partition, SeparationPolicy, Signs, join, place_cluster, rule, signs_of

QUIET = Signs(text=True)
"""Nothing was found: joined with anything, it changes nothing."""

_AGES = frozenset({CHILD_DEPICTION, UNDER_21, PERSONS, PERSONS_ABSTAINED})
_JOINT = _AGES | {ADULT_SEXUAL, MINOR_REFERENCE, DRILL}
_GAPS = frozenset({State.FAILED, State.TIMED_OUT, State.ABSTAINED, State.UNCOVERED})
_TIMEOUT = "timeout"
_NOT_CONFIGURED = frozenset({"weights_missing", "off_host_not_allowed"})
_WORST = ("error", "timed_out", "abstain", "unsupported", "not_configured", "skipped", "ok")

ADULT_CHECK, AGE_CHECK = "pictures:adult_sexual", "pictures:age"
"""Names of the questions, for when nobody is configured to answer them."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What detectors said of one medium.

    Attributes:
        real: Signs, canary detectors left out.
        canary: Signs of what canary detectors saw; None if they saw none.
        scores: Largest score of every class that is not one of the joint rule's own.
        states: What stays open.
        checks: (name, status) of each detector, and of each question that nobody answers.
    """

    real: Signs = QUIET
    canary: Signs | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    states: frozenset[State] = frozenset()
    checks: tuple[tuple[str, str], ...] = ()


def heard(answers: Sequence[Mapping[str, Result]], infos: Mapping[str, Info], policy: SeparationPolicy) -> Heard:
    """Read the answers for the pictures of one medium.

    Args:
        answers: Answer by detector, for each picture.
        infos: What the configured picture detectors say of themselves, by id.
        policy: Says when a picture by itself is on a worse side than all of them joined.
    """
    real = {name: info for name, info in infos.items() if info.task is not Task.CANARY}
    canaries = {name: info for name, info in infos.items() if info.task is Task.CANARY}
    states, checks = _states(answers, infos)
    states |= _uncovered(real, checks)
    signs = []
    for each in answers:
        one = signs_of({name: each[name] for name in real if name in each}, real, Part.PICTURE, accept_skipped=True)
        if (one.sexual_failed or one.child_failed) and not states & _GAPS:
            # An odd answer that no status tells of.
            states |= {State.FAILED}
        signs.append(_found(one))
    scores: dict[str, float] = {}
    for each in answers:
        for name in real.keys() & each.keys():
            for label, score in each[name].labels.items():
                if label not in _JOINT and each[name].status is Status.OK:
                    scores[label] = max(score, scores.get(label, 0.0))
    return Heard(
        joined_pictures(signs, policy), _canary(answers, canaries), scores, frozenset(states), tuple(checks.items())
    )


def nobody_looked(infos: Mapping[str, Info], status: str) -> tuple[tuple[str, str], ...]:
    """Return the checks of detectors that were not asked."""
    return tuple((name, status) for name in infos)


def joined_pictures(signs: Sequence[Signs], policy: SeparationPolicy) -> Signs:
    """Join the pictures of a medium to signs that lead to the side of the worst of them.

    An adult in one frame says nothing of who is in the next: where a frame alone is of unknown age, all of them are.
    """
    if not signs:
        return QUIET
    joined = join(signs)
    if len(signs) > 1:
        placed = place_cluster(policy, signs).partition
        if placed.severity > rule(policy, joined).partition.severity and placed is Partition.SEXUAL_AGE_UNKNOWN:
            joined = replace(joined, persons_abstained=max(1, joined.persons_abstained))
    return joined


def _found(signs: Signs) -> Signs:
    """Return the signs without gaps."""
    return replace(
        signs,
        sexual=signs.sexual or (0.0,),
        sexual_failed=False,
        child_failed=False,
        text_failed=False,
        examined=True,
    )


def _states(answers: Sequence[Mapping[str, Result]], infos: Mapping[str, Info]) -> tuple[set[State], dict[str, str]]:
    states: set[State] = set()
    checks: dict[str, str] = {}
    for name, info in infos.items():
        if Modality.IMAGE not in info.modalities:
            continue
        for each in answers:
            status, state = _status(each.get(name))
            checks[name] = min(checks.get(name, "ok"), status, key=_WORST.index)
            if state is not None:
                states.add(state)
    return states, checks


def _status(result: Result | None) -> tuple[str, State | None]:
    if result is None:
        return "error", State.FAILED
    if result.status is Status.OK:
        return "ok", None
    if result.status is Status.SKIPPED:
        return "skipped", None
    if result.status is Status.ABSTAIN:
        return "abstain", State.ABSTAINED
    if result.status is Status.UNSUPPORTED:
        return ("not_configured" if result.reason in _NOT_CONFIGURED else "unsupported"), State.UNCOVERED
    return ("timed_out", State.TIMED_OUT) if result.reason == _TIMEOUT else ("error", State.FAILED)


def _uncovered(real: Mapping[str, Info], checks: dict[str, str]) -> set[State]:
    """Name the questions that no configured detector answers."""
    labels = {label for info in real.values() if Modality.IMAGE in info.modalities for label in info.labels}
    open_questions = [
        name for name, wanted in ((ADULT_CHECK, {ADULT_SEXUAL}), (AGE_CHECK, _AGES)) if not labels & wanted
    ]
    checks |= dict.fromkeys(open_questions, "not_configured")
    return {State.UNCOVERED} if open_questions else set()


def _canary(answers: Sequence[Mapping[str, Result]], canaries: Mapping[str, Info]) -> Signs | None:
    found = []
    for each in answers:
        given = {name: each[name] for name in canaries if name in each and each[name].status is Status.OK}
        if any(any(result.labels.values()) for result in given.values()):
            found.append(_found(signs_of(given, canaries, Part.PICTURE)))
    return join(found) if found else None
