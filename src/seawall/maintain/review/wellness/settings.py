"""What somebody chooses for themselves: checked against the floor, so that it is only ever stricter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from seawall.maintain.review.errors import TooLoose
from seawall.maintain.review.wellness.floor import Floor
from seawall.maintain.review.wellness.lattice import Choice, Limits, Preset, Value, as_strict
from seawall.maintain.review.wellness.model import OwnSettings

_CATEGORY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,3}")
MOST_CATEGORIES = 50


def changed(
    floor: Floor, before: Choice, presets: Mapping[str, Mapping[str, Any]], limits: Mapping[str, Any]
) -> Choice:
    """Return a choice after a change; None as a value goes back to the floor's.

    Raises:
        TooLoose: If a value is looser than the floor, or cannot be one; nothing is changed then.
    """
    made = {key: dict(each) for key, each in before.presets.items()}
    for category, wanted in presets.items():
        if not _CATEGORY.fullmatch(category):
            raise TooLoose("a harm type is a word such as csam, or csem.grooming", hint="")
        least = floor.preset(category)
        made[category] = _merged(Preset, made.get(category, {}), wanted, least, "this harm type")
    if len(made) > MOST_CATEGORIES:
        raise TooLoose(f"at most {MOST_CATEGORIES} harm types can be set", hint="")
    return Choice(made, _merged(Limits, before.limits, limits, floor.limits, "everybody"))


def own(floor: Floor, choice: Choice) -> OwnSettings:
    """Return what holds for somebody."""
    names = [*floor.presets, *(key for key in choice.presets if key not in floor.presets)]
    chosen = {f"presets.{key}.{name}" for key, each in choice.presets.items() for name in each}
    chosen |= {f"limits.{name}" for name in choice.limits}
    return OwnSettings({name: floor.preset(name, choice) for name in names}, floor.limits_of(choice), frozenset(chosen))


def _merged(
    kind: type[Preset] | type[Limits],
    before: Mapping[str, Value],
    wanted: Mapping[str, Any],
    least: Preset | Limits,
    whom: str,
) -> dict[str, Value]:
    made = dict(before)
    for name, given in wanted.items():
        if name not in kind.BOUNDS:
            raise TooLoose(f"there is no setting {name[:64]!r}", hint="")
        if given is None:
            made.pop(name, None)
            continue
        value = kind.checked(name, given)
        if value is None:
            raise TooLoose(f"{name} cannot be this", hint="", setting=name)
        floor = getattr(least, name)
        if not as_strict(kind.BOUNDS[name].sense, value, floor):
            raise TooLoose(f"{name} is {floor} for {whom}, and can only be stricter", hint="", setting=name)
        made[name] = value
    return made
