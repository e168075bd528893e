"""A guard policy as values: rules, what failures mean, and the hash that names it all.

No policy can be made that allows what was not checked: a failure is review or block, whatever a file says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from seawall.policy.guard.conditions import Condition, Matched
from seawall.policy.guard.errors import GuardPolicyError
from seawall.policy.guard.facts import CheckKind, State
from seawall.policy.guard.judgement import GuardAction, Tier

FAILURES = frozenset({State.FAILED, State.TIMED_OUT, State.UNEXAMINED, State.DAMAGED})
"""States that mean: this was not checked. They are never allowed, nor let through with a warning."""

ANY_STATE = "state:"
CANARY_CATEGORY = "canary"
UNCHECKED = "unchecked"
"""Category of what was stopped because it could not be checked."""


class NegativePrompt(StrEnum):
    """How a negative prompt takes part."""

    JOINED = "joined"
    """With everything else: what it names is in the request."""
    ALONE = "alone"
    """By itself: what it names beside the prompt is not held against it. Weaker."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows when a rule fires.

    Attributes:
        action: What is done.
        category: Why, in one word.
        evidence: Whether the content is to be kept, in the vault.
        strike: Class of the strike.
        tier: How the prevention message speaks.
    """

    action: GuardAction
    category: str | None = None
    evidence: bool = False
    strike: str | None = None
    tier: Tier | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as the file writes it; what is not given is left out."""
        data: dict[str, Any] = {"action": self.action.value}
        if self.category is not None:
            data["category"] = self.category
        if self.evidence:
            data["evidence"] = True
        if self.strike is not None:
            data["strike"] = self.strike
        if self.tier is not None:
            data["tier"] = self.tier.value
        return data


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: Its name, cited by decisions.
        when: When it fires; names of conditions and classes are resolved.
        outcome: What follows.
        meaning: `when` as canonical data, for the hash and for comparing.
        description: What it is for, in the policy's own words; shown to people, not part of the meaning.
        uses: Names of conditions and classes that it rests on.
    """

    id: str
    when: Condition
    outcome: Outcome
    meaning: Mapping[str, Any]
    description: str = ""
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreClass:
    """A class that the operator defines: it holds if any of its labels scored enough.

    Attributes:
        name: Its name.
        scores: Threshold by label.
        description: What it means, in the policy's own words; goes into prompts of policy-conditioned guards.
    """

    name: str
    scores: Mapping[str, float]
    description: str = ""


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """A versioned policy of the guard. `seawall.policy.guard.parse_guard_policy` makes them.

    Attributes:
        name: Its name.
        version: Its version, as its author counts.
        rules: In the order of the file. All are asked, and the most severe wins.
        states: Action by kind of check and state.
        softened: Action on perceptual matches of what an operator's own negative bank knows too.
        ignored: Matches that say nothing: marked as wrong by an exchange, or of a negative bank.
        negative_prompt: How a negative prompt takes part.
        strikes_for: Kinds of check whose rules give strikes.
        classes: Classes that the operator defines, by name.
        conditions: Names of conditions that rules share.
        text: The policy as written.
        source: What errors call it.
    """

    name: str
    version: int
    rules: tuple[Rule, ...]
    states: Mapping[CheckKind, Mapping[State, GuardAction]]
    softened: GuardAction
    ignored: tuple[Matched, ...] = ()
    ignored_meaning: tuple[Mapping[str, Any], ...] = ()
    negative_prompt: NegativePrompt = NegativePrompt.JOINED
    strikes_for: frozenset[CheckKind] = frozenset(CheckKind)
    classes: Mapping[str, ScoreClass] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    description: str = ""
    text: str = field(default="", repr=False, compare=False)
    source: str = field(default="policy", repr=False, compare=False)
    hash: str = field(init=False)
    _plans: dict[int, tuple[tuple[GuardAction, tuple[Rule, ...]], ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for kind in CheckKind:
            for state in State:
                action = self.states[kind][state]
                allowed = _FOR_FAILURES if state in FAILURES else _FOR_GAPS
                if action not in allowed:
                    words = " or ".join(allowed)
                    raise GuardPolicyError(
                        f"{self.source}: states: {state} of {kind} is {words}", hint="there is no fail-open setting"
                    )
        canonical = json.dumps(self.meaning(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        object.__setattr__(self, "hash", hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest())

    @property
    def label(self) -> str:
        """The policy as people call it: `NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    def meaning(self) -> dict[str, Any]:
        """Return what the hash is of: everything that a judgement depends on, in one spelling."""
        return {
            "guard": self.name,
            "version": self.version,
            "negative_prompt": self.negative_prompt.value,
            "strikes_for": sorted(self.strikes_for),
            "benign_bank_softens": self.softened.value,
            "ignore_matches": [dict(each) for each in self.ignored_meaning],
            "states": {
                kind.value: {state.value: self.states[kind][state].value for state in State} for kind in CheckKind
            },
            "rules": [
                {"id": rule.id, "when": dict(rule.meaning), "then": rule.outcome.to_dict()} for rule in self.rules
            ],
        }

    def plan(self, features: int) -> tuple[tuple[GuardAction, tuple[Rule, ...]], ...]:
        """Return the rules that may fire of facts with these features, the most severe action first."""
        plan = self._plans.get(features)
        if plan is None:
            fitting = [rule for rule in self.rules if not rule.when.needs & ~features]
            plan = tuple(
                (action, rules)
                for action in _FALLING
                if (rules := tuple(rule for rule in fitting if rule.outcome.action is action))
            )
            self._plans[features] = plan
        return plan


_FOR_FAILURES = (GuardAction.REVIEW, GuardAction.BLOCK)
_FOR_GAPS = (GuardAction.ALLOW, *_FOR_FAILURES)
_FALLING = (GuardAction.BLOCK, GuardAction.REVIEW, GuardAction.WARN, GuardAction.ALLOW)
