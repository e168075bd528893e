"""What is wrong with a policy although it can be read: rules that never decide, gaps, and milder rules for minors.

Each finding was searched for over everything that the policy can tell apart; where that search is too long, the finding
says so rather than keep silent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from seawall.policy.classes import CSEM
from seawall.policy.guard import conditions as c
from seawall.policy.guard._solve import NEVER, Unknown, find, with_age
from seawall.policy.guard._space import Space, leaves
from seawall.policy.guard.conditions import AnyOf, Condition
from seawall.policy.guard.difference import at_least
from seawall.policy.guard.facts import AgeSignal, CheckKind, State
from seawall.policy.guard.judgement import GuardAction
from seawall.policy.guard.model import GuardPolicy, Rule
from seawall.policy.separation import Partition

PARTS = ("prompt", "negative_prompt", "system", "history.0", "attachment.0", "file", "text", "row.0")
"""A name for each sort of part that checks have."""

_BLOCK = GuardAction.BLOCK.severity
_REVIEW = GuardAction.REVIEW.severity


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    Attributes:
        level: How bad it is.
        code: What it is, in one word.
        rule: The rule, class or condition.
        message: What it is, for people.
    """

    level: Level
    code: str
    rule: str | None
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"level": self.level.value, "code": self.code, "rule": self.rule, "message": self.message}


def lint(
    policy: GuardPolicy, *, labels: Collection[str] | None = None, strikes: Collection[str] | None = None
) -> list[Problem]:
    """Return what is wrong with a policy; the worst first.

    Args:
        policy: The policy.
        labels: Every class that configured detectors and packs can give, if known.
        strikes: Every class of strikes that the ladder knows, if known.
    """
    space = Space.of([policy], [facts for _, _, facts, _ in _duties()])
    found = [
        *_weaker_for_minors(space, policy),
        *_uncovered(space, policy),
        *_idle(space, policy),
        *_doubles(policy),
        *_names(policy, labels, strikes),
        *_notes(policy),
    ]
    return sorted(found, key=lambda problem: list(Level).index(problem.level))


def _weaker_for_minors(space: Space, policy: GuardPolicy) -> Iterator[Problem]:
    """Prove that whatever holds for others holds for minors, or say where not."""
    for rule in policy.rules:
        severity = rule.outcome.action.severity
        if not severity or not any(isinstance(leaf, c.AgeIs) for leaf in leaves(rule.when)):
            continue
        for_minors = with_age(at_least(policy, severity), AgeSignal.MINOR)
        for signal in (AgeSignal.UNKNOWN, AgeSignal.ADULT):
            try:
                when = with_age(rule.when, signal)
                point = find(space, when, ignored=policy.ignored, unless=for_minors, unless_ignored=policy.ignored)
            except Unknown:
                yield Problem(Level.ERROR, "minors_unsettled", rule.id, "could not be shown to be as strict for minors")
                break
            if point is not None:
                message = f"what it stops of users whose age is {signal} is not stopped of minors"
                yield Problem(Level.ERROR, "weaker_for_minors", rule.id, message)
                break


def _duties() -> Iterator[tuple[str, str, Condition, int]]:
    """Yield what every policy has to stop: code, words, facts, and the least severity."""
    both = frozenset({Partition.BOTH})
    yield "both_allowed", "the joint rule's side 'both' is not blocked", c.SideIs(both), _BLOCK
    known = AnyOf((c.Matched(frozenset({"csam"}), exact=True), c.Matched(frozenset({"exploitative"}), exact=True)))
    yield "known_allowed", "a match with a list of known abuse material is not blocked", known, _BLOCK
    intimate = c.Matched(frozenset({"ncii_adult"}), exact=True)
    yield "intimate_allowed", "a match with a list of intimate images is not stopped", intimate, _REVIEW
    for label in CSEM:
        yield "csem_not_covered", f"{label} with a score of 1 is not stopped", c.Scored(label, 1.0), _REVIEW


