"""Wellness of those who review: how things are first shown to them, how much they meet, and when they rest.

What is known here of a person is for that person alone. It is in no ledger, in no log and in no figure but sums over
five people or more, and nothing here asks or keeps why. (That somebody was shown a file is on the record of viewing,
which reports to authorities rest on.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from seawall.cases.model import Case, Task
from seawall.errors import SeawallError, UsageError
from seawall.maintain.review.errors import BreakNotOver
from seawall.maintain.review.wellness import _rows, settings
from seawall.maintain.review.wellness.floor import Floor, lineage
from seawall.maintain.review.wellness.lattice import Choice, Limits, Preset
from seawall.maintain.review.wellness.load import LOOK_BACK, Load, Reason, Shift, load
from seawall.maintain.review.wellness.model import Answer, Leases, Next, OwnSettings, Stopped, Viewing
from seawall.vault.derivatives.model import Rung

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.store import Store
    from seawall.vault.viewing.model import Exposure

RELEASED = "released"
"""The reason that a stop gives for giving a task back: that of anybody who gives one back."""

_LOCK = "wellness"
_LONGEST_CATEGORY = 64


class Wellness:
    """Settings, loads, breaks and opt-outs of those who review.

    Whoever calls it makes sure that `user` is the person who asks: it has no answer for anybody else.

    Args:
        store: The database.
        viewing: Tells what was shown to somebody.
        floor: What nobody goes below.
    """

    def __init__(self, store: Store, viewing: Viewing, floor: Floor) -> None:
        self.floor = floor
        self._store = store
        self._viewing = viewing

    def settings(self, user: str) -> OwnSettings:
        """Return what holds for somebody: the floor's, and where they are stricter, theirs."""
        with self._store.read() as connection:
            return settings.own(self.floor, _rows.choice_of(connection, user))

    def set(
        self,
        user: str,
        *,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> OwnSettings:
        """Choose something for oneself.

        Args:
            user: Who.
            presets: By harm type, then setting; None as a value goes back to the floor's.
            limits: By name; the same.

        Raises:
            TooLoose: If a value is looser than the floor.
        """
        with self._store.begin(alone=_LOCK) as connection:
            before = _rows.choice_of(connection, user)
            choice = settings.changed(self.floor, before, presets or {}, limits or {})
            _rows.keep_choice(connection, user, choice, self._store.clock())
        return settings.own(self.floor, choice)

    def preset(self, user: str, category: str) -> Preset:
        """Return how something of a category is first shown to somebody."""
        with self._store.read() as connection:
            return self.floor.preset(category, _rows.choice_of(connection, user))

    def start_rung(self, user: str, category: str) -> Rung:
        """Return the rung on which a page of a category opens for somebody."""
        return self.preset(user, category).start

    def load(self, user: str, now: datetime | None = None) -> Load:
        """Return what somebody has met on this working day, for nobody but them."""
        moment = now or self._store.clock()
        exposures = self._viewing.exposures(user, moment - LOOK_BACK)
        with self._store.read() as connection:
            return self._load(connection, user, moment, exposures)[0]

    def begin_shift(self, user: str, minutes: int | None = None) -> Shift:
        """Say that work begins, and for how long; at most as long as the limits say.

        A shift that was announced and runs stays as it is.
        """
        now = self._store.clock()
        with self._store.begin(alone=_LOCK) as connection:
            running = _rows.shift_of(connection, user)
            if running is not None and running.began <= now < running.ends:
                return running
            longest = self.floor.limits_of(_rows.choice_of(connection, user)).shift_minutes
            length = max(1, min(minutes or longest, longest))
            shift = Shift(now, now + timedelta(minutes=length))
            _rows.add_shift(connection, user, shift)
        return shift

    def begin_break(self, user: str) -> datetime:
        """Begin a break, and return when it has been long enough. One that runs goes on."""
        now = self._store.clock()
        on_break = self.load(user, now).on_break
        with self._store.begin(alone=_LOCK) as connection:
            running = self._begin_break(connection, user, now, on_break=on_break)
            length = self.floor.limits_of(_rows.choice_of(connection, user)).break_minutes
        return running + timedelta(minutes=length)

    def end_break(self, user: str) -> bool:
        """End a break; return whether it was long enough to count as one.

        Raises:
            BreakNotOver: If a break was due, and this one is not long enough yet.
        """
        now = self._store.clock()
        before = self.load(user, now)
        with self._store.begin(alone=_LOCK) as connection:
            running = _rows.running(connection, user)
            if running is None:
                return True
            length = timedelta(minutes=self.floor.limits_of(_rows.choice_of(connection, user)).break_minutes)
            served = now - running[1] >= length
            # Its own clock keeps running during a short break: what was due is still due.
            due = before.break_due is not None and before.break_due <= now
            if due and not served:
                left = running[1] + length - now
                raise BreakNotOver(f"this break lasts {-(-left.total_seconds() // 60):.0f} more minutes", hint="")
            _rows.end(connection, running[0], now)
        return served

    def stop(self, user: str, leases: Leases) -> Stopped:
        """Stop at once: give every task back with its draft, and begin a break. Nobody is told.

        Args:
            user: Who.
            leases: Gives tasks back.
        """
        now = self._store.clock()
        # The break comes first: whatever else fails, nothing more is given out.
        on_break = self.load(user, now).on_break
        with self._store.begin(alone=_LOCK) as connection:
            self._begin_break(connection, user, now, on_break=on_break)
        released = []
        for task in leases.held(user):
            try:
                leases.release(task.id, user, task.token, reason=RELEASED, draft=task.draft)
            except SeawallError:
                continue  # The lease ended by itself: the task is free, and its draft is kept.
            released.append(task.id)
        return Stopped(tuple(released), now)

    def opt_out(self, user: str, category: str, until: datetime | None = None) -> None:
        """Take no tasks of a category (`csem` stands for `csem.grooming` too), until a moment or until `opt_in`."""
        name = _category(category)
        now = self._store.clock()
        with self._store.begin() as connection:
            _rows.add_opt_out(connection, user, name, until, now)

    def not_today(self, user: str) -> datetime:
        """Take nothing severe for the rest of this day; return until when."""
        now = self._store.clock()
        until = now + timedelta(hours=self.floor.not_today_hours)
        with self._store.begin() as connection:
            _rows.add_opt_out(connection, user, _rows.EVERYTHING, until, now)
        return until

    def opt_in(self, user: str, category: str | None = None) -> None:
        """Take tasks of a category again; without one, end "not today"."""
        name = _rows.EVERYTHING if category is None else _category(category)
        with self._store.begin() as connection:
            _rows.drop_opt_out(connection, user, name)

    def opted_out(self, user: str) -> dict[str, datetime | None]:
        """Return the categories that somebody does not take now, `*` for "not today", with when that ends."""
        with self._store.read() as connection:
            return _rows.opt_outs(connection, user, self._store.clock())

    def may_take(self, user: str, case: Case) -> Answer:
        """Whether somebody may take a case on; if not, why, and until when."""
        said = self.next_kind(user)
        severe = self.severe(case)
        reasons = [] if said.anything else list(said.reasons)
        if severe and said.anything and said.exclude_severe:
            reasons += [each for each in said.reasons if each not in reasons]
        if not said.exclude.isdisjoint(lineage(case.category)[:-1]):
            reasons.append(Reason.OPTED_OUT)
        return Answer(tuple(reasons), said.until if reasons else None)

    def next_kind(self, user: str) -> Next:
        """Return what kind of task comes next: after some severe ones, one that is not."""
        now = self._store.clock()
        exposures = self._viewing.exposures(user, now - LOOK_BACK)
        with self._store.read() as connection:
            known, limits = self._load(connection, user, now, exposures)
            outs = _rows.opt_outs(connection, user, now)
            most = limits.severe_in_a_row
            row = _rows.severe_in_a_row(connection, user, known.day_began or now - LOOK_BACK, most) if most else 0
        reasons = list(known.reasons)
        if row >= most:
            reasons.append(Reason.ALTERNATE)
        if _rows.EVERYTHING in outs:
            reasons.append(Reason.NOT_TODAY)
        return Next(
            anything=known.anything_allowed,
            exclude_severe=bool(reasons),
            exclude=frozenset(outs) - {_rows.EVERYTHING},
            reasons=tuple(reasons),
            until=known.until,
        )

    def took(self, user: str, task: Task, case: Case) -> None:
        """Keep that somebody took a task on, so that severe ones alternate with others."""
        with self._store.begin() as connection:
            _rows.add_turn(connection, user, task.id, severe=self.severe(case), at=self._store.clock())

    def severe(self, case: Case) -> bool:
        """Whether a case counts as severe."""
        return case.severity >= self.floor.cost.severe_from

    def choice(self, user: str) -> Choice:
        """Return what somebody chose, without the floor's."""
        with self._store.read() as connection:
            return _rows.choice_of(connection, user)

    def forget(self) -> int:
        """Delete breaks, shifts and turns that are older than the floor keeps them, and opt-outs that are over."""
        now = self._store.clock()
        with self._store.begin() as connection:
            return _rows.forget(connection, now - timedelta(days=self.floor.keep_days), now)

    def _load(
        self, connection: Connection, user: str, moment: datetime, exposures: Sequence[Exposure]
    ) -> tuple[Load, Limits]:
        limits = self.floor.limits_of(_rows.choice_of(connection, user))
        pauses = _rows.pauses(connection, user, moment - LOOK_BACK)
        shift = _rows.shift_of(connection, user)
        return load(exposures, pauses, shift, moment, limits, self.floor.cost), limits

    def _begin_break(self, connection: Connection, user: str, now: datetime, *, on_break: bool) -> datetime:
        running = _rows.running(connection, user)
        if running is not None and on_break:
            return running[1]
        if running is not None:
            # Something was shown in it: it counts until then, and this one is new.
            _rows.end(connection, running[0], now)
        _rows.begin(connection, user, now)
        return now


def _category(text: str) -> str:
    if not text or len(text) > _LONGEST_CATEGORY or not text.isprintable() or text == _rows.EVERYTHING:
        raise UsageError("a category is a word such as csam, or csem.grooming")
    return text
