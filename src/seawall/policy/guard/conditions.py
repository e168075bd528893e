"""Conditions of guard policies: a closed set of typed nodes over facts. No code, no loops, no look outside.

Every node says which features of facts it needs to hold (`needs`), so that rules which cannot fire are not asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from seawall.policy.decide import Evidence
from seawall.policy.guard.facts import AgeSignal, CheckKind, Facts, Look, State
from seawall.policy.separation import Partition

MATCHES, SIDE, PARTS, SCORES, PART_SCORES, STANDING, PACE, STATES = (1 << place for place in range(8))
"""Features that facts may have. Facts of a harmless check have none of them."""

FEATURE_OFF = "feature_off:"


@dataclass(slots=True)
class View:
    """What conditions look at: facts, and the look and states that are being judged."""

    facts: Facts
    look: Look
    matches: tuple[Evidence, ...]
    states: frozenset[State]


class Condition(Protocol):
    """One node."""

    @property
    def needs(self) -> int:
        """Features without any of which it cannot hold; 0 if it can hold of harmless facts."""
        ...

    def holds(self, view: View) -> bool:
        """Say whether it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Names:
    """Names to compare with: each a whole one, or the beginning of one before a `*`."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Names:
        """Read names as policies write them."""
        texts = set(texts)
        return cls(
            frozenset(text for text in texts if not text.endswith("*")),
            tuple(sorted(text[:-1] for text in texts if text.endswith("*"))),
        )

    def fit(self, name: str) -> bool:
        """Say whether a name is among them."""
        return name in self.whole or (bool(self.beginnings) and name.startswith(self.beginnings))

    def fit_any(self, names: Collection[str]) -> bool:
        """Say whether any of these is among them."""
        return not self.whole.isdisjoint(names) or (bool(self.beginnings) and any(map(self.fit, names)))

    def texts(self) -> list[str]:
        """Return them as policies write them."""
        return sorted((*self.whole, *(f"{each}*" for each in self.beginnings)))


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one holds. Of none, it holds always."""

    items: tuple[Condition, ...]

    @property
    def needs(self) -> int:
        """What any of them needs."""
        needed = 0
        for item in self.items:
            needed |= item.needs
        return needed

    def holds(self, view: View) -> bool:
        """Say whether all hold."""
        return all(item.holds(view) for item in self.items)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds. Of none, it never holds."""

    items: tuple[Condition, ...]

    @property
    def needs(self) -> int:
        """What all of them need."""
        needed = -1
        for item in self.items:
            needed &= item.needs
        return max(needed, 0)

    def holds(self, view: View) -> bool:
        """Say whether one holds."""
        return any(item.holds(view) for item in self.items)


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    item: Condition
    needs: ClassVar[int] = 0

    def holds(self, view: View) -> bool:
        """Say whether it does not hold."""
        return not self.item.holds(view)


@dataclass(frozen=True, slots=True)
class KindIs:
    """What is checked is one of these."""

    kinds: frozenset[CheckKind]
    needs: ClassVar[int] = 0

    def holds(self, view: View) -> bool:
        """Say whether it is."""
        return view.facts.kind in self.kinds


@dataclass(frozen=True, slots=True)
class AgeIs:
    """What the host knows of the user's age is one of these."""

    signals: frozenset[AgeSignal]
    needs: ClassVar[int] = 0

    def holds(self, view: View) -> bool:
        """Say whether it is."""
        return view.facts.age_signal in self.signals


@dataclass(frozen=True, slots=True)
class Said:
    """What the request says of itself (`surface`, `jurisdiction`, `model`) is one of these names."""

    field: str
    names: Names
    needs: ClassVar[int] = 0

    def holds(self, view: View) -> bool:
        """Say whether it is; what the request does not say is none."""
        value: str | None = getattr(view.facts, self.field)
        return value is not None and self.names.fit(value)


@dataclass(frozen=True, slots=True)
class StandingIs:
    """One of these restrictions holds for the account."""

    names: Names
    needs: ClassVar[int] = STANDING

    def holds(self, view: View) -> bool:
        """Say whether one does."""
        return self.names.fit_any(view.facts.standing)


