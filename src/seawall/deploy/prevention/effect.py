"""What the counts say: rates with intervals, a difference to the holdout, and the warning that it is too little. Pure.

Groups smaller than the floor are never given, and neither is a group that could be worked out from the others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from seawall.deploy.prevention.audience import HOLDOUT, MessageId
from seawall.deploy.prevention.meter import CLICKED, SHOWN, WINDOWS

Z = 1.959963984540054
"""Two-sided 95 %."""

ENOUGH = 100
"""People in each of two groups below which no difference between them is called one."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted.

    Attributes:
        messages: (week, message id, kind) and how often.
        cohorts: (week, arm, days) and how many; `days` 0 is everybody.
    """

    messages: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    cohorts: Mapping[tuple[str, str, int], int] = field(default_factory=dict)


def wilson(count: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate."""
    if not 0 <= count <= trials:
        raise ValueError("a count lies between 0 and the number of trials")
    if trials == 0:
        return 0.0, 1.0
    rate, square = count / trials, Z * Z
    middle = rate + square / (2 * trials)
    half = Z * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    whole = 1 + square / trials
    low = 0.0 if count == 0 else max(0.0, (middle - half) / whole)
    high = 1.0 if count == trials else min(1.0, (middle + half) / whole)
    return low, high


def difference(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float, float]:
    """Return first rate minus second, with its 95 % interval (Newcombe, from Wilson's); each is (count, trials)."""
    (a, n), (b, m) = first, second
    p, q = a / n, b / m
    (low_p, high_p), (low_q, high_q) = wilson(a, n), wilson(b, m)
    delta = p - q
    return (
        delta,
        delta - math.hypot(p - low_p, high_q - q),
        delta + math.hypot(high_p - p, q - low_q),
    )


def report(counts: Counts, *, now: datetime, floor: int) -> dict[str, Any]:
    """Return what may be told, as plain JSON.

    Args:
        counts: What was counted.
        now: The moment: weeks whose people could still try again within a window are not judged for it.
        floor: Smallest group that is given.
    """
    shown = _messages(counts, floor)
    weeks = _curve(counts, now, floor)
    arms, effect = _arms(counts, now, floor)
    warnings = []
    if not counts.cohorts:
        warnings.append("nothing was measured yet")
    if arms and not any(row["arm"] == HOLDOUT for row in arms):
        warnings.append("there is no holdout: no effect can be told")
    if effect and not all(row["enough"] for row in effect):
        warnings.append("too few people for some windows: do not act on the difference")
    if any(row["enough"] and row["low"] <= 0 <= row["high"] for row in effect):
        warnings.append("a difference whose interval holds 0 is not shown to be one")
    return {"floor": floor, "messages": shown, "weeks": weeks, "arms": arms, "effect": effect, "warnings": warnings}


def mature(week: str, days: int, now: datetime) -> bool:
    """Say whether everybody who began in a week has had so many days."""
    year, number = int(week[:4]), int(week[6:])
    over = date.fromisocalendar(year, number, 7) + timedelta(days=1 + days)
    return now >= datetime(over.year, over.month, over.day, tzinfo=UTC)


def hidden(sizes: Sequence[int], floor: int) -> set[int]:
    """Return the places of groups that are not given, of groups whose sum is known."""
    small = {place for place, size in enumerate(sizes) if 0 < size < floor}
    if len(small) == 1:
        others = [(size, place) for place, size in enumerate(sizes) if size >= floor]
        if others:
            small.add(min(others)[1])
    return small


def _messages(counts: Counts, floor: int) -> list[dict[str, Any]]:
    totals: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (_, name, kind), n in counts.messages.items():
        totals[name][kind] += n
    rows = []
    for name, kinds in sorted(totals.items()):
        impressions, clicks = kinds.get(SHOWN, 0), kinds.get(CLICKED, 0)
        parsed = MessageId.parse(name)
        row: dict[str, Any] = {"message": name, "arm": parsed.arm if parsed else None}
        if impressions < floor:
            rows.append({**row, "shown": None, "clicked": None, "suppressed": True})
        else:
            rows.append({**row, "shown": impressions, "clicked": clicks or None, "suppressed": False})
    return rows


def _curve(counts: Counts, now: datetime, floor: int) -> list[dict[str, Any]]:
    by_arm: dict[str, list[str]] = defaultdict(list)
    for week, arm, days in sorted(counts.cohorts):
        if days == 0:
            by_arm[arm].append(week)
    rows = []
    for arm, weeks in sorted(by_arm.items()):
        sizes = [counts.cohorts[week, arm, 0] for week in weeks]
        secret = hidden(sizes, floor)
        for place, week in enumerate(weeks):
            row: dict[str, Any] = {"week": week, "arm": arm, "suppressed": place in secret}
            if place in secret:
                rows.append({**row, "people": None, "again": []})
            else:
                again = [_rate(counts, [week], arm, days) for days in WINDOWS if mature(week, days, now)]
                rows.append({**row, "people": sizes[place], "again": again})
    return sorted(rows, key=lambda row: (row["week"], row["arm"]))


def _arms(counts: Counts, now: datetime, floor: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    arms = sorted({arm for _, arm, days in counts.cohorts if days == 0})
    rows = []
    for arm in arms:
        rates = []
        for days in WINDOWS:
            rate = _rate(counts, _ready(counts, arm, days, now), arm, days)
            if rate["people"] >= floor:
                rates.append(rate)
        rows.append({"arm": arm, "again": rates})
    effect = []
    for days in WINDOWS:
        held = _total(counts, [HOLDOUT], days, now)
        told = _total(counts, [arm for arm in arms if arm != HOLDOUT], days, now)
        if min(held[1], told[1]) < floor:
            continue
        delta, low, high = difference(told, held)
        enough = min(held[1], told[1]) >= ENOUGH
        effect.append(
            {"days": days, "told": told[1], "held_out": held[1], "difference": delta, "low": low, "high": high,
             "enough": enough}
        )  # fmt: skip
    return rows, effect


def _ready(counts: Counts, arm: str, days: int, now: datetime) -> list[str]:
    return [week for week, each, zero in counts.cohorts if each == arm and zero == 0 and mature(week, days, now)]


def _total(counts: Counts, arms: Iterable[str], days: int, now: datetime) -> tuple[int, int]:
    again = people = 0
    for arm in arms:
        rate = _rate(counts, _ready(counts, arm, days, now), arm, days)
        again, people = again + rate["again"], people + rate["people"]
    return again, people


def _rate(counts: Counts, weeks: Sequence[str], arm: str, days: int) -> dict[str, Any]:
    people = sum(counts.cohorts.get((week, arm, 0), 0) for week in weeks)
    again = sum(counts.cohorts.get((week, arm, days), 0) for week in weeks)
    low, high = wilson(again, people)
    return {
        "days": days, "people": people, "again": again, "rate": again / people if people else None, "low": low,
        "high": high,
    }  # fmt: skip
