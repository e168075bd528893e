"""The organisation's floor as data: read, checked, and named by the hash of its meaning.

Every value names its grounds; those that a rule of conduct bounds cannot be set beyond it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from seawall.maintain.review._fields import Reader, plain
from seawall.maintain.review.errors import FloorInvalid
from seawall.maintain.review.wellness.lattice import Choice, Limits, Preset, Value
from seawall.vault.derivatives.model import Rung

DEFAULT = "default"
_SEVERITIES = 5


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a value is as it is.

    Attributes:
        why: In words.
        sources: Ids of what it rests on; `judgement` if nothing settles it.
    """

    why: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What a value rests on."""

    text: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What one look costs.

    Attributes:
        severe_from: From which severity on something counts as severe.
        severity: Units by severity, 0 to 4.
        rung: Share by rung.
        seconds_double: So many seconds cost as much again.
        sound: Factor with sound.
    """

    severe_from: int
    severity: tuple[float, ...]
    rung: Mapping[Rung, float]
    seconds_double: float
    sound: float

    def units(self, severity: int, rung: Rung, visible_ms: int, *, sound: bool) -> float:
        """Return what one look costs."""
        length = 1 + max(0, visible_ms) / 1000 / self.seconds_double
        return self.severity[severity] * self.rung[rung] * length * (self.sound if sound else 1)


@dataclass(frozen=True, slots=True)
class Floor:
    """What nobody can go below.

    Attributes:
        name, version: As its author calls and counts it.
        presets: By harm type; `default` for all others.
        limits: How much, and for how long.
        cost: What one look costs.
        not_today_hours: For how long "not today" holds.
        keep_days: After how many days records of breaks and the like are deleted.
        grounds: Why, by `presets.csam`, `limits.day_units`, `cost`.
        sources: What grounds rest on, by id.
        hash: SHA-256 of the canonical JSON of what the file says.
    """

    name: str
    version: int
    presets: Mapping[str, Preset]
    limits: Limits
    cost: Cost
    not_today_hours: int
    keep_days: int
    grounds: Mapping[str, Ground]
    sources: Mapping[str, Source]
    hash: str

    def preset(self, category: str, choice: Choice | None = None) -> Preset:
        """Return how something of a category is first shown.

        Args:
            category: Such as `csem.grooming`.
            choice: What the reviewer chose; it only ever makes it stricter.
        """
        keys = lineage(category)
        found = next((self.presets[key] for key in keys if key in self.presets), self.presets[DEFAULT])
        for key in keys if choice is not None else ():
            found = found.with_choice(choice.presets.get(key, {}) if choice is not None else {})
        if found.start.place > found.top.place:
            found = found.with_choice({"start": found.top})
        return found

    def limits_of(self, choice: Choice) -> Limits:
        """Return the limits of somebody who made a choice."""
        return self.limits.with_choice(choice.limits)


def lineage(category: str) -> list[str]:
    """Return the names under which a category is looked up, the closest first: `csem.grooming`, `csem`, `default`."""
    parts = category.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)] + [DEFAULT]


def load_floor(path: Path | None = None) -> Floor:
    """Read a floor, or the one that ships.

    Raises:
        FloorInvalid: If it is none; the message names the place.
    """
    data, name = plain(path, "wellness/floor.yaml", FloorInvalid)
    return parse_floor(data, name)


