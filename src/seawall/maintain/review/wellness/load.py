"""What somebody has met on this working day, and whether they may go on: computed from exposures and breaks.

A working day begins with the first exposure after a night's rest, so that no time zone and no midnight resets it.
In doubt more is counted: what was shown counts from its first moment; a break in which something was shown ends there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from seawall.maintain.review.wellness.floor import Cost
from seawall.maintain.review.wellness.lattice import Limits
from seawall.vault.viewing.model import Exposure

SOFT = (50, 80)
"""Percent of the budget at which a person is told."""

LOOK_BACK = timedelta(days=4)
"""How far back exposures can matter."""


class Reason(StrEnum):
    """Why somebody should, or must, do something else now. The wording is that of whoever shows it."""

    BREAK_DUE = "break_due"
    ON_BREAK = "on_break"
    BUDGET = "budget"
    SEVERE_CAP = "severe_cap"
    COOL_DOWN = "cool_down"
    SHIFT_OVER = "shift_over"
    ALTERNATE = "alternate"
    OPTED_OUT = "opted_out"
    NOT_TODAY = "not_today"

    @property
    def words(self) -> str:
        """The reason in English."""
        return _WORDS[self]


_WORDS = {
    Reason.BREAK_DUE: "a break is due",
    Reason.ON_BREAK: "you are on a break",
    Reason.BUDGET: "today's budget is spent",
    Reason.SEVERE_CAP: "today's number of severe items is reached",
    Reason.COOL_DOWN: "the end of a shift is kept free of severe work",
    Reason.SHIFT_OVER: "your shift is over",
    Reason.ALTERNATE: "something harmless comes in between",
    Reason.OPTED_OUT: "you opted out of this category",
    Reason.NOT_TODAY: "you said: not today",
}


@dataclass(frozen=True, slots=True)
class Pause:
    """A break that somebody took.

    Attributes:
        began: When.
        ended: When; None while it lasts.
    """

    began: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift, as somebody announced it, or as it follows from the first exposure of the day."""

    began: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody has met on this working day, for nobody but them.

    Attributes:
        spent, budget: Units.
        soft: The highest mark in percent that was passed: 0, 50, 80 or 100.
        severe, severe_cap: Severe items seen in any form but words, and how many may be.
        must_break: Whether nothing more is given out before a break, or before the break that runs is over.
        until: When that ends, or the day's budget is whole again.
        why: Why nothing, or nothing severe, is given out now, in words; empty if all is.
        reasons: The same as values.
        break_due: When the next break is due, if work goes on; None if nothing was shown since the last.
        on_break: Whether a break runs.
        shift: The shift that runs, or ran last; None if nothing was shown today.
        day_began: When this working day began; None if nothing was shown.
    """

    spent: float
    budget: int
    soft: int
    severe: int
    severe_cap: int
    must_break: bool
    until: datetime | None
    why: tuple[str, ...]
    reasons: tuple[Reason, ...]
    break_due: datetime | None
    on_break: bool
    shift: Shift | None
    day_began: datetime | None

    @property
    def severe_allowed(self) -> bool:
        """Whether something severe may be given out."""
        return not self.reasons

    @property
    def anything_allowed(self) -> bool:
        """Whether anything may be given out: what is not severe may while only severe work is over."""
        return not self.must_break and Reason.BUDGET not in self.reasons


def load(
    exposures: Sequence[Exposure],
    pauses: Sequence[Pause],
    shift: Shift | None,
    now: datetime,
    limits: Limits,
    cost: Cost,
) -> Load:
    """Return what somebody has met.

    Args:
        exposures: All of theirs of the last `LOOK_BACK`.
        pauses: Their breaks of that time.
        shift: The one that they announced last, if any.
        now: The moment.
        limits: Theirs.
        cost: What one look costs.
    """
    shown = sorted(((moment(each.shown_at), each) for each in exposures), key=lambda pair: pair[0])
    shown = [pair for pair in shown if pair[0] <= now]
    day = _day(shown, now, timedelta(hours=limits.rest_hours))
    spent = sum(cost.units(each.severity, each.rung, each.visible_ms, sound=each.sound) for _, each in day)
    severe = len({(each.sha256, each.task) for _, each in day if _severe(each, cost) and each.rung.shows_content})
    percent = 100 * spent / limits.day_units
    breaks = _Breaks(day, pauses, now, limits, cost)
    running = _shift(day, shift, now, limits)
    reasons = breaks.reasons()
    if percent >= 100:
        reasons.append(Reason.BUDGET)
    if severe >= limits.day_severe:
        reasons.append(Reason.SEVERE_CAP)
    if running is not None and now >= running.ends:
        reasons.append(Reason.SHIFT_OVER)
    elif running is not None and now >= running.ends - timedelta(minutes=limits.cool_down_minutes):
        reasons.append(Reason.COOL_DOWN)
    whole_again = day[-1][0] + timedelta(hours=limits.rest_hours) if day else None
    spent_out = Reason.BUDGET in reasons or Reason.SEVERE_CAP in reasons or Reason.SHIFT_OVER in reasons
    return Load(
        spent=round(spent, 3),
        budget=limits.day_units,
        soft=max((mark for mark in (0, *SOFT, 100) if percent >= mark), default=0),
        severe=severe,
        severe_cap=limits.day_severe,
        must_break=breaks.must,
        until=breaks.until() if breaks.must else whole_again if spent_out else None,
        why=tuple(each.words for each in reasons),
        reasons=tuple(reasons),
        break_due=breaks.due,
        on_break=breaks.running is not None,
        shift=running,
        day_began=day[0][0] if day else None,
    )


def moment(text: str) -> datetime:
    """Return a recorded moment."""
    return datetime.fromisoformat(text).astimezone(UTC)


_Shown = Sequence[tuple[datetime, Exposure]]


def _severe(each: Exposure, cost: Cost) -> bool:
    return each.severity >= cost.severe_from


def _day(shown: _Shown, now: datetime, rest: timedelta) -> _Shown:
    """Return the exposures since the last rest."""
    first, later = len(shown), now
    while first and later - shown[first - 1][0] < rest:
        first -= 1
        later = shown[first][0]
    return shown[first:]


def _shift(day: _Shown, announced: Shift | None, now: datetime, limits: Limits) -> Shift | None:
    implied = Shift(day[0][0], day[0][0] + timedelta(minutes=limits.shift_minutes)) if day else None
    if announced is None or announced.began > now:
        return implied
    longest = announced.began + timedelta(minutes=limits.shift_minutes)
    announced = Shift(announced.began, min(announced.ends, longest))
    # One that is over does not answer for a day that began after it.
    return announced if implied is None or implied.began <= announced.ends else implied


class _Breaks:
    """When somebody last rested within the day, and when they must again."""

    def __init__(self, day: _Shown, pauses: Sequence[Pause], now: datetime, limits: Limits, cost: Cost) -> None:
        self._now = now
        self._shortest = timedelta(minutes=limits.break_minutes)
        idle = timedelta(minutes=limits.idle_minutes)
        ends = sorted(at for at, _ in day)
        taken = [(each.began, _ended(each, ends, now)) for each in pauses if each.began <= now]
        open_ones = [each for each in pauses if each.ended is None and each.began <= now]
        broken = any(at > each.began for each in open_ones for at in ends)
        self.running = None if broken or not open_ones else max(open_ones, key=lambda each: each.began)
        began: datetime | None = None
        severe: datetime | None = None
        before: datetime | None = None
        for at, each in day:
            if before is not None and self._rested(taken, before, at, idle):
                began = severe = None
            began = began or at
            severe = severe or (at if _severe(each, cost) else None)
            before = at
        if before is not None and self._rested(taken, before, now, idle):
            began = severe = None
        limits_at = [began + timedelta(minutes=limits.longest_minutes)] if began else []
        limits_at += [severe + timedelta(minutes=limits.severe_minutes)] if severe else []
        self.due = min(limits_at, default=None)
        # A break that was begun is taken to its end, due or not; one that was not due can be given up.
        self.overdue = self.due is not None and now >= self.due
        self.must = self.overdue or self.running is not None

    def reasons(self) -> list[Reason]:
        if self.running is not None:
            return [Reason.ON_BREAK]
        return [Reason.BREAK_DUE] if self.overdue else []

    def until(self) -> datetime:
        """Return when a break would have been long enough."""
        return max(self._now, (self.running.began if self.running else self._now) + self._shortest)

    def _rested(
        self, taken: Sequence[tuple[datetime, datetime]], first: datetime, last: datetime, idle: timedelta
    ) -> bool:
        if last - first >= idle:
            return True
        return any(min(end, last) - max(start, first) >= self._shortest for start, end in taken)


def _ended(pause: Pause, shown: Sequence[datetime], now: datetime) -> datetime:
    """Return when a break was over: when it was ended, or when something was shown in it."""
    end = pause.ended or now
    return next((at for at in shown if pause.began < at < end), end)
