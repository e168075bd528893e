"""From what was seen of each part to the facts that a policy judges: everything of a request is one body of evidence.

A child in one message and adult content in another are in one request. Canaries are joined apart: what stands without
them is never changed by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seawall.deploy.guard.seen import Seen
from seawall.policy.decide import CANARY
from seawall.policy.guard import Look
from seawall.policy.separation import Partition, SeparationPolicy, Signs, join, place_cluster

NEGATIVE_PROMPT = "negative_prompt"

QUIET = Look()
"""Nothing was found."""

_QUIET_TEXT = Signs(text=True)


def look_of(
    seen: Sequence[Seen], policy: SeparationPolicy, *, canaries: bool, negative_alone: bool = False
) -> Look | None:
    """Return what was found in the parts of a request.

    Args:
        seen: The parts.
        policy: Puts signs on a side.
        canaries: Whether canaries count; then None is returned if there are none.
        negative_alone: Whether the negative prompt is judged by itself, rather than with everything else.
    """
    if canaries and not any(_rehearses(each) for each in seen):
        return None
    signs: dict[str, Signs] = {}
    for each in seen:
        one = _signs(each, canaries=canaries)
        known = signs.get(each.name)
        signs[each.name] = one if known is None else join([known, one])
    loud = {name: one for name, one in signs.items() if one not in (_QUIET_TEXT, _NONE)}
    matches = tuple(match for each in seen for match in each.matches if canaries or match.purpose != CANARY)
    scores: dict[str, float] = {}
    part_scores: dict[str, dict[str, float]] = {}
    for each in seen:
        if not (each.scores or (canaries and each.canary_scores)):
            continue
        own = part_scores.setdefault(each.name, {})
        _raise(own, each.scores)
        if canaries:
            _raise(own, each.canary_scores)
        _raise(scores, own)
    if not (loud or matches or scores):
        return QUIET
    # Of a thousand turns most say the same: each kind of signs is placed once.
    placed = {one: place_cluster(policy, [one]).partition for one in dict.fromkeys(loud.values())}
    parts = {name: placed[one] for name, one in loud.items()}
    joined = dict.fromkeys(one for name, one in loud.items() if not (negative_alone and name == NEGATIVE_PROMPT))
    sides = [*placed.values(), _placed(policy, list(joined))]
    return Look(
        matches=matches,
        partition=max(sides, key=lambda side: side.severity),
        parts={name: side for name, side in parts.items() if side is not Partition.NEITHER},
        scores=scores,
        part_scores=part_scores,
    )


def _placed(policy: SeparationPolicy, signs: Sequence[Signs]) -> Partition:
    return place_cluster(policy, signs).partition if signs else Partition.NEITHER


_NONE = Signs()


def _rehearses(seen: Seen) -> bool:
    return seen.canary is not None or bool(seen.canary_scores) or any(match.purpose == CANARY for match in seen.matches)


def _signs(seen: Seen, *, canaries: bool) -> Signs:
    return join([seen.real, seen.canary]) if canaries and seen.canary is not None else seen.real


def _raise(scores: dict[str, float], others: Mapping[str, float]) -> None:
    for label, score in others.items():
        if score > scores.get(label, 0.0):
            scores[label] = score
