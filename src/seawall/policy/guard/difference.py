"""What changes between two policies: rules, and the facts that are judged otherwise, each shown by an example.

Whether a policy is weaker is searched for over everything that both can tell apart. What could not be settled counts
as weaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from seawall.policy.guard._solve import Unknown, find
from seawall.policy.guard._space import Space
from seawall.policy.guard.conditions import AllOf, AnyOf, Condition, KindIs, StateIs
from seawall.policy.guard.facts import CheckKind, Facts, State
from seawall.policy.guard.judge import judge
from seawall.policy.guard.judgement import GuardAction
from seawall.policy.guard.model import GuardPolicy, NegativePrompt

_MOST_RECORDED = 20


class ChangeKind(StrEnum):
    """What sort of change it is."""

    RULE_ADDED = "rule_added"
    RULE_REMOVED = "rule_removed"
    RULE_CHANGED = "rule_changed"
    SETTING = "setting"
    WEAKER = "weaker"
    """Facts get a milder action."""
    STRICTER = "stricter"
    UNSETTLED = "unsettled"
    """Whether facts get a milder action could not be settled."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        kind: What sort of change it is.
        rule: The rule that it is about.
        detail: What is different.
        facts: Facts that show it.
        before: Their action by the old policy.
        after: Their action by the new one.
    """

    kind: ChangeKind
    rule: str | None = None
    detail: str = ""
    facts: Facts | None = None
    before: GuardAction | None = None
    after: GuardAction | None = None
    weaker: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        data: dict[str, Any] = {
            "kind": self.kind.value,
            "rule": self.rule,
            "detail": self.detail,
            "weaker": self.weaker,
        }
        if self.facts is not None:
            data["facts"] = self.facts.as_dict()
        for name in ("before", "after"):
            action: GuardAction | None = getattr(self, name)
            if action is not None:
                data[name] = action.value
        return data


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that changes.

    Attributes:
        old: The old policy, as people call it.
        new: The new one.
        changes: What changes; those of rules first.
    """

    old: str
    new: str
    changes: tuple[Change, ...]

    @property
    def weaker(self) -> bool:
        """Whether anything is judged more mildly, or may be."""
        return any(change.weaker for change in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        changes = [change.to_dict() for change in self.changes]
        return {"old": self.old, "new": self.new, "weaker": self.weaker, "changes": changes}


def diff(old: GuardPolicy, new: GuardPolicy, recorded: Iterable[Facts] = ()) -> Difference:
    """Return what changes from one policy to another.

    Args:
        old: The old policy.
        new: The new one.
        recorded: Facts of recorded decisions, which are judged by both.
    """
    changes = [*_rules(old, new), *_settings(old, new)]
    if old.hash != new.hash:
        space = Space.of((old, new))
        changes += _milder(space, old, new, ChangeKind.WEAKER)
        changes += _milder(space, new, old, ChangeKind.STRICTER)
        changes += _recorded(old, new, recorded)
    return Difference(old.label, new.label, tuple(changes))


def at_least(policy: GuardPolicy, severity: int) -> Condition:
    """Return when a policy gives an action of this severity or more."""
    rules = tuple(rule.when for rule in policy.rules if rule.outcome.action.severity >= severity)
    return AnyOf((*rules, *(when for _, when in _stops(policy, severity))))


def _stops(policy: GuardPolicy, severity: int) -> Iterator[tuple[State, Condition]]:
    for state in State:
        kinds = frozenset(kind for kind in CheckKind if policy.states[kind][state].severity >= severity)
        if kinds:
            yield state, AllOf((KindIs(kinds), StateIs(frozenset({state}))))


def _rules(old: GuardPolicy, new: GuardPolicy) -> Iterator[Change]:
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    for rule_id in before.keys() - after.keys():
        yield Change(ChangeKind.RULE_REMOVED, rule_id)
    for rule_id, rule in after.items():
        if rule_id not in before:
            yield Change(ChangeKind.RULE_ADDED, rule_id)
            continue
        different = ["when"] if rule.meaning != before[rule_id].meaning else []
        one, other = before[rule_id].outcome.to_dict(), rule.outcome.to_dict()
        different += sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
        if different:
            yield Change(ChangeKind.RULE_CHANGED, rule_id, ", ".join(different))


def _settings(old: GuardPolicy, new: GuardPolicy) -> Iterator[Change]:
    if old.negative_prompt is not new.negative_prompt:
        alone = new.negative_prompt is NegativePrompt.ALONE
        yield Change(ChangeKind.SETTING, None, f"negative_prompt: {new.negative_prompt}", weaker=alone)
    if old.strikes_for != new.strikes_for:
        yield Change(ChangeKind.SETTING, None, f"strikes_for: {', '.join(sorted(new.strikes_for))}")
    if old.softened is not new.softened:
        milder = new.softened.severity < old.softened.severity
        detail = f"benign_bank_softens: {new.softened}"
        yield Change(ChangeKind.SETTING, None, detail, before=old.softened, after=new.softened, weaker=milder)
    fresh = [each for each in new.ignored if each not in old.ignored]
    if fresh or len(old.ignored) != len(new.ignored):
        yield Change(ChangeKind.SETTING, None, "ignore_matches", weaker=bool(fresh))


def _milder(space: Space, one: GuardPolicy, other: GuardPolicy, kind: ChangeKind) -> Iterator[Change]:
    """Yield an example for each rule of `one` that says more than `other` says of the same facts."""
    asked = [(rule.id, rule.outcome.action, rule.when) for rule in one.rules]
    for action in (GuardAction.BLOCK, GuardAction.REVIEW):
        asked += [(f"state:{state}", action, when) for state, when in _stops(one, action.severity)]
    shown: set[tuple[str, GuardAction]] = set()
    for name, action, when in asked:
        if action is GuardAction.ALLOW:
            continue
        try:
            point = find(
                space, when, ignored=one.ignored, unless=at_least(other, action.severity), unless_ignored=other.ignored
            )
        except Unknown:
            yield Change(ChangeKind.UNSETTLED, name, weaker=kind is ChangeKind.WEAKER)
            continue
        if point is None:
            continue
        facts = space.facts_at(point)
        said = [judge(policy, facts).action for policy in (one, other)]
        before, after = said if kind is ChangeKind.WEAKER else reversed(said)
        if said[0].severity <= said[1].severity:
            yield Change(ChangeKind.UNSETTLED, name, facts=facts, weaker=kind is ChangeKind.WEAKER)
        elif (name, after) not in shown:
            shown.add((name, after))
            yield Change(kind, name, "", facts, before, after, weaker=kind is ChangeKind.WEAKER)


def _recorded(old: GuardPolicy, new: GuardPolicy, recorded: Iterable[Facts]) -> Iterator[Change]:
    found = 0
    for facts in recorded:
        before, after = judge(old, facts).action, judge(new, facts).action
        if before is after:
            continue
        milder = after.severity < before.severity
        kind = ChangeKind.WEAKER if milder else ChangeKind.STRICTER
        yield Change(kind, None, "recorded", facts, before, after, weaker=milder)
        found += 1
        if found >= _MOST_RECORDED:
            return