def parse_floor(data: Any, name: str) -> Floor:
    """Read plain data; `name` is what errors call it.

    Raises:
        FloorInvalid: If it is no floor.
    """
    keys = ("floor", "version", "sources", "presets", "limits", "cost", "not_today_hours", "keep_days")
    top = Reader(data, name, keys, FloorInvalid)
    sources = {key: _source(each, f"{name}: sources: {key}") for key, each in _mapping(top, "sources").items()}
    grounds: dict[str, Ground] = {}
    presets = {}
    for key, each in _mapping(top, "presets").items():
        place = f"{name}: presets: {key}"
        part = Reader(each, place, ("set", "why", "sources"), FloorInvalid)
        grounds[f"presets.{key}"] = _ground(part, sources)
        presets[key] = Preset(**_settings(Preset, part.raw("set"), place))
        if presets[key].start.place > presets[key].top.place:
            raise FloorInvalid(f"{place}: it opens above the highest rung")
    if DEFAULT not in presets:
        raise FloorInvalid(f"{name}: presets: {DEFAULT} is missing")
    limits = _limits(top, name, grounds, sources)
    cost = _cost(top.raw("cost"), f"{name}: cost", grounds, sources)
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return Floor(
        name=top.text("floor", 64),
        version=top.whole("version", 1, 1_000_000),
        presets=presets,
        limits=limits,
        cost=cost,
        not_today_hours=top.whole("not_today_hours", 1, 72),
        keep_days=top.whole("keep_days", 3, 366),
        grounds=grounds,
        sources=sources,
        hash=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _mapping(part: Reader, key: str) -> Mapping[str, Any]:
    value = part.raw(key)
    if not isinstance(value, Mapping) or not value or not all(isinstance(each, str) for each in value):
        raise part.fault(key, "is a mapping by name, and not empty")
    return value


def _source(data: Any, place: str) -> Source:
    part = Reader(data, place, ("text",), FloorInvalid, optional=("url",))
    url = part.text("url") if part.raw("url") is not None else None
    if url is not None and not url.startswith("https://"):
        raise part.fault("url", "begins with https://")
    return Source(part.text("text"), url)


def _ground(part: Reader, sources: Mapping[str, Source]) -> Ground:
    named = part.texts("sources")
    missing = [each for each in named if each not in sources]
    if missing or not named:
        raise part.fault("sources", "names what this file lists, at least one")
    return Ground(part.text("why"), named)


def _settings(kind: type[Preset], data: Any, place: str) -> dict[str, Any]:
    part = Reader(data, place, tuple(kind.BOUNDS), FloorInvalid)
    found: dict[str, Any] = {}
    for name in kind.BOUNDS:
        value = kind.checked(name, part.raw(name))
        if value is None:
            raise part.fault(name, "cannot be this")
        found[name] = value
    return found


def _limits(top: Reader, name: str, grounds: dict[str, Ground], sources: Mapping[str, Source]) -> Limits:
    part = Reader(top.raw("limits"), f"{name}: limits", tuple(Limits.BOUNDS), FloorInvalid)
    found: dict[str, Value] = {}
    for key, bounds in Limits.BOUNDS.items():
        each = Reader(part.raw(key), f"{name}: limits: {key}", ("value", "why", "sources"), FloorInvalid)
        grounds[f"limits.{key}"] = _ground(each, sources)
        value = Limits.checked(key, each.raw("value"))
        if value is None:
            said = f"is a whole number from {bounds.low} to {bounds.high}"
            raise each.fault("value", said + (": a rule of conduct says so" if bounds.loosest is not None else ""))
        found[key] = value
    limits = Limits(**found)  # type: ignore[arg-type]  # `checked` gave each its type
    if limits.severe_minutes > limits.longest_minutes:
        raise FloorInvalid(f"{name}: limits: severe_minutes is at most longest_minutes")
    if limits.idle_minutes < limits.break_minutes:
        raise FloorInvalid(f"{name}: limits: idle_minutes is at least break_minutes")
    return limits


def _cost(data: Any, place: str, grounds: dict[str, Ground], sources: Mapping[str, Source]) -> Cost:
    keys = ("severe_from", "severity", "rung", "seconds_double", "sound", "why", "sources")
    part = Reader(data, place, keys, FloorInvalid)
    grounds["cost"] = _ground(part, sources)
    severity = part.raw("severity")
    if not _rising(severity) or len(severity) != _SEVERITIES:
        raise part.fault("severity", "is five numbers that do not fall")
    shares = Reader(part.raw("rung"), f"{place}: rung", [each.value for each in Rung], FloorInvalid)
    rung = {each: shares.number(each.value, 0, 1) for each in Rung}
    if not _rising(list(rung.values())):
        raise part.fault("rung", "does not fall from one rung to the next")
    severe_from = part.whole("severe_from", 1, 4)
    if severity[severe_from] <= 0 or rung[Rung.FULL] <= 0:
        raise part.fault("severity", "of what is severe is more than 0")
    return Cost(
        severe_from,
        tuple(float(each) for each in severity),
        rung,
        part.number("seconds_double", 1, 3600),
        part.number("sound", 1, 10),
    )


def _rising(values: Any) -> bool:
    if not isinstance(values, list) or not values:
        return False
    if any(isinstance(each, bool) or not isinstance(each, int | float) or not 0 <= each <= 1000 for each in values):
        return False
    return all(before <= after for before, after in pairwise(values))
