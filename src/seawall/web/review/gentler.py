"""How things are shown to somebody, as choices: for each setting the organisation's way, and what is stricter.

What is chosen here holds for every kind of harm. Where the organisation is stricter for one kind, that stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seawall.maintain.review.wellness import Floor, OwnSettings
from seawall.maintain.review.wellness.floor import DEFAULT
from seawall.vault.derivatives.model import Rung
from seawall.web.errors import Malformed
from seawall.web.pages import Fields
from seawall.web.review.views import Words

_SECONDS = (30, 20, 15, 10, 8, 5, 3, 2)
_VOLUMES = (40, 30, 20, 10, 0)
_BUDGETS = (75, 50, 25)
_RUNGS, _NUMBERS, _LIMITS = ("start", "top"), ("hide_seconds", "volume"), ("day_units",)
_LONGEST = 7


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as a choice: the organisation's way first."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str
    hint: str = ""


def settings_of(floor: Floor, own: OwnSettings, t: Words) -> list[Setting]:
    """Return the settings of somebody, with what they can choose.

    Args:
        floor: The organisation's.
        own: What somebody chose.
        t: The words of their language.
    """
    least = floor.presets[DEFAULT]
    mine = own.presets[DEFAULT]
    chosen = {
        name: str(getattr(mine, name)) for name in (*_RUNGS, *_NUMBERS) if f"presets.{DEFAULT}.{name}" in own.chosen
    }
    if "limits.day_units" in own.chosen:
        chosen["day_units"] = str(own.limits.day_units)
    units = floor.limits.day_units
    rungs = {each: t(f"review.rungs.{each.value}") for each in Rung}
    offered = {
        "start": [(each.value, rungs[each]) for each in rungs if each.place < least.start.place],
        "top": [(each.value, rungs[each]) for each in reversed(rungs) if each.place < least.top.place],
        "hide_seconds": [(str(each), str(each)) for each in _SECONDS if each < least.hide_seconds],
        "volume": [(str(each), f"{each} %") for each in _VOLUMES if each < least.volume],
        "day_units": [(str(max(1, units * each // 100)), f"{each} %") for each in _BUDGETS],
    }
    made = []
    for name, options in offered.items():
        value = chosen.get(name, "")
        if value not in ("", *(each for each, _ in options)):
            options.append((value, rungs[Rung(value)] if name in _RUNGS else value))
        hint = t(f"review.me.{name}_hint") if name != "volume" else ""
        made.append(Setting(name, t(f"review.me.{name}"), (("", t("review.me.as_floor")), *options), value, hint))
    return made


def choice_of(fields: Fields) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return what a form chooses: presets and limits as `Wellness.set` takes them; None is the organisation's way.

    Raises:
        Malformed: If a number is none.
    """
    sent = fields.names()
    preset: dict[str, Any] = {name: fields.get(name) or None for name in _RUNGS if name in sent}
    preset |= {name: _number(fields.get(name)) for name in _NUMBERS if name in sent}
    limits = {name: _number(fields.get(name)) for name in _LIMITS if name in sent}
    return {DEFAULT: preset}, limits


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < _LONGEST):
        raise Malformed("this setting is a number")
    return int(text)
