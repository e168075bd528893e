"""Sums over everybody who reviewed in a week, for those who plan the work: five people or more, or nothing at all.

Nobody chooses whom a sum is over, nobody asks for a week that is not over, and where one person's part is half of it
there is none. Means are rounded, so that they tell of a team and not of whoever joined it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from seawall.clock import Clock
from seawall.maintain.review.wellness.floor import Floor
from seawall.maintain.review.wellness.load import moment
from seawall.maintain.review.wellness.model import Viewing

LEAST_PEOPLE = 5
_UNITS = 10
_LARGEST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Week:
    """What those who reviewed in a week met on average.

    Attributes:
        week: Its Monday.
        people: How many they were; five or more.
        mean_units: Units a person, rounded to tens.
        mean_severe: Severe looks a person, rounded to tens.
        budget: Units of one working day, to compare with.
    """

    week: date
    people: int
    mean_units: int
    mean_severe: int
    budget: int


class Aggregates:
    """Sums by week.

    Args:
        viewing: Tells what was shown to somebody.
        people: Returns the ids of everybody who may review; fixed where this is made, never by who asks.
        floor: What looks cost.
        clock: Tells the time.
    """

    def __init__(self, viewing: Viewing, people: Callable[[], Sequence[str]], floor: Floor, clock: Clock) -> None:
        self._viewing = viewing
        self._people = people
        self._floor = floor
        self._clock = clock

    def week(self, day: date) -> Week | None:
        """Return the sums of the week that a day is in; None if there are none to be told."""
        monday = day - timedelta(days=day.weekday())
        begins = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
        ends = begins + timedelta(days=7)
        if self._clock() < ends:
            return None
        cost = self._floor.cost
        units, severe = [], []
        for person in set(self._people()):
            shown = [each for each in self._viewing.exposures(person, begins) if moment(each.shown_at) < ends]
            if shown:
                units.append(
                    sum(cost.units(each.severity, each.rung, each.visible_ms, sound=each.sound) for each in shown)
                )
                severe.append(sum(each.severity >= cost.severe_from and each.rung.shows_content for each in shown))
        if len(units) < LEAST_PEOPLE or _dominated(units) or _dominated([float(each) for each in severe]):
            return None
        count = len(units)
        return Week(
            monday, count, _rounded(sum(units) / count), _rounded(sum(severe) / count), self._floor.limits.day_units
        )


def _dominated(parts: Sequence[float]) -> bool:
    return sum(parts) > 0 and max(parts) > _LARGEST_SHARE * sum(parts)


def _rounded(value: float) -> int:
    return _UNITS * round(value / _UNITS)
