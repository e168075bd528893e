"""Settings that have a strict direction: of two, the stricter one is known, so a person's can only add to a floor.

`stricter` takes the stricter value of each setting. It is commutative, associative and idempotent, and its result is at
least as strict as either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, ClassVar, Self

from seawall.vault.derivatives.model import Rung

Value = int | float | bool | Rung


class Sense(StrEnum):
    """Which way is stricter."""

    LEAST = "least"
    """A smaller number, an earlier rung, off."""
    MOST = "most"
    """A larger number, on."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a setting may be.

    Attributes:
        sense: Which way is stricter.
        low, high: Of a number; None for a rung, and for yes or no.
        loosest: The loosest that an organisation may choose, where a rule of conduct says so.
    """

    sense: Sense
    low: int | None = None
    high: int | None = None
    loosest: int | None = None


def place(value: Value) -> float:
    """Return where a value stands among others of its setting."""
    return value.place if isinstance(value, Rung) else float(value)


def as_strict(sense: Sense, value: Value, floor: Value) -> bool:
    """Whether a value is at least as strict as another."""
    return place(value) <= place(floor) if sense is Sense.LEAST else place(value) >= place(floor)


class Strict:
    """Behaviour of frozen dataclasses whose fields are settings; `BOUNDS` names each of them."""

    __slots__ = ()
    BOUNDS: ClassVar[Mapping[str, Bounds]] = {}

    def stricter(self, other: Self) -> Self:
        """Return the stricter of each setting."""
        return self.with_choice({name: getattr(other, name) for name in self.BOUNDS})

    def with_choice(self, choice: Mapping[str, Value]) -> Self:
        """Return this with the settings that are chosen more strictly; a looser one changes nothing."""
        changed: dict[str, Any] = {
            name: value
            for name, value in choice.items()
            if as_strict(self.BOUNDS[name].sense, value, getattr(self, name))
        }
        return replace(self, **changed)  # type: ignore[type-var]  # every subclass is a dataclass

    def as_strict_as(self, other: Self) -> bool:
        """Whether every setting is at least as strict as the other's."""
        return all(
            as_strict(each.sense, getattr(self, name), getattr(other, name)) for name, each in self.BOUNDS.items()
        )

    @classmethod
    def checked(cls, name: str, value: object) -> Value | None:
        """Return a value of a setting in its own type, or None if it cannot be one."""
        bounds = cls.BOUNDS.get(name)
        kinds = {each.name: each.type for each in fields(cls)}  # type: ignore[arg-type]  # as above
        if bounds is None:
            return None
        if kinds[name] == "Rung":
            return Rung(value) if isinstance(value, str) and value in list(Rung) else None
        if kinds[name] == "bool":
            return value if isinstance(value, bool) else None
        good = isinstance(value, int) and not isinstance(value, bool)
        low, high = bounds.low or 0, bounds.high or 0
        return value if good and isinstance(value, int) and low <= value <= high else None


@dataclass(frozen=True, slots=True)
class Preset(Strict):
    """How what belongs to one harm type is first shown.

    Attributes:
        start: The rung on which a page opens.
        top: The highest rung that may be asked for.
        blur: Radius of the blur, in pixels of the picture as it is shown.
        grey: Whether colours are left out until they are asked for.
        muted: Whether sound is off until it is asked for.
        volume: Loudest volume, in percent.
        hold: Whether a key or a button must be held for as long as something is shown.
        hide_seconds: After how long it hides again by itself.
    """

    BOUNDS: ClassVar[Mapping[str, Bounds]] = {
        "start": Bounds(Sense.LEAST),
        "top": Bounds(Sense.LEAST),
        "blur": Bounds(Sense.MOST, 0, 64),
        "grey": Bounds(Sense.MOST),
        "muted": Bounds(Sense.MOST),
        "volume": Bounds(Sense.LEAST, 0, 100),
        "hold": Bounds(Sense.MOST),
        "hide_seconds": Bounds(Sense.LEAST, 1, 120),
    }

    start: Rung
    top: Rung
    blur: int
    grey: bool
    muted: bool
    volume: int
    hold: bool
    hide_seconds: int


@dataclass(frozen=True, slots=True)
class Limits(Strict):
    """How much, and for how long.

    Attributes:
        severe_minutes: Of severe work until a break is due.
        longest_minutes: Of any work until a break is due.
        break_minutes: Shortest break that counts.
        idle_minutes: Without anything shown, after which it counts as a break.
        day_units: Budget of a working day.
        day_severe: Severe items that may be seen on a working day.
        severe_in_a_row: Severe tasks until one that is not.
        cool_down_minutes: At the end of a shift, without severe work.
        shift_minutes: Length of a shift for which nobody said when it ends.
        rest_hours: Without anything shown, after which a new working day begins.
    """

    BOUNDS: ClassVar[Mapping[str, Bounds]] = {
        "severe_minutes": Bounds(Sense.LEAST, 5, 90, 90),
        "longest_minutes": Bounds(Sense.LEAST, 5, 120, 120),
        "break_minutes": Bounds(Sense.MOST, 10, 240, 10),
        "idle_minutes": Bounds(Sense.MOST, 10, 240),
        "day_units": Bounds(Sense.LEAST, 1, 10_000),
        "day_severe": Bounds(Sense.LEAST, 0, 1000),
        "severe_in_a_row": Bounds(Sense.LEAST, 0, 20),
        "cool_down_minutes": Bounds(Sense.MOST, 20, 480, 20),
        "shift_minutes": Bounds(Sense.LEAST, 30, 720),
        "rest_hours": Bounds(Sense.MOST, 8, 48),
    }

    severe_minutes: int
    longest_minutes: int
    break_minutes: int
    idle_minutes: int
    day_units: int
    day_severe: int
    severe_in_a_row: int
    cool_down_minutes: int
    shift_minutes: int
    rest_hours: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose for themselves: settings by harm type, and limits. What is not named is as the floor says."""

    presets: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    limits: Mapping[str, Value] = field(default_factory=dict)
