"""The facts that conditions can tell apart, as a finite space: one dimension for each thing that is asked.

A point of it becomes real facts (`facts_at`), so that whatever is said about policies can be shown by an example.
Every match, label and part is the least one that a condition asks for. Dimensions are independent here: a point may
describe facts that never come about, which makes proofs stricter and never laxer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.policy.decide import BENIGN, CANARY, Evidence
from seawall.policy.guard import conditions as c
from seawall.policy.guard.conditions import Condition
from seawall.policy.guard.facts import AgeSignal, CheckKind, Facts, Look, State
from seawall.policy.guard.model import GuardPolicy
from seawall.policy.separation import Partition

Dimension = tuple[Hashable, ...]
Point = Mapping[Dimension, Any]
Options = tuple[tuple[Dimension, frozenset[Any]], ...]
"""Dimensions and values: a leaf holds if any of these dimensions has one of its values."""

OTHER = "other"
_KIND: Dimension = ("kind",)
_AGE: Dimension = ("age",)
_SIDE: Dimension = ("side",)
_OFF: Dimension = ("feature_off",)
_SAID = ("surface", "jurisdiction", "model")


@dataclass(slots=True)
class Space:
    """Dimensions of some policies.

    Attributes:
        values: Values of each dimension; the first is the one of harmless facts.
    """

    values: dict[Dimension, tuple[Any, ...]] = field(default_factory=dict)
    _matches: list[Evidence] = field(default_factory=list)
    _labels: tuple[str, ...] = ()
    _parts: tuple[str, ...] = ()
    _part_labels: tuple[str, ...] = ()

    @classmethod
    def of(cls, policies: Iterable[GuardPolicy], extra: Iterable[Condition] = ()) -> Space:
        """Return the space that these policies, and these conditions, can tell apart."""
        found = list(policies)
        asked = [leaf for policy in found for rule in policy.rules for leaf in leaves(rule.when)]
        asked += [leaf for condition in extra for leaf in leaves(condition)]
        space = cls()
        space.values = {
            _KIND: tuple(CheckKind),
            _AGE: tuple(AgeSignal),
            _SIDE: tuple(sorted(Partition, key=lambda side: side.severity)),
            **{("state", state): (False, True) for state in State},
        }
        space._said(asked)
        space._scored(asked)
        space._sides_of_parts(asked)
        space._matched(asked, [each for policy in found for each in policy.ignored])
        return space

    def options(self, leaf: Condition, ignored: Iterable[c.Matched] = ()) -> Options:
        """Return when a leaf holds."""
        yes = frozenset({True})
        if isinstance(leaf, c.KindIs):
            return ((_KIND, frozenset(leaf.kinds)),)
        if isinstance(leaf, c.AgeIs):
            return ((_AGE, frozenset(leaf.signals)),)
        if isinstance(leaf, c.SideIs):
            return ((_SIDE, frozenset(leaf.sides)),)
        if isinstance(leaf, c.StateIs):
            found = [(("state", state), yes) for state in leaf.states]
            # The joint rule could not tell: a judgement takes that for an abstention.
            unknown = ((_SIDE, frozenset({Partition.UNKNOWN})),) if State.ABSTAINED in leaf.states else ()
            return (*found, *unknown)
        if isinstance(leaf, c.FeatureOff):
            return ((_OFF, yes),)
        if isinstance(leaf, c.Said):
            dimension: Dimension = (leaf.field,)
            fitting = (value for value in self.values[dimension] if value is not None and leaf.names.fit(value))
            return ((dimension, frozenset(fitting)),)
        if isinstance(leaf, c.StandingIs | c.PaceIs):
            kind = "standing" if isinstance(leaf, c.StandingIs) else "pace"
            words = [(d, yes) for d in self.values if d[0] == kind and leaf.names.fit(str(d[1]))]
            off = kind == "standing" and any(c.FEATURE_OFF.startswith(b) for b in leaf.names.beginnings)
            return (*words, (_OFF, yes)) if off and _OFF in self.values else tuple(words)
        if isinstance(leaf, c.Scored):
            return self._reached("score", (), leaf.label, leaf.at_least)
        if isinstance(leaf, c.PartScored):
            parts = [part for part in self._parts if leaf.parts.fit(part)]
            return tuple(o for part in parts for o in self._reached("part_score", (part,), leaf.label, leaf.at_least))
        if isinstance(leaf, c.PartSideIs):
            return tuple((("part", part), leaf.sides) for part in self._parts if leaf.parts.fit(part))
        if isinstance(leaf, c.Matched):
            left_out = list(ignored)
            return tuple(
                (("match", place), yes)
                for place, match in enumerate(self._matches)
                if leaf.fits(match) and not any(each.fits(match) for each in left_out)
            )
        return ()

    def facts_at(self, point: Point) -> Facts:
        """Return facts of a point; what it leaves open is harmless."""
        at = {dimension: point.get(dimension, values[0]) for dimension, values in self.values.items()}
        kind: CheckKind = at[_KIND]
        standing = {str(d[1]) for d, value in at.items() if d[0] == "standing" and value}
        surface = at.get(("surface",))
        if at.get(_OFF):
            standing.add(f"{c.FEATURE_OFF}{surface or kind.value}")
        parts = {str(d[1]): value for d, value in at.items() if d[0] == "part" and value is not None}
        part_scores: dict[str, dict[str, float]] = {}
        for d, value in at.items():
            if d[0] == "part_score" and value:
                part_scores.setdefault(str(d[1]), {})[str(d[2])] = value
        return Facts(
            kind=kind,
            surface=surface,
            jurisdiction=at.get(("jurisdiction",)),
            age_signal=at[_AGE],
            model=at.get(("model",)),
            standing=frozenset(standing),
            pace=frozenset(str(d[1]) for d, value in at.items() if d[0] == "pace" and value),
            states=frozenset(state for state in State if at[("state", state)]),
            real=Look(
                matches=tuple(match for place, match in enumerate(self._matches) if at[("match", place)]),
                partition=at[_SIDE],
                parts=parts,
                scores={str(d[1]): value for d, value in at.items() if d[0] == "score" and value},
                part_scores=part_scores,
            ),
        )

    def _reached(self, kind: str, before: Dimension, label: str, at_least: float) -> Options:
        names = c.Names.of([label])
        known = self._labels if kind == "score" else self._part_labels
        return tuple(
            (d, frozenset(value for value in self.values[d] if value >= at_least))
            for name in known
            if names.fit(name) and (d := (kind, *before, name)) in self.values
        )

    def _said(self, asked: list[Condition]) -> None:
        for name in _SAID:
            spoken = [leaf.names for leaf in asked if isinstance(leaf, c.Said) and leaf.field == name]
            if spoken:
                self.values[(name,)] = (None, OTHER, *samples(spoken))
        for kind, leaf_type in (("standing", c.StandingIs), ("pace", c.PaceIs)):
            named = [leaf.names for leaf in asked if isinstance(leaf, leaf_type)]
            for word in samples(named):
                self.values[(kind, word)] = (False, True)
        if any(isinstance(leaf, c.FeatureOff) for leaf in asked):
            self.values[_OFF] = (False, True)

    def _scored(self, asked: list[Condition]) -> None:
        scored = [leaf for leaf in asked if isinstance(leaf, c.Scored)]
        by_part = [leaf for leaf in asked if isinstance(leaf, c.PartScored)]
        named = [leaf.parts for leaf in asked if isinstance(leaf, c.PartScored | c.PartSideIs)]
        self._labels = samples([c.Names.of([leaf.label]) for leaf in scored])
        self._part_labels = samples([c.Names.of([leaf.label]) for leaf in by_part])
        self._parts = samples(named)
        levels = (0.0, *sorted({leaf.at_least for leaf in scored}))
        for label in self._labels:
            self.values[("score", label)] = levels
        levels = (0.0, *sorted({leaf.at_least for leaf in by_part}))
        for part in self._parts:
            for label in self._part_labels:
                self.values[("part_score", part, label)] = levels

    def _sides_of_parts(self, asked: list[Condition]) -> None:
        sides = {side for leaf in asked if isinstance(leaf, c.PartSideIs) for side in leaf.sides}
        for part in self._parts if sides else ():
            self.values[("part", part)] = (None, *sorted(sides, key=lambda side: side.severity))

    def _matched(self, asked: list[Condition], ignored: list[c.Matched]) -> None:
        wanted = list(dict.fromkeys(leaf for leaf in asked if isinstance(leaf, c.Matched)))
        found = [match for leaf in wanted for match in _least(leaf)]
        # What a policy leaves out by its label or list is told apart from what it does not.
        for leaf in wanted:
            for each in ignored:
                found += [match for match in _least(_both(leaf, each)) if leaf.fits(match)]
        self._matches = [match for match in dict.fromkeys(found) if match.purpose not in (BENIGN, CANARY)]
        for place in range(len(self._matches)):
            self.values[("match", place)] = (False, True)


def leaves(condition: Condition) -> Iterator[Condition]:
    """Yield the leaves of a condition."""
    if isinstance(condition, c.AllOf | c.AnyOf):
        for item in condition.items:
            yield from leaves(item)
    elif isinstance(condition, c.Not):
        yield from leaves(condition.item)
    else:
        yield condition


def samples(named: Iterable[c.Names]) -> tuple[str, ...]:
    """Return a name for each one that is written, whole or as a beginning."""
    found: dict[str, None] = {}
    for names in named:
        found.update(dict.fromkeys(sorted(names.whole)))
        found.update(dict.fromkeys(f"{beginning}{OTHER}" for beginning in names.beginnings))
    return tuple(found)


def _least(leaf: c.Matched) -> Iterator[Evidence]:
    """Yield matches that fit a condition and as little else as can be, one for each purpose and label."""
    lists = samples([leaf.lists]) if leaf.lists else (OTHER,)
    types = samples([leaf.types]) if leaf.types else (OTHER,)
    labels = samples([leaf.labels]) if leaf.labels else (None,)
    distance = leaf.max_distance
    for purpose in sorted(leaf.purposes) if leaf.purposes is not None else (OTHER,):
        for name in lists:
            for kind in types:
                for label in labels:
                    yield Evidence(
                        purpose=purpose,
                        list=name,
                        type=kind,
                        distance=distance if distance is not None else (None if leaf.exact else 1e6),
                        exact=bool(leaf.exact),
                        labels=(label,) if label is not None else (),
                    )


def _both(one: c.Matched, other: c.Matched) -> c.Matched:
    return c.Matched(
        one.purposes if one.purposes is not None else other.purposes,
        other.lists or one.lists,
        one.types or other.types,
        other.labels or one.labels,
        one.max_distance,
        one.exact if one.exact is not None else other.exact,
    )
