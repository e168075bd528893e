"""Loads, breaks, opting out and stopping: enforced, computed from what was shown, and for nobody but the person."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.cases.model import Severity, Task, TaskKind
from seawall.errors import SeawallError
from seawall.ledger import Ledger
from seawall.maintain.review import Aggregates, BreakNotOver, Wellness, load_floor
from seawall.maintain.review.wellness import Reason, Week
from seawall.maintain.review.wellness.load import Pause, load
from seawall.store import Store
from seawall.store import tables as all_tables
from seawall.vault.derivatives.model import Rung
from seawall.vault.viewing.model import Exposure
from tests.maintain.review.conftest import COLLEAGUE, REVIEWER, Hands, Shown, a_case, new_id

FLOOR = load_floor()
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_a_look_costs_more_the_graver_the_higher_and_the_longer(wellness: Wellness, shown: Shown) -> None:
    def spent(**look: Any) -> float:
        shown.all.clear()
        shown.show(**look)
        return wellness.load(REVIEWER).spent

    plain = spent(severity=4, rung=Rung.FULL, visible_ms=15_000)
    assert plain == pytest.approx(6)
    assert spent(severity=3, rung=Rung.FULL, visible_ms=15_000) < plain
    assert spent(severity=4, rung=Rung.TILE, visible_ms=15_000) < plain
    assert spent(severity=4, rung=Rung.FULL, visible_ms=60_000) > plain
    assert spent(severity=4, rung=Rung.FULL, visible_ms=15_000, sound=True) > plain
    assert spent(severity=4, rung=Rung.METADATA, visible_ms=900_000) == 0
    assert spent(severity=0, rung=Rung.FULL, visible_ms=900_000) == 0


def test_half_and_four_fifths_of_the_budget_are_told_and_all_of_it_is_the_end(
    wellness: Wellness, shown: Shown, clock: Hands
) -> None:
    marks = []
    for _ in range(60):
        shown.show(visible_ms=0, rung=Rung.FULL)  # 4 units each, of 240
        clock.pass_by(minutes=31)  # never in need of a break
        clock.now -= timedelta(minutes=30, seconds=50)
        marks.append(wellness.load(REVIEWER).soft)
    assert sorted(set(marks)) == [0, 50, 80, 100]
    assert marks.index(50) == 29 and marks.index(80) == 47 and marks.index(100) == 59
    known = wellness.load(REVIEWER)
    assert Reason.BUDGET in known.reasons and not known.anything_allowed
    answer = wellness.may_take(REVIEWER, a_case(severity=Severity.LOW))
    assert not answer and "budget" in answer.why and answer.until is not None
    assert answer.until > clock.now


def test_a_night_makes_the_budget_whole_again_and_midnight_does_not(
    wellness: Wellness, shown: Shown, clock: Hands
) -> None:
    clock.now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    shown.show()
    spent = wellness.load(REVIEWER).spent
    assert spent > 0
    clock.pass_by(hours=1)
    assert wellness.load(REVIEWER).spent == spent
    clock.pass_by(hours=10)
    assert wellness.load(REVIEWER).spent == 0


def test_so_many_severe_items_a_day_and_then_only_others(wellness: Wellness, shown: Shown) -> None:
    wellness.set(REVIEWER, limits={"day_severe": 2})
    same = "a" * 64
    for rung in (Rung.TILE, Rung.STYLISED, Rung.FULL):
        shown.show(severity=3, rung=rung, sha256=same)
    assert wellness.load(REVIEWER).severe == 1, "a ladder on one item is one item"
    shown.show(severity=3, rung=Rung.CAPTION)
    assert wellness.load(REVIEWER).severe == 1, "words do not count as seen"
    shown.show(severity=4, rung=Rung.TILE)
    known = wellness.load(REVIEWER)
    assert known.severe == 2 and not known.severe_allowed and known.anything_allowed
    assert not wellness.may_take(REVIEWER, a_case(severity=Severity.HIGH))
    assert wellness.may_take(REVIEWER, a_case(severity=Severity.LOW))
    assert wellness.next_kind(REVIEWER).exclude_severe


def test_after_an_hour_of_severe_work_nothing_is_given_out_before_ten_minutes_of_break(
    wellness: Wellness, shown: Shown, clock: Hands
) -> None:
    for _ in range(6):
        shown.show(rung=Rung.CAPTION)
        clock.pass_by(minutes=10)
    known = wellness.load(REVIEWER)
    assert known.must_break and known.reasons == (Reason.BREAK_DUE,)
    assert not wellness.may_take(REVIEWER, a_case(severity=Severity.NONE))
    until = wellness.begin_break(REVIEWER)
    assert until == clock.now + timedelta(minutes=10)
    clock.pass_by(minutes=4)
    with pytest.raises(BreakNotOver, match="6 more minutes"):
        wellness.end_break(REVIEWER)
    assert not wellness.may_take(REVIEWER, a_case())
    clock.pass_by(minutes=6)
    assert wellness.end_break(REVIEWER)
    assert wellness.may_take(REVIEWER, a_case())
    assert wellness.load(REVIEWER).break_due is None


def test_work_that_is_not_severe_goes_on_for_two_hours_at_most(wellness: Wellness, shown: Shown, clock: Hands) -> None:
    for _ in range(11):
        shown.show(severity=1)
        clock.pass_by(minutes=10)
    assert wellness.may_take(REVIEWER, a_case(severity=Severity.LOW))
    shown.show(severity=1)
    clock.pass_by(minutes=10)
    assert wellness.load(REVIEWER).must_break


def test_a_break_that_was_not_due_may_be_given_up_and_counts_for_nothing(
    wellness: Wellness, shown: Shown, clock: Hands
) -> None:
    shown.show()
    due = wellness.load(REVIEWER).break_due
    wellness.begin_break(REVIEWER)
    assert wellness.load(REVIEWER).on_break
    clock.pass_by(minutes=3)
    assert not wellness.end_break(REVIEWER)
    assert wellness.load(REVIEWER).break_due == due
    assert wellness.end_break(REVIEWER), "there is none to end"


def test_a_break_in_which_something_was_shown_ended_there_and_begins_anew(
    wellness: Wellness, shown: Shown, clock: Hands
) -> None:
    shown.show()
    wellness.begin_break(REVIEWER)
    clock.pass_by(minutes=5)
    shown.show()
    clock.pass_by(minutes=6)
    assert wellness.load(REVIEWER).break_due is not None, "eleven minutes, but none of ten"
    assert not wellness.load(REVIEWER).on_break
    assert wellness.begin_break(REVIEWER) == clock.now + timedelta(minutes=10)
    assert wellness.load(REVIEWER).on_break


def test_half_an_hour_with_nothing_shown_was_a_break(wellness: Wellness, shown: Shown, clock: Hands) -> None:
    shown.show()
    clock.pass_by(minutes=29)
    assert wellness.load(REVIEWER).break_due is not None
    clock.pass_by(minutes=1)
    assert wellness.load(REVIEWER).break_due is None


def test_the_end_of_a_shift_is_free_of_severe_work_and_after_it_too(
    wellness: Wellness, shown: Shown, clock: Hands
) -> None:
    shift = wellness.begin_shift(REVIEWER, minutes=120)
    assert wellness.begin_shift(REVIEWER, minutes=480) == shift, "it runs, and is not lengthened"
    clock.pass_by(minutes=99)
    assert wellness.may_take(REVIEWER, a_case())
    clock.pass_by(minutes=1)
    assert wellness.next_kind(REVIEWER).reasons == (Reason.COOL_DOWN,)
    assert not wellness.may_take(REVIEWER, a_case())
    assert wellness.may_take(REVIEWER, a_case(severity=Severity.LOW))
    clock.pass_by(minutes=20)
    assert wellness.next_kind(REVIEWER).reasons == (Reason.SHIFT_OVER,)
    assert wellness.next_kind(REVIEWER).exclude_severe


def test_without_a_word_a_shift_begins_with_the_first_thing_shown(
    wellness: Wellness, shown: Shown, clock: Hands
) -> None:
    shown.show()
    clock.pass_by(hours=7, minutes=45)
    assert wellness.next_kind(REVIEWER).reasons == (Reason.COOL_DOWN,)


def test_after_three_severe_tasks_comes_one_that_is_not(wellness: Wellness, clock: Hands) -> None:
    kinds = []
    for _ in range(9):
        exclude = wellness.next_kind(REVIEWER).exclude_severe
        kinds.append(exclude)
        case = a_case(severity=Severity.LOW if exclude else Severity.CRITICAL)
        task = Task(new_id(), case.id, TaskKind.FIRST, "images", case.opened_at)
        wellness.took(REVIEWER, task, case)
        wellness.took(REVIEWER, task, case)
        clock.pass_by(seconds=30)
    assert kinds == [False, False, False, True, False, False, False, True, False]


def test_whoever_opts_out_is_asked_nothing_and_gets_none_of_it(wellness: Wellness, clock: Hands) -> None:
    wellness.opt_out(REVIEWER, "csem")
    assert not wellness.may_take(REVIEWER, a_case(category="csem.grooming"))
    assert wellness.may_take(REVIEWER, a_case(category="csam"))
    assert wellness.may_take(COLLEAGUE, a_case(category="csem.grooming"))
    assert wellness.next_kind(REVIEWER).exclude == {"csem"}
    wellness.opt_in(REVIEWER, "csem")
    assert wellness.may_take(REVIEWER, a_case(category="csem.grooming"))
    wellness.opt_out(REVIEWER, "csam", clock.now + timedelta(hours=2))
    clock.pass_by(hours=2)
    assert wellness.may_take(REVIEWER, a_case(category="csam")) and not wellness.opted_out(REVIEWER)


def test_not_today_means_nothing_severe_until_tomorrow(wellness: Wellness, clock: Hands) -> None:
    until = wellness.not_today(REVIEWER)
    assert not wellness.may_take(REVIEWER, a_case())
    assert wellness.may_take(REVIEWER, a_case(severity=Severity.LOW))
    clock.now = until
    assert wellness.may_take(REVIEWER, a_case())
    wellness.not_today(REVIEWER)
    wellness.opt_in(REVIEWER)
    assert wellness.may_take(REVIEWER, a_case())


def test_there_is_no_place_for_a_reason_anywhere() -> None:
    for name in ("opt_out", "not_today", "opt_in", "stop", "begin_break", "set"):
        assert "reason" not in inspect.signature(getattr(Wellness, name)).parameters
    for table in all_tables.metadata.sorted_tables:
        if table.name.startswith("wellness_"):
            assert not {"reason", "note", "why", "comment"} & set(table.columns.keys()), table.name


@dataclass
class Leases:
    """Tasks that somebody holds, one of which was lost."""

    tasks: list[Task] = field(default_factory=list)
    released: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def held(self, user_id: str) -> list[Task]:
        return [task for task in self.tasks if task.owner == user_id]

    def release(
        self, task_id: str, user_id: str, token: int, *, reason: str, draft: Mapping[str, Any] | None = None
    ) -> None:
        if token == 0:
            raise SeawallError("lost")
        self.released.append((task_id, reason, dict(draft or {})))


def test_stopping_gives_everything_back_with_its_draft_begins_a_break_and_tells_nobody(
    wellness: Wellness, store: Store, ledger: Ledger
) -> None:
    case = a_case()
    tasks = [
        Task(new_id(), case.id, TaskKind.FIRST, "images", case.opened_at, owner=owner, token=token, draft={"a": 1})
        for owner, token in ((REVIEWER, 0), (REVIEWER, 7), (COLLEAGUE, 3))
    ]
    leases = Leases(tasks)
    before = ledger.size
    stopped = wellness.stop(REVIEWER, leases)
    assert stopped.released == (tasks[1].id,)
    assert leases.released == [(tasks[1].id, "released", {"a": 1})]
    assert not wellness.may_take(REVIEWER, a_case())
    ledger.append_pending()
    assert ledger.size == before, "not in the ledger either"
    with store.read() as connection:
        assert connection.execute(all_tables.outbox.select()).first() is None


def test_nothing_about_wellness_is_in_the_ledger(wellness: Wellness, ledger: Ledger, clock: Hands) -> None:
    wellness.set(REVIEWER, limits={"day_severe": 5})
    wellness.opt_out(REVIEWER, "csam")
    wellness.not_today(REVIEWER)
    wellness.begin_break(REVIEWER)
    wellness.begin_shift(REVIEWER)
    clock.pass_by(minutes=20)
    wellness.end_break(REVIEWER)
    ledger.append_pending()
    assert ledger.size == 0


def test_what_is_over_is_deleted(wellness: Wellness, store: Store, clock: Hands) -> None:
    wellness.begin_shift(REVIEWER)
    wellness.begin_break(REVIEWER)
    wellness.not_today(REVIEWER)
    wellness.opt_out(REVIEWER, "csam")
    case = a_case()
    wellness.took(REVIEWER, Task(new_id(), case.id, TaskKind.FIRST, "q", case.opened_at), case)
    clock.pass_by(minutes=15)
    wellness.end_break(REVIEWER)
    assert wellness.forget() == 0
    clock.pass_by(days=31)
    assert wellness.forget() == 4
    assert wellness.opted_out(REVIEWER) == {"csam": None}, "kept until it is taken back"


_moments = st.lists(st.integers(0, 12 * 60), max_size=25)


@given(_moments, st.lists(st.tuples(st.integers(0, 700), st.integers(0, 60)), max_size=5), st.integers(0, 12 * 60))
def test_no_series_of_looks_and_breaks_leads_past_an_hour_of_severe_work(
    minutes: list[int], breaks: list[tuple[int, int]], now: int
) -> None:
    shown = [_exposure(START + timedelta(minutes=each)) for each in minutes]
    pauses = [Pause(START + timedelta(minutes=at), START + timedelta(minutes=at + length)) for at, length in breaks]
    moment = START + timedelta(minutes=now)
    known = load(shown, pauses, None, moment, FLOOR.limits, FLOOR.cost)
    past = sorted(each for each in minutes if each <= now)
    served = [(at, at + length) for at, length in breaks]

    def rested(one: int, other: int) -> bool:
        inside = [(max(at, one), min(end, other)) for at, end in served]
        return other - one >= 30 or any(end - at >= 10 for at, end in inside)

    began = None
    for before, at in zip([None, *past], past, strict=False):
        began = at if began is None or (before is not None and rested(before, at)) else began
    if past and rested(past[-1], now):
        began = None
    assert known.must_break == (began is not None and now - began >= 60)


@given(_moments, st.integers(0, 12 * 60), st.integers(1, 300))
def test_one_more_look_never_lightens_a_load(minutes: list[int], now: int, extra: int) -> None:
    shown = [_exposure(START + timedelta(minutes=each)) for each in minutes]
    moment = START + timedelta(minutes=now)
    one_more = [*shown, _exposure(START + timedelta(minutes=now - min(extra, now)))]
    before = load(shown, [], None, moment, FLOOR.limits, FLOOR.cost)
    after = load(one_more, [], None, moment, FLOOR.limits, FLOOR.cost)
    assert after.spent >= before.spent and after.severe >= before.severe
    assert after.must_break or not before.must_break


def _exposure(at: datetime) -> Exposure:
    moment = at.isoformat().replace("+00:00", "Z")
    return Exposure(new_id(), new_id(), new_id() * 2, REVIEWER, "c", "t", Rung.FULL, 4, moment)


def _aggregates(shown: Shown, people: int, clock: Hands) -> Aggregates:
    return Aggregates(shown, lambda: [f"{number:032x}" for number in range(people)], FLOOR, clock)


def test_managers_get_sums_over_five_people_or_nothing(shown: Shown, clock: Hands) -> None:
    for person in range(4):
        for _ in range(10):
            shown.show(f"{person:032x}")
    clock.pass_by(days=7)
    assert _aggregates(shown, 9, clock).week(date(2026, 3, 4)) is None
    for _ in range(10):
        shown.show(f"{4:032x}", at=datetime(2026, 3, 3, 9, tzinfo=UTC))
    found = _aggregates(shown, 9, clock).week(date(2026, 3, 4))
    assert found == Week(date(2026, 3, 2), 5, 40, 10, FLOOR.limits.day_units)


def test_a_sum_that_is_mostly_one_person_is_none(shown: Shown, clock: Hands) -> None:
    for person, looks in enumerate([1, 1, 1, 1, 30]):
        for _ in range(looks):
            shown.show(f"{person:032x}")
    clock.pass_by(days=7)
    assert _aggregates(shown, 5, clock).week(date(2026, 3, 2)) is None


def test_a_week_that_is_not_over_is_not_told(shown: Shown, clock: Hands) -> None:
    for person in range(6):
        shown.show(f"{person:032x}")
    clock.pass_by(days=6)
    assert _aggregates(shown, 6, clock).week(date(2026, 3, 2)) is None
    clock.pass_by(days=1)
    assert _aggregates(shown, 6, clock).week(date(2026, 3, 2)) is not None


def test_what_managers_get_has_no_place_for_a_person() -> None:
    assert {each.name for each in fields(Week)} == {"week", "people", "mean_units", "mean_severe", "budget"}
    public = [name for name, _ in inspect.getmembers(Aggregates, inspect.isfunction) if not name.startswith("_")]
    assert public == ["week"]
    assert list(inspect.signature(Aggregates.week).parameters) == ["self", "day"], "nobody chooses whom it is over"