def _uncovered(space: Space, policy: GuardPolicy) -> Iterator[Problem]:
    for code, words, facts, severity in _duties():
        try:
            point = find(
                space, facts, ignored=policy.ignored, unless=at_least(policy, severity), unless_ignored=policy.ignored
            )
        except Unknown:
            yield Problem(Level.ERROR, code, None, f"it could not be shown otherwise than that {words}")
            continue
        if point is not None:
            where = space.facts_at(point)
            yield Problem(Level.ERROR, code, None, f"{words} ({where.kind}, age signal {where.age_signal})")


def _idle(space: Space, policy: GuardPolicy) -> Iterator[Problem]:
    for rule in policy.rules:
        severity = rule.outcome.action.severity
        try:
            if find(space, rule.when, ignored=policy.ignored) is None and not _about_canaries(rule):
                yield Problem(Level.WARNING, "never_fires", rule.id, "its conditions exclude each other")
                continue
            if not severity:
                message = "a rule that allows decides nothing: the most severe rule wins"
                yield Problem(Level.NOTE, "allows", rule.id, message)
                continue
            above = at_least(policy, severity + 1) if severity < _BLOCK else NEVER
            shadowed = above is not NEVER and (
                find(space, rule.when, ignored=policy.ignored, unless=above, unless_ignored=policy.ignored) is None
            )
        except Unknown:
            yield Problem(Level.NOTE, "unsettled", rule.id, "whether it ever decides could not be settled")
            continue
        if shadowed and not _about_canaries(rule):
            yield Problem(Level.WARNING, "shadowed", rule.id, "whenever it fires, more severe rules do")


def _about_canaries(rule: Rule) -> bool:
    return any(
        isinstance(leaf, c.Matched) and leaf.purposes and "canary" in leaf.purposes for leaf in leaves(rule.when)
    )


def _doubles(policy: GuardPolicy) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for rule in policy.rules:
        first = seen.setdefault(repr(rule.meaning), rule.id)
        if first != rule.id:
            yield Problem(Level.WARNING, "duplicate", rule.id, f"it has the same conditions as {first}")


def _names(policy: GuardPolicy, labels: Collection[str] | None, strikes: Collection[str] | None) -> Iterator[Problem]:
    used = {name for rule in policy.rules for name in rule.uses}
    for name in policy.conditions:
        if name not in used:
            yield Problem(Level.WARNING, "unused", name, "no rule uses this condition")
    for name in policy.classes:
        if f"class:{name}" not in used:
            yield Problem(Level.WARNING, "unused", name, "no rule uses this class")
    for rule in policy.rules:
        for leaf in leaves(rule.when):
            if isinstance(leaf, c.PartSideIs | c.PartScored) and not any(map(leaf.parts.fit, PARTS)):
                texts = ", ".join(leaf.parts.texts())
                if not _numbered(leaf.parts):
                    yield Problem(Level.WARNING, "unknown_part", rule.id, f"no check has a part {texts}")
            if labels is not None and isinstance(leaf, c.Scored | c.PartScored):
                names = c.Names.of([leaf.label])
                if not any(map(names.fit, labels)):
                    yield Problem(
                        Level.NOTE, "unknown_class", rule.id, f"nothing that is configured gives {leaf.label}"
                    )
        strike = rule.outcome.strike
        if strikes is not None and strike is not None and strike not in strikes:
            yield Problem(Level.WARNING, "unknown_strike", rule.id, f"the ladder has no strike class {strike!r}")


def _numbered(parts: c.Names) -> bool:
    """Whether a part is named with a number of its own, as `history.3`."""
    beginnings = tuple(part[:-1] for part in PARTS if part.endswith(".0"))
    return any(name.startswith(beginnings) for name in parts.whole)


def _notes(policy: GuardPolicy) -> Iterator[Problem]:
    for state in (State.ABSTAINED, State.UNCOVERED):
        kinds = [kind.value for kind in CheckKind if policy.states[kind][state] is GuardAction.ALLOW]
        if kinds:
            message = f"{state} is allowed for {', '.join(kinds)}: nobody looked, or nobody could tell"
            yield Problem(Level.NOTE, "gap_allowed", None, message)
    for rule in policy.rules:
        if not rule.description:
            yield Problem(Level.NOTE, "undescribed", rule.id, "it has no description: people and guards see its name")
