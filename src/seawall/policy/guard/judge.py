"""The judgement: a pure function of a policy and facts. Total: it answers for all facts, and never with an exception.

What could not be checked always counts: its action joins those of the rules, and the most severe wins. Canaries are
judged apart, and never stand for or hide a real finding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seawall.policy.decide import BENIGN, CANARY, Evidence
from seawall.policy.guard.conditions import MATCHES, PACE, PART_SCORES, PARTS, SCORES, SIDE, STANDING, STATES, View
from seawall.policy.guard.facts import CheckKind, Facts, Look, State
from seawall.policy.guard.judgement import GuardAction, Judgement, Tier
from seawall.policy.guard.model import ANY_STATE, CANARY_CATEGORY, UNCHECKED, GuardPolicy, Rule
from seawall.policy.separation import Partition

SOFTENED = "default:benign_bank_softens"
DRILL = "drill:"
"""Stands before the rules of canaries that came with a real finding."""

_SEVERITY = {action: action.severity for action in GuardAction}
_TIERS = {tier: place for place, tier in enumerate(Tier)}
_REFUSED = _SEVERITY[GuardAction.REVIEW]
_NEITHER = Partition.NEITHER


@dataclass(slots=True)
class _Verdict:
    """What one look comes to, before canaries and real findings are told apart."""

    action: GuardAction
    rules: tuple[Rule, ...] = ()
    states: tuple[State, ...] = ()
    softened: bool = False


def judge(policy: GuardPolicy, facts: Facts) -> Judgement:
    """Judge facts by a policy. The same facts and policy always give the same judgement."""
    look, rehearsed = facts.real, facts.rehearsed
    if look.matches and any(match.purpose == CANARY for match in look.matches):
        rehearsed = rehearsed or look
        look = _without_canaries(look)
    real = _verdict(policy, facts, look)
    if rehearsed is None:
        return _judgement(policy, facts.kind, real)
    drill = _verdict(policy, facts, rehearsed)
    if _SEVERITY[drill.action] <= _SEVERITY[real.action]:
        return _judgement(policy, facts.kind, real)
    if real.rules and real.action is not GuardAction.ALLOW:
        return _judgement(policy, facts.kind, real, also=drill)
    return Judgement(
        action=drill.action,
        category=CANARY_CATEGORY,
        rules=_ids(drill),
        policy=policy.hash,
        drill=True,
        evidence=any(rule.outcome.evidence for rule in drill.rules),
        strike=None,
        tier=_tier(drill.rules),
    )


def _verdict(policy: GuardPolicy, facts: Facts, look: Look) -> _Verdict:
    matches = look.matches
    softened = False
    if matches:
        softened = any(match.purpose == BENIGN for match in matches)
        matches = tuple(match for match in matches if not any(each.fits(match) for each in policy.ignored))
    view = View(facts, look, matches, _states(facts.states, look))
    if not softened:
        return _most_severe(policy, view)
    # What a perceptual match alone brings about is capped; everything else counts as it does without that match.
    view.matches = tuple(match for match in matches if match.exact or match.purpose == CANARY)
    firm = _most_severe(policy, view)
    view.matches = matches
    loose = _most_severe(policy, view)
    capped = min(loose.action, policy.softened, key=_SEVERITY.__getitem__)
    if _SEVERITY[capped] <= _SEVERITY[firm.action]:
        return firm
    return _Verdict(capped, tuple(rule for rule in loose.rules if rule not in firm.rules), softened=True)


def _most_severe(policy: GuardPolicy, view: View) -> _Verdict:
    stopped = GuardAction.ALLOW
    if view.states:
        actions = policy.states[view.facts.kind]
        stopped = max((actions[state] for state in view.states), key=_SEVERITY.__getitem__)
    least = _SEVERITY[stopped]
    for action, rules in policy.plan(_features(view)):
        if _SEVERITY[action] < least:
            break
        fired = tuple(rule for rule in rules if rule.when.holds(view))
        if fired:
            return _Verdict(action, fired, _because(policy, view, action))
    return _Verdict(stopped, (), _because(policy, view, stopped))


def _because(policy: GuardPolicy, view: View, action: GuardAction) -> tuple[State, ...]:
    if not view.states or action is GuardAction.ALLOW:
        return ()
    actions = policy.states[view.facts.kind]
    return tuple(state for state in State if state in view.states and actions[state] is action)


def _features(view: View) -> int:
    facts, look = view.facts, view.look
    found = 0
    if view.matches:
        found |= MATCHES
    if look.partition is not _NEITHER:
        found |= SIDE
    for side in look.parts.values():
        if side is not _NEITHER:
            found |= PARTS
            break
    if look.scores:
        found |= SCORES
    if look.part_scores:
        found |= PART_SCORES
    if facts.standing:
        found |= STANDING
    if facts.pace:
        found |= PACE
    if view.states:
        found |= STATES
    return found


def _states(states: frozenset[State], look: Look) -> frozenset[State]:
    """Return the states, with those that the look itself shows: a side that nobody could tell, a score that is none."""
    if look.partition is Partition.UNKNOWN:
        states = states | {State.ABSTAINED}
    scores: Sequence[float] = ()
    if look.scores:
        scores = tuple(look.scores.values())
    if look.part_scores:
        scores = (*scores, *(score for part in look.part_scores.values() for score in part.values()))
    if scores and not all(map(math.isfinite, scores)):
        states = states | {State.FAILED}
    return states


def _without_canaries(look: Look) -> Look:
    matches: tuple[Evidence, ...] = tuple(match for match in look.matches if match.purpose != CANARY)
    return Look(matches, look.partition, look.parts, look.scores, look.part_scores)


def _judgement(policy: GuardPolicy, kind: CheckKind, verdict: _Verdict, also: _Verdict | None = None) -> Judgement:
    rules = verdict.rules
    if not rules and not verdict.states:
        return Judgement(verdict.action, None, (), policy.hash)
    stopped = _SEVERITY[verdict.action] > 0
    category = next((rule.outcome.category for rule in rules if rule.outcome.category), None)
    if category is None and verdict.states:
        category = UNCHECKED
    extra = tuple(f"{DRILL}{each}" for each in _ids(also)) if also else ()
    return Judgement(
        action=also.action if also else verdict.action,
        category=category if stopped else None,
        rules=_ids(verdict) + extra,
        policy=policy.hash,
        evidence=any(rule.outcome.evidence for rule in rules),
        strike=_strike(policy, kind, verdict),
        tier=None if verdict.softened else _tier(rules),
    )


def _ids(verdict: _Verdict) -> tuple[str, ...]:
    rules = tuple(rule.id for rule in verdict.rules)
    softened = (SOFTENED,) if verdict.softened else ()
    return (*rules, *softened, *(f"{ANY_STATE}{state}" for state in verdict.states))


def _strike(policy: GuardPolicy, kind: CheckKind, verdict: _Verdict) -> str | None:
    if verdict.softened or kind not in policy.strikes_for:
        return None
    return next((rule.outcome.strike for rule in verdict.rules if rule.outcome.strike), None)


def _tier(rules: Sequence[Rule]) -> Tier | None:
    tiers = [rule.outcome.tier for rule in rules if rule.outcome.tier is not None]
    return max(tiers, key=_TIERS.__getitem__, default=None)
