"""The time for an appeal: calendar months, leap days, short months, weekends, and zones in the party's favour."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.maintain.appeals import AppealOptionsInvalid, load_options, months_later, window_end

MOMENTS = st.integers(1_704_067_200, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@pytest.mark.parametrize(
    ("day", "later"),
    [
        ("2026-03-02", "2026-09-02"),
        ("2026-08-31", "2027-02-28"),
        ("2027-08-31", "2028-02-29"),
        ("2028-08-29", "2029-02-28"),
        ("2028-02-29", "2028-08-29"),
        ("2026-12-31", "2027-06-30"),
    ],
)
def test_six_months_end_on_the_day_of_the_same_number_or_the_last_of_the_month(day: str, later: str) -> None:
    assert months_later(date.fromisoformat(day), 6) == date.fromisoformat(later)


def test_a_window_that_would_end_on_a_weekend_goes_on_to_monday() -> None:
    # 5 September 2026 is a Saturday.
    assert window_end(datetime(2026, 3, 5, 9, tzinfo=UTC), 6) == datetime(2026, 9, 8, 12, tzinfo=UTC)


@given(MOMENTS, ZONES, st.integers(6, 24))
def test_wherever_the_party_is_it_has_all_its_months(told: datetime, zone: timezone, months: int) -> None:
    end = window_end(told, months)
    local = told.astimezone(zone).date()
    last = months_later(local, months)
    # The end of that day where the party is.
    assert end >= datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    assert end - told <= timedelta(days=31 * months + 5)
    assert (end - timedelta(hours=12, seconds=1)).weekday() < 5


@given(st.dates(date(1999, 1, 1), date(2200, 1, 1)), st.integers(0, 60), st.integers(0, 60))
def test_months_are_counted_on_the_calendar(day: date, some: int, more: int) -> None:
    later = months_later(day, some)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == some
    assert later.day == min(day.day, calendar.monthrange(later.year, later.month)[1])
    assert months_later(day, some) <= months_later(day, some + more)


@given(MOMENTS, MOMENTS)
def test_who_was_told_later_has_no_less_time(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    assert window_end(first, 6) <= window_end(second, 6)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        window_end(datetime(2026, 1, 1), 6)  # noqa: DTZ001 (that is what is tested)


@pytest.mark.parametrize("text", ["months: 5", "days: 0", "months: six", "other: 1", "- x", "ground: ''", "a: &b 1"])
def test_settings_never_make_the_time_shorter_than_the_law(tmp_path: Path, text: str) -> None:
    (tmp_path / "appeals.yaml").write_text(text)
    with pytest.raises(AppealOptionsInvalid):
        load_options(tmp_path)


def test_settings_can_make_the_time_longer(tmp_path: Path) -> None:
    assert load_options(tmp_path).months == 6
    (tmp_path / "appeals.yaml").write_text("months: 12\ndays: 7\nout_of_court: A certified body")
    assert load_options(tmp_path).months == 12