@dataclass(frozen=True, slots=True)
class FeatureOff:
    """What is asked for is switched off for the account: its surface or its kind; without a surface, any feature."""

    needs: ClassVar[int] = STANDING

    def holds(self, view: View) -> bool:
        """Say whether it is."""
        facts = view.facts
        if facts.surface is None:
            return any(word.startswith(FEATURE_OFF) for word in facts.standing)
        return f"{FEATURE_OFF}{facts.surface}" in facts.standing or f"{FEATURE_OFF}{facts.kind}" in facts.standing


@dataclass(frozen=True, slots=True)
class PaceIs:
    """The account has passed one of these limits."""

    names: Names
    needs: ClassVar[int] = PACE

    def holds(self, view: View) -> bool:
        """Say whether it has."""
        return self.names.fit_any(view.facts.pace)


@dataclass(frozen=True, slots=True)
class StateIs:
    """One of these keeps the answer from being whole."""

    states: frozenset[State]
    needs: ClassVar[int] = STATES

    def holds(self, view: View) -> bool:
        """Say whether one does."""
        return not self.states.isdisjoint(view.states)


@dataclass(frozen=True, slots=True)
class Matched:
    """A hash list knows a part of it: one match fits everything that is given here."""

    purposes: frozenset[str] | None = None
    lists: Names | None = None
    types: Names | None = None
    labels: Names | None = None
    max_distance: float | None = None
    exact: bool | None = None
    needs: ClassVar[int] = MATCHES

    def fits(self, match: Evidence) -> bool:
        """Say whether a match fits."""
        return (
            (self.purposes is None or match.purpose in self.purposes)
            and (self.lists is None or self.lists.fit(match.list))
            and (self.types is None or self.types.fit(match.type))
            and (self.labels is None or self.labels.fit_any(match.labels))
            and (self.max_distance is None or (match.distance or 0) <= self.max_distance)
            and (self.exact is None or match.exact is self.exact)
        )

    def holds(self, view: View) -> bool:
        """Say whether one does."""
        return any(self.fits(match) for match in view.matches)


@dataclass(frozen=True, slots=True)
class SideIs:
    """The joint rule puts the whole request on one of these sides."""

    sides: frozenset[Partition]

    @property
    def needs(self) -> int:
        """A side, unless `neither` will do."""
        return 0 if Partition.NEITHER in self.sides else SIDE

    def holds(self, view: View) -> bool:
        """Say whether it does."""
        return view.look.partition in self.sides


@dataclass(frozen=True, slots=True)
class PartSideIs:
    """A part of this name is by itself on one of these sides."""

    parts: Names
    sides: frozenset[Partition]

    @property
    def needs(self) -> int:
        """A part on a side, unless `neither` will do."""
        return 0 if Partition.NEITHER in self.sides else PARTS

    def holds(self, view: View) -> bool:
        """Say whether one is."""
        return any(side in self.sides and self.parts.fit(name) for name, side in view.look.parts.items())


@dataclass(frozen=True, slots=True)
class Scored:
    """A class of this name scored so much or more."""

    label: str
    at_least: float
    needs: ClassVar[int] = SCORES

    def holds(self, view: View) -> bool:
        """Say whether one did."""
        return _reached(view.look.scores, self.label, self.at_least)


@dataclass(frozen=True, slots=True)
class PartScored:
    """A class of this name scored so much or more in a part of this name."""

    parts: Names
    label: str
    at_least: float
    needs: ClassVar[int] = PART_SCORES

    def holds(self, view: View) -> bool:
        """Say whether one did."""
        return any(
            self.parts.fit(name) and _reached(scores, self.label, self.at_least)
            for name, scores in view.look.part_scores.items()
        )


def _reached(scores: Mapping[str, float], label: str, at_least: float) -> bool:
    if label.endswith("*"):
        beginning = label[:-1]
        return any(score >= at_least for name, score in scores.items() if name.startswith(beginning))
    return scores.get(label, -1.0) >= at_least
