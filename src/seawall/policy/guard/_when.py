"""From written conditions to nodes: names are resolved, cycles and growth without end refused.

Several keys in one mapping all have to hold. Each node comes with its canonical meaning, which names nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.policy.guard import _fields as fields
from seawall.policy.guard.conditions import (
    AgeIs,
    AllOf,
    AnyOf,
    Condition,
    FeatureOff,
    KindIs,
    Matched,
    Names,
    Not,
    PaceIs,
    PartScored,
    PartSideIs,
    Said,
    Scored,
    SideIs,
    StandingIs,
    StateIs,
)
from seawall.policy.guard.countries import EU_MEMBERS
from seawall.policy.guard.errors import GuardPolicyError
from seawall.policy.guard.facts import AgeSignal, CheckKind, State
from seawall.policy.guard.model import ScoreClass
from seawall.policy.separation import Partition

PURPOSES = frozenset({"csam", "exploitative", "ncii_adult", "benign", "canary", "source"})
_MATCH = {"purpose", "list", "type", "label", "max_distance", "exact"}
_MOST_NODES = 50_000
_MOST_DEPTH = 32

Meaning = dict[str, Any]
_Node = tuple[Condition, Meaning]


@dataclass(frozen=True, slots=True)
class _Named:
    """A named condition that was read: what it rests on, how many nodes it has, and how deep they go."""

    node: _Node
    used: frozenset[str]
    size: int
    height: int


@dataclass(slots=True)
class Resolver:
    """Reads conditions of one policy.

    Attributes:
        written: Named conditions, as written.
        classes: Classes that the operator defines.
        place: What errors call the policy.
    """

    written: Mapping[str, Any]
    classes: Mapping[str, ScoreClass]
    place: str
    _named: dict[str, _Named] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _used: set[str] = field(default_factory=set)
    _nodes: int = 0
    _deepest: int = 0

    def read(self, data: object, place: str) -> tuple[Condition, Meaning, tuple[str, ...]]:
        """Return a condition, its meaning, and the names that it rests on.

        Raises:
            GuardPolicyError: If it is none; the message names `place`.
        """
        self._used, self._deepest = set(), 0
        condition, meaning = self._all(data, place, 0)
        return condition, meaning, tuple(sorted(self._used))

    def _all(self, data: object, place: str, depth: int) -> _Node:
        self._go_down(depth, place)
        written = fields.table(data, _KEYS, place)
        nodes = [self._one(key, value, f"{place}: {key}", depth) for key, value in written.items()]
        if len(nodes) == 1:
            return nodes[0]
        return AllOf(tuple(node for node, _ in nodes)), _group("all", [meaning for _, meaning in nodes])

    def _one(self, key: str, value: object, place: str, depth: int) -> _Node:
        self._count(1, place)
        if key in ("all", "any"):
            if not isinstance(value, list) or not value:
                raise GuardPolicyError(f"{place} is a list of conditions")
            nodes = [self._all(item, place, depth + 1) for item in value]
            if len(nodes) == 1:
                return nodes[0]
            kind = AllOf if key == "all" else AnyOf
            return kind(tuple(node for node, _ in nodes)), _group(key, [meaning for _, meaning in nodes])
        if key == "not":
            node, meaning = self._all(value, place, depth + 1)
            return Not(node), {"not": meaning}
        if key == "use":
            named = [self._use(name, place, depth) for name in fields.several(value, place, fields.identifier)]
            if len(named) == 1:
                return named[0]
            return AllOf(tuple(node for node, _ in named)), _group("all", [meaning for _, meaning in named])
        if key in ("class", "part_class"):
            return self._class(key, value, place)
        return _leaf(key, value, place)

    def _use(self, name: str, place: str, depth: int) -> _Node:
        if name not in self.written:
            raise GuardPolicyError(f"{place}: there is no condition {name!r}")
        if name in self._open:
            path = " -> ".join((*self._open[self._open.index(name) :], name))
            raise GuardPolicyError(f"{self.place}: conditions: {path} goes round in a circle")
        if name not in self._named:
            self._open.append(name)
            used, nodes, deepest = self._used, self._nodes, self._deepest
            self._used, self._deepest = {name}, depth
            node = self._all(self.written[name], f"{self.place}: condition {name}", depth + 1)
            self._named[name] = _Named(node, frozenset(self._used), self._nodes - nodes, self._deepest - depth)
            self._used, self._nodes, self._deepest = used, nodes, deepest
            self._open.pop()
        named = self._named[name]
        self._used |= named.used
        # A shared condition counts each time: what is written in ten lines must not stand for a million.
        self._count(named.size, place)
        self._go_down(depth + named.height, place)
        return named.node

    def _class(self, key: str, value: object, place: str) -> _Node:
        parts: Names | None = None
        if key == "part_class":
            given = fields.table(value, {"part", "class"}, place)
            parts = fields.names(given.get("part"), f"{place}: part")
            value = given.get("class")
        nodes: list[_Node] = []
        for name in fields.several(value, place, fields.identifier):
            if name not in self.classes:
                raise GuardPolicyError(f"{place}: there is no class {name!r}", hint="define it under 'classes'")
            self._used.add(f"class:{name}")
            for label, at_least in self.classes[name].scores.items():
                nodes.append(_scored(parts, label, at_least))
        self._count(len(nodes), place)
        if len(nodes) == 1:
            return nodes[0]
        return AnyOf(tuple(node for node, _ in nodes)), _group("any", [meaning for _, meaning in nodes])

    def _go_down(self, depth: int, place: str) -> None:
        self._deepest = max(self._deepest, depth)
        if depth > _MOST_DEPTH:
            raise GuardPolicyError(f"{place}: conditions are nested too deeply")

    def _count(self, nodes: int, place: str) -> None:
        self._nodes += nodes
        if self._nodes > _MOST_NODES:
            raise GuardPolicyError(f"{place}: the conditions of this policy are too large")


def read_match(data: object, place: str) -> tuple[Matched, Meaning]:
    """Return what a match has to fit, and its meaning."""
    given = fields.table(data, _MATCH, place)
    meaning: Meaning = {}
    purposes: frozenset[str] | None = None
    if "purpose" in given:
        purposes = frozenset(fields.several(given["purpose"], f"{place}: purpose", fields.identifier))
        unknown = sorted(purposes - PURPOSES)
        if unknown:
            raise GuardPolicyError(
                f"{place}: unknown purpose {unknown[0]!r}", hint="one of " + ", ".join(sorted(PURPOSES))
            )
        meaning["purpose"] = sorted(purposes)
    named: dict[str, Names | None] = {"list": None, "type": None, "label": None}
    for key in named:
        if key in given:
            names = fields.names(given[key], f"{place}: {key}")
            named[key], meaning[key] = names, names.texts()
    distance: float | None = None
    if "max_distance" in given:
        distance = meaning["max_distance"] = fields.number(given["max_distance"], f"{place}: max_distance", least=0)
    exact: bool | None = None
    if "exact" in given:
        exact = meaning["exact"] = fields.flag(given["exact"], f"{place}: exact")
    return Matched(purposes, named["list"], named["type"], named["label"], distance, exact), {"match": meaning}


def _leaf(key: str, value: object, place: str) -> _Node:
    if key == "kind":
        kinds = fields.choices(CheckKind, value, place)
        return KindIs(kinds), {key: sorted(kinds)}
    if key == "age_signal":
        signals = fields.choices(AgeSignal, value, place)
        return AgeIs(signals), {key: sorted(signals)}
    if key == "state":
        states = fields.choices(State, value, place)
        return StateIs(states), {key: sorted(states)}
    if key == "partition":
        sides = fields.choices(Partition, value, place)
        return SideIs(sides), {key: sorted(sides)}
    if key == "part_partition":
        return _part_side(value, place)
    if key == "match":
        return read_match(value, place)
    if key == "score":
        return _score(value, place, part=False)
    if key == "part_score":
        return _score(value, place, part=True)
    if key == "feature_off":
        if value is not True:
            raise GuardPolicyError(f"{place} is true", hint="write not: {feature_off: true} for the opposite")
        return FeatureOff(), {key: True}
    names = fields.names(value, place)
    if key == "standing":
        return StandingIs(names), {key: names.texts()}
    if key == "pace":
        return PaceIs(names), {key: names.texts()}
    if key == "jurisdiction":
        # Law of the Union applies in each of its countries.
        if "EU" in names.whole:
            names = Names(names.whole | EU_MEMBERS, names.beginnings)
        if names.whole & {"UK", "GB"}:
            names = Names(names.whole | {"UK", "GB"}, names.beginnings)
    return Said(key, names), {key: names.texts()}


def _part_side(value: object, place: str) -> _Node:
    given = fields.table(value, {"part", "partition"}, place)
    parts = fields.names(given.get("part"), f"{place}: part")
    sides = frozenset(Partition)
    if "partition" in given:
        sides = fields.choices(Partition, given["partition"], f"{place}: partition")
    return PartSideIs(parts, sides), {"part_partition": {"part": parts.texts(), "partition": sorted(sides)}}


def _score(value: object, place: str, *, part: bool) -> _Node:
    given = fields.table(value, {"part", "class", "at_least"} if part else {"class", "at_least"}, place)
    parts = fields.names(given.get("part"), f"{place}: part") if part else None
    labels = fields.several(given.get("class"), f"{place}: class", fields.name)
    at_least = fields.threshold(given.get("at_least"), f"{place}: at_least")
    nodes = [_scored(parts, label, at_least) for label in sorted(set(labels))]
    if len(nodes) == 1:
        return nodes[0]
    return AnyOf(tuple(node for node, _ in nodes)), _group("any", [meaning for _, meaning in nodes])


def _scored(parts: Names | None, label: str, at_least: float) -> _Node:
    meaning: Meaning = {"class": label, "at_least": at_least}
    if parts is None:
        return Scored(label, at_least), {"score": meaning}
    return PartScored(parts, label, at_least), {"part_score": {"part": parts.texts()} | meaning}


def _group(key: str, meanings: list[Meaning]) -> Meaning:
    return {key: sorted(meanings, key=repr)}


_KEYS = {
    "all", "any", "not", "use", "class", "part_class", "kind", "age_signal", "state", "partition", "part_partition",
    "match", "score", "part_score", "feature_off", "standing", "pace", "surface", "jurisdiction", "model",
}  # fmt: skip
