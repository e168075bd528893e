"""Retention clocks: data that say how long what must be kept, from when, and on what ground.

A clock ends at the end of a day, never earlier than its period after the moment that it starts at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from seawall.vault.retention.errors import ClockFormat, UnknownClock

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_PLACE = re.compile(r"[A-Z]{2}")
_FIELDS = frozenset({"id", "place", "starts", "keeps", "period", "ground", "source", "seen", "destroy_after", "zone"})
_UNITS = ("years", "months", "days")
_LONGEST = {"years": 100, "months": 1200, "days": 36_600}
_MOST_BYTES = 1 << 20
_MOST_CLOCKS = 1000
_LONGEST_TEXT = 500


class Start(StrEnum):
    """What starts a clock."""

    RECEIPT = "receipt"
    """The receipt of a completed report."""
    VERDICT = "verdict"
    """The verdict that nothing is to be reported."""


class Keeps(StrEnum):
    """What a clock keeps."""

    CONTENT = "content"
    """The object itself."""
    REFERENCE = "reference"
    """What says that there was a report: ids, digests and dates. The object may be destroyed."""


@dataclass(frozen=True, slots=True)
class Period:
    """A length in the calendar."""

    years: int = 0
    months: int = 0
    days: int = 0

    def after(self, day: date) -> date:
        """Return the day that is so much later; where there is none of that number, the first day after it."""
        months = day.month - 1 + self.months + 12 * self.years
        year, month = day.year + months // 12, months % 12 + 1
        try:
            moved = date(year, month, day.day)
        except ValueError:
            moved = date(year + month // 12, month % 12 + 1, 1)
        return moved + timedelta(days=self.days)

    def __str__(self) -> str:
        """Return it in words."""
        counts = [(self.years, "year"), (self.months, "month"), (self.days, "day")]
        return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in counts if count)


@dataclass(frozen=True, slots=True)
class RetentionClock:
    """A duty to keep.

    Attributes:
        id: Its name.
        place: Country whose law it is, or `EU`.
        starts: What starts it.
        keeps: What it keeps.
        period: How long.
        ground: The law, and what it says, in words.
        source: Where it is written.
        seen: What was read where.
        destroy_after: Whether the law also says to destroy then; another hold goes before that.
        zone: Where the day that it ends on is counted; default UTC.
    """

    id: str
    place: str
    starts: Start
    keeps: Keeps
    period: Period
    ground: str
    source: str
    seen: str
    destroy_after: bool = False
    zone: str = "UTC"

    def until(self, start: datetime) -> datetime:
        """Return the first moment at which this clock keeps nothing any more: the end of a day, in UTC.

        Raises:
            ValueError: If `start` is naive.
        """
        if start.tzinfo is None:
            raise ValueError("a clock starts at a moment with a time zone")
        zone = UTC if self.zone == "UTC" else ZoneInfo(self.zone)
        last = self.period.after(start.astimezone(zone).date())
        return datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


class Clocks:
    """A set of clocks by id.

    Args:
        clocks: No two with the same id.

    Raises:
        ClockFormat: If there are.
    """

    def __init__(self, clocks: Iterable[RetentionClock]) -> None:
        self._clocks: dict[str, RetentionClock] = {}
        for clock in clocks:
            if clock.id in self._clocks:
                raise ClockFormat(f"clock {clock.id} is there twice")
            self._clocks[clock.id] = clock

    def __iter__(self) -> Iterator[RetentionClock]:
        return iter(self._clocks.values())

    @classmethod
    def builtin(cls) -> Self:
        """Return the clocks that seawall knows."""
        return cls(_builtin())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the clocks that seawall knows with those of a file, which adds clocks and replaces none.

        Raises:
            ClockFormat: If the file is not of the form, or names a clock that is known.
        """
        return cls([*_builtin(), *parse_clocks(path.read_bytes())])

    def get(self, clock_id: str) -> RetentionClock:
        """Return a clock.

        Raises:
            UnknownClock: If there is none of this name.
        """
        found = self._clocks.get(clock_id)
        if found is None:
            raise UnknownClock(f"no retention clock is called {clock_id[:64]!r}")
        return found

    def of(self, start: Start, places: Iterable[str] | None = None) -> list[RetentionClock]:
        """Return the clocks that something starts, in these places or in all.

        Raises:
            UnknownClock: If there is none for a place that was named.
        """
        wanted = None if places is None else set(places)
        found = [each for each in self if each.starts is start and (wanted is None or each.place in wanted)]
        if wanted is not None and (missing := wanted - {each.place for each in found}):
            raise UnknownClock(f"no clock of {', '.join(sorted(missing))} starts at a {start.value}")
        return found


def parse_clocks(data: bytes) -> list[RetentionClock]:
    """Read clocks from YAML.

    Raises:
        ClockFormat: If it is not of the form; the message names the clock and the field.
    """
    import yaml

    if len(data) > _MOST_BYTES:
        raise ClockFormat("the file of clocks is too long")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(data, Loader=yaml.SafeLoader)):
            raise ClockFormat("aliases are refused")
        fields = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ClockFormat("the clocks are not YAML") from None
    if not isinstance(fields, dict) or fields.get("version") != 1 or not isinstance(fields.get("clocks"), list):
        raise ClockFormat("a file of clocks has version: 1 and a list of clocks")
    if len(fields["clocks"]) > _MOST_CLOCKS:
        raise ClockFormat(f"a file has at most {_MOST_CLOCKS} clocks")
    return [_clock(row, number) for number, row in enumerate(fields["clocks"], 1)]


@cache
def _builtin() -> tuple[RetentionClock, ...]:
    from importlib.resources import files

    return tuple(parse_clocks((files("seawall.vault.retention") / "data" / "clocks.yaml").read_bytes()))


def _clock(row: object, number: int) -> RetentionClock:
    if not isinstance(row, Mapping) or not _FIELDS.issuperset(row):
        raise ClockFormat(f"clock {number} has fields that are not known")
    texts = {name: row.get(name) for name in ("id", "place", "ground", "source", "seen")}
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_TEXT:
            raise ClockFormat(f"clock {number}: {name} is a text of 1 to {_LONGEST_TEXT} characters")
    if not _ID.fullmatch(str(texts["id"])) or not _PLACE.fullmatch(str(texts["place"])):
        raise ClockFormat(f"clock {number}: id is a word in small letters, place two capital letters")
    try:
        starts, keeps = Start(str(row.get("starts"))), Keeps(str(row.get("keeps")))
    except ValueError:
        raise ClockFormat(f"clock {number}: starts is receipt or verdict, keeps is content or reference") from None
    destroy_after, zone = row.get("destroy_after", False), row.get("zone", "UTC")
    if not isinstance(destroy_after, bool) or not isinstance(zone, str):
        raise ClockFormat(f"clock {number}: destroy_after is true or false, zone a name")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ClockFormat(f"clock {number}: the zone is not known") from None
    named = {name: str(value) for name, value in texts.items()}
    period = _period(row.get("period"), number)
    return RetentionClock(starts=starts, keeps=keeps, period=period, destroy_after=destroy_after, zone=zone, **named)


def _period(value: Any, number: int) -> Period:
    if not isinstance(value, Mapping) or not value or not set(_UNITS).issuperset(value):
        raise ClockFormat(f"clock {number}: a period has years, months or days")
    counts = {}
    for unit, count in value.items():
        if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= _LONGEST[unit]:
            raise ClockFormat(f"clock {number}: {unit} is a whole number from 1 to {_LONGEST[unit]}")
        counts[str(unit)] = count
    return Period(**counts)
