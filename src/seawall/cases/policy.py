"""The review policy: queues and their clocks, what a priority is made of, and how many people a decision takes. Data.

A policy that cannot mean what it says is refused with the place; decisions carry the digest of theirs.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from seawall.cases.model import Door, EffectKind, Label, Outcome, Severity


class Order(StrEnum):
    """In which order a queue is worked through."""

    PRIORITY = "priority"
    DUE = "due"
    OLDEST = "oldest"


class Method(StrEnum):
    """How many people a decision takes, and what they know of each other."""

    SINGLE = "single"
    DOUBLE_BLIND = "double_blind"
    """Two, of whom the second does not see what the first said before having submitted."""
    SECOND_CONFIRMS = "second_confirms"
    """Two, of whom the second sees what the first said."""
    CONSENSUS = "consensus"
    """A number of people who agree, none seeing what the others said."""

    @property
    def blind(self) -> bool:
        """Whether what was said before is hidden from whoever comes next."""
        return self in (Method.DOUBLE_BLIND, Method.CONSENSUS)


@dataclass(frozen=True, slots=True)
class Takes:
    """Which openings a queue takes. Every condition that is given must hold.

    Attributes:
        everything: Whatever comes.
        nothing: Only what is sent here.
        drill, imminent: Whether it must be one, or must not; None for either.
        doors, severities, categories, event_classes: One of these; empty for any. Categories may hold `*`.
    """

    everything: bool = False
    nothing: bool = False
    drill: bool | None = None
    imminent: bool | None = None
    doors: frozenset[Door] = frozenset()
    severities: frozenset[Severity] = frozenset()
    categories: tuple[str, ...] = ()
    event_classes: frozenset[str] = frozenset()

    def fits(self, about: Traits) -> bool:
        """Whether an opening is one of these."""
        if self.nothing or self.everything:
            return self.everything
        return (
            (self.drill is None or self.drill is about.drill)
            and (self.imminent is None or self.imminent is about.imminent)
            and (not self.doors or about.door in self.doors)
            and (not self.severities or about.severity in self.severities)
            and (not self.categories or one_of(about.category, self.categories))
            and (not self.event_classes or about.event_class in self.event_classes)
        )


@dataclass(frozen=True, slots=True)
class Traits:
    """What a queue goes by."""

    door: Door
    severity: Severity
    category: str
    event_class: str | None
    drill: bool
    imminent: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue.

    Attributes:
        name: Its name.
        takes: What comes here.
        sla_minutes: By when a case is to be decided, from its opening on.
        ground: Why by then, in words.
        order: In which order it is worked through.
    """

    name: str
    takes: Takes
    sla_minutes: int
    ground: str
    order: Order


@dataclass(frozen=True, slots=True)
class Weights:
    """What a priority is made of.

    Attributes:
        severity: Points by severity.
        imminent: Factor if somebody may be in danger now.
        ongoing: Factor if `ongoing_findings` came within `ongoing_hours`.
        reach: What is added to a factor of one for each power of ten of people, up to `reach_most`.
        relief: Points for every hour of waiting.
    """

    severity: Mapping[Severity, float]
    imminent: float
    ongoing: float
    ongoing_findings: int
    ongoing_hours: float
    reach: float
    reach_most: float
    relief: float

    @property
    def most(self) -> float:
        """The most points that a case can begin with."""
        return max(self.severity.values()) * self.imminent * self.ongoing * self.reach_most

    @property
    def longest_hours(self) -> float:
        """For how long, at most, later cases can overtake an earlier one."""
        return self.most / self.relief


@dataclass(frozen=True, slots=True)
class Needed:
    """How a decision is verified: the method, and how many people must agree."""

    method: Method
    people: int


@dataclass(frozen=True, slots=True)
class VerificationRule:
    """When a decision takes what. Every condition that is given must hold; `labels`: one of them was given."""

    needed: Needed
    severities: frozenset[Severity] = frozenset()
    labels: frozenset[Label] = frozenset()
    outcomes: frozenset[Outcome] = frozenset()

    def fits(self, severity: Severity, labels: frozenset[Label], outcome: Outcome) -> bool:
        """Whether this rule is the one for a submission."""
        return (
            (not self.severities or severity in self.severities)
            and (not self.labels or bool(labels & self.labels))
            and (not self.outcomes or outcome in self.outcomes)
        )


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank of the operator's own: its name, and the purpose with which it is created."""

    name: str
    purpose: str


@dataclass(frozen=True, slots=True)
class GuardSeverity:
    """How grave a decision of the guard may be."""

    severity: Severity
    categories: tuple[str, ...] = ()
    event_classes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """A review policy; see `review.yaml`.

    Attributes:
        name, version: What it calls itself.
        digest: SHA-256 of what it says, in hex.
        data: What it says, as canonical JSON.
        lease_seconds: How long a lease lasts without a sign of life.
        skip_minutes: After what time a skipped task may come back though nobody else had it.
        weights: What a priority is made of.
        queues: In the order in which they take.
        escalation: The queue of what a lead decides.
        rules, otherwise: How decisions are verified.
        others: How many more people are asked when those needed do not agree.
        must_report: Labels with which a case is reportable, or a duplicate.
        strikes: Strike class by label.
        banks: Bank by label.
        carries: Whether a case of nothing but items judged before is decided by that.
        carried_effects: What follows then.
        guard: How grave decisions of the guard are.
    """

    name: str
    version: int
    digest: str
    data: str = field(repr=False)
    lease_seconds: int
    skip_minutes: int
    weights: Weights
    queues: tuple[Queue, ...]
    escalation: str
    rules: tuple[VerificationRule, ...]
    otherwise: Needed
    others: int
    must_report: frozenset[Label]
    strikes: Mapping[Label, str]
    banks: Mapping[Label, Bank]
    carries: bool
    carried_effects: frozenset[EffectKind]
    guard: tuple[GuardSeverity, ...]

    def queue_for(self, about: Traits) -> Queue:
        """Return the queue that takes an opening."""
        return next((each for each in self.queues if each.takes.fits(about)), self.queues[-1])

    def queue(self, name: str) -> Queue:
        """Return a queue by its name; one that an earlier policy named stands as the last one does."""
        return next((each for each in self.queues if each.name == name), self.queues[-1])

    def needed(self, severity: Severity, labels: frozenset[Label], outcome: Outcome) -> Needed:
        """Return how a submission is to be verified."""
        found = next((each.needed for each in self.rules if each.fits(severity, labels, outcome)), self.otherwise)
        if severity is Severity.CRITICAL and outcome is Outcome.NO_VIOLATION and found.people < 2:
            # The database refuses anything else, whatever a policy says.
            return Needed(Method.SECOND_CONFIRMS, 2)
        return found

    def guard_severity(self, category: str, event_class: str | None) -> Severity:
        """Return how grave a decision of the guard may be."""
        for each in self.guard:
            if each.categories and not one_of(category, each.categories):
                continue
            if each.event_classes and event_class not in each.event_classes:
                continue
            return each.severity
        return Severity.MEDIUM


def one_of(word: str, patterns: tuple[str, ...]) -> bool:
    """Whether a category is one of these; a pattern may hold `*`."""
    return any(fnmatch.fnmatchcase(word, each) for each in patterns)
