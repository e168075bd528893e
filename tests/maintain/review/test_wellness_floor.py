"""The floor: what is shipped says why, what is wrong is refused, and a person's choice only ever adds to it."""

from __future__ import annotations

import copy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import seawall.maintain.review.wellness as package
from seawall.maintain.review import FloorInvalid, TooLoose, Wellness, load_floor
from seawall.maintain.review.wellness import Choice, Limits, Preset
from seawall.maintain.review.wellness.floor import parse_floor
from seawall.maintain.review.wellness.settings import changed, own
from seawall.vault.derivatives.model import Rung

FLOOR = load_floor()
SHIPPED: dict[str, Any] = yaml.safe_load((Path(str(package.__file__)).parent / "floor.yaml").read_text("utf-8"))
REVIEWER = "1" * 32


def _values(kind: type[Preset] | type[Limits]) -> dict[str, st.SearchStrategy[Any]]:
    found: dict[str, st.SearchStrategy[Any]] = {}
    for each in fields(kind):
        bounds = kind.BOUNDS[each.name]
        if each.type == "Rung":
            found[each.name] = st.sampled_from(list(Rung))
        elif each.type == "bool":
            found[each.name] = st.booleans()
        else:
            found[each.name] = st.integers(bounds.low or 0, bounds.high or 0)
    return found


PRESETS = st.builds(Preset, **_values(Preset))
LIMITS = st.builds(Limits, **_values(Limits))
CHOICES = st.fixed_dictionaries({}, optional=_values(Preset))
CATEGORIES = st.sampled_from(["csam", "csem", "csem.grooming", "default", "adult", "canary"])


def test_every_value_of_the_shipped_floor_says_why_and_on_what_ground() -> None:
    assert set(FLOOR.grounds) == {
        *(f"presets.{name}" for name in FLOOR.presets),
        *(f"limits.{each.name}" for each in fields(Limits)),
        "cost",
    }
    assert all(ground.why and ground.sources for ground in FLOOR.grounds.values())


def test_the_shipped_floor_keeps_the_rules_of_conduct() -> None:
    limits = FLOOR.limits
    assert limits.break_minutes >= 10
    assert 60 <= limits.severe_minutes <= 90
    assert limits.longest_minutes <= 120
    assert limits.cool_down_minutes >= 20


def test_the_shipped_floor_claims_no_protection_by_blur_or_grey() -> None:
    assert "Neither blur nor greyscale" in FLOOR.sources["lewitzka-2026"].text
    words = " ".join(ground.why.lower() for ground in FLOOR.grounds.values())
    assert not any(each in words for each in ("prevent", "protects", "safe from"))


def test_what_is_severe_never_opens_on_a_picture() -> None:
    for category in ("csam", "aig_csam", "ncii_adult", "csem.grooming", "anything.else"):
        preset = FLOOR.preset(category)
        assert not preset.start.shows_content
        assert preset.grey and preset.muted and preset.hold


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("limits", "break_minutes", "value"), 5, "break_minutes"),
        (("limits", "severe_minutes", "value"), 91, "severe_minutes"),
        (("limits", "longest_minutes", "value"), 121, "longest_minutes"),
        (("limits", "cool_down_minutes", "value"), 19, "cool_down_minutes"),
        (("limits", "day_units", "value"), True, "day_units"),
        (("limits", "day_units", "why"), "", "why"),
        (("limits", "day_units", "sources"), [], "sources"),
        (("limits", "day_units", "sources"), ["hearsay"], "sources"),
        (("presets", "csam", "set", "start"), "everything", "start"),
        (("presets", "csam", "set", "top"), "metadata", None),
        (("presets", "default", "set", "start"), "full", "start"),
        (("presets", "csam", "set", "grey"), 1, "grey"),
        (("cost", "severity"), [4, 3, 2, 1, 0], "severity"),
        (("cost", "severity"), [0, 0, 0, 0, 0], "severity"),
        (("cost", "rung", "full"), 0.1, "rung"),
        (("sources", "dis-2024", "url"), "http://example.org", "url"),
        (("keep_days",), 0, "keep_days"),
        (("unheard",), 1, "unheard"),
    ],
)
def test_a_floor_with_a_fault_is_refused_and_the_place_named(
    place: tuple[str, ...], value: Any, said: str | None
) -> None:
    data = copy.deepcopy(SHIPPED)
    part = data
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    if place == ("presets", "default", "set", "start"):
        data["presets"]["default"]["set"]["top"] = "tile"
        said = "default"
    if said is None:
        assert parse_floor(data, "mine").preset("csam").top is Rung.METADATA
        return
    with pytest.raises(FloorInvalid, match=said):
        parse_floor(data, "mine")


def test_a_file_that_is_no_floor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "floor.yaml"
    path.write_text("- 1")
    with pytest.raises(FloorInvalid, match="not a mapping"):
        load_floor(path)
    with pytest.raises(FloorInvalid, match="cannot read"):
        load_floor(tmp_path / "nothing.yaml")


@given(PRESETS, PRESETS, PRESETS)
def test_the_stricter_of_presets_is_a_meet(one: Preset, other: Preset, third: Preset) -> None:
    both = one.stricter(other)
    assert both == other.stricter(one)
    assert both.stricter(third) == one.stricter(other.stricter(third))
    assert one.stricter(one) == one
    assert both.as_strict_as(one) and both.as_strict_as(other)


@given(LIMITS, LIMITS, LIMITS)
def test_the_stricter_of_limits_is_a_meet(one: Limits, other: Limits, third: Limits) -> None:
    both = one.stricter(other)
    assert both == other.stricter(one)
    assert both.stricter(third) == one.stricter(other.stricter(third))
    assert one.stricter(one) == one
    assert both.as_strict_as(one) and both.as_strict_as(other)


@given(
    st.dictionaries(CATEGORIES, CHOICES, max_size=4), st.fixed_dictionaries({}, optional=_values(Limits)), CATEGORIES
)
def test_whatever_is_kept_of_a_choice_nothing_is_looser_than_the_floor(
    presets: dict[str, dict[str, Any]], limits: dict[str, Any], category: str
) -> None:
    choice = Choice(presets, limits)
    assert FLOOR.preset(category, choice).as_strict_as(FLOOR.preset(category))
    assert FLOOR.limits_of(choice).as_strict_as(FLOOR.limits)
    preset = FLOOR.preset(category, choice)
    assert preset.start.place <= preset.top.place


@given(CATEGORIES, CHOICES, st.fixed_dictionaries({}, optional=_values(Limits)))
def test_a_choice_is_taken_if_and_only_if_no_value_is_looser(
    category: str, preset: dict[str, Any], limits: dict[str, Any]
) -> None:
    least = FLOOR.preset(category)
    wanted = least.with_choice(preset)
    strict = all(getattr(wanted, name) == value for name, value in preset.items())
    strict &= all(getattr(FLOOR.limits.with_choice(limits), name) == value for name, value in limits.items())
    try:
        made = changed(FLOOR, Choice(), {category: preset}, limits)
    except TooLoose:
        assert not strict
        return
    assert strict
    after = own(FLOOR, made).presets[category]
    assert after.as_strict_as(least)
    assert all(getattr(after, name) == value for name, value in preset.items() if name != "start")


def test_a_stricter_setting_of_somebody_holds_for_them_alone(wellness: Wellness) -> None:
    wellness.set(REVIEWER, presets={"csem": {"start": "metadata", "blur": 40}}, limits={"day_severe": 5})
    mine, another = wellness.settings(REVIEWER), wellness.settings("2" * 32)
    assert wellness.preset(REVIEWER, "csem.grooming").blur == 40
    assert wellness.start_rung(REVIEWER, "csem.grooming") is Rung.METADATA
    assert mine.limits.day_severe == 5
    assert mine.chosen == {"presets.csem.start", "presets.csem.blur", "limits.day_severe"}
    assert another.limits == FLOOR.limits and not another.chosen


def test_a_setting_goes_back_to_the_floors_and_no_further(wellness: Wellness) -> None:
    wellness.set(REVIEWER, limits={"day_severe": 5, "break_minutes": 20})
    assert wellness.set(REVIEWER, limits={"day_severe": None}).limits.day_severe == FLOOR.limits.day_severe
    assert wellness.settings(REVIEWER).limits.break_minutes == 20
    for looser in (
        {"day_severe": FLOOR.limits.day_severe + 1},
        {"break_minutes": 9},
        {"unheard": 1},
        {"day_units": "9"},
    ):
        with pytest.raises(TooLoose):
            wellness.set(REVIEWER, limits=looser)
    with pytest.raises(TooLoose, match="grey"):
        wellness.set(REVIEWER, presets={"csam": {"grey": False}})
    with pytest.raises(TooLoose):
        wellness.set(REVIEWER, presets={"no such; thing": {"grey": True}})


def test_a_stricter_floor_holds_at_once_for_whoever_chose_before(wellness: Wellness) -> None:
    wellness.set(REVIEWER, limits={"day_severe": 50})
    data = copy.deepcopy(SHIPPED)
    data["limits"]["day_severe"]["value"] = 10
    wellness.floor = parse_floor(data, "stricter")
    assert wellness.settings(REVIEWER).limits.day_severe == 10
