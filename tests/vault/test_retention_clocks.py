"""Retention clocks: data with their grounds, and days that are counted so that nothing ends too early."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.vault.retention import (
    ClockFormat,
    Clocks,
    Keeps,
    Period,
    RetentionClock,
    Start,
    UnknownClock,
    parse_clocks,
)

ROW = """
version: 1
clocks:
  - {{id: xx-1, place: XX, starts: receipt, keeps: content, period: {{days: 3}}, ground: g, source: s, seen: w{more}}}
"""
FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1990, 2200))
MOMENTS = st.datetimes(FIRST, LAST)
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def _clock(period: Period, zone: str = "UTC") -> RetentionClock:
    return RetentionClock("x", "XX", Start.RECEIPT, Keeps.CONTENT, period, "g", "s", "w", zone=zone)


def test_the_clocks_that_seawall_knows_say_what_the_laws_say_and_where_that_was_seen() -> None:
    periods = {clock.id: (str(clock.period), clock.keeps.value, clock.starts.value) for clock in Clocks.builtin()}
    assert periods == {
        "us-2258a-h1": ("1 year", "content", "receipt"),
        "uk-2026-268-content": ("1 year", "content", "receipt"),
        "uk-2026-268-reference": ("5 years", "reference", "receipt"),
        "ca-2011-4": ("21 days", "content", "receipt"),
        "eu-dsa-20": ("6 months", "content", "verdict"),
    }
    assert all(clock.source and clock.seen and clock.ground for clock in Clocks.builtin())
    assert [clock.id for clock in Clocks.builtin() if clock.destroy_after] == ["ca-2011-4"]


@pytest.mark.parametrize(
    ("start", "period", "until"),
    [
        ("2026-03-01T12:00:00+00:00", Period(years=1), "2027-03-02T00:00:00+00:00"),
        ("2028-02-29T00:00:00+00:00", Period(years=1), "2029-03-02T00:00:00+00:00"),
        ("2028-02-29T23:59:59+00:00", Period(years=4), "2032-03-01T00:00:00+00:00"),
        ("2028-02-29T10:00:00+00:00", Period(years=5), "2033-03-02T00:00:00+00:00"),
        ("2027-02-28T10:00:00+00:00", Period(years=1), "2028-02-29T00:00:00+00:00"),
        ("2026-12-20T10:00:00+00:00", Period(days=21), "2027-01-11T00:00:00+00:00"),
        ("2026-08-31T10:00:00+00:00", Period(months=6), "2027-03-02T00:00:00+00:00"),
        ("2026-12-31T23:30:00-05:00", Period(years=1), "2028-01-02T00:00:00+00:00"),
    ],
)
def test_a_clock_ends_with_the_day_in_utc(start: str, period: Period, until: str) -> None:
    assert _clock(period).until(datetime.fromisoformat(start)) == datetime.fromisoformat(until)


@given(MOMENTS, ZONES, st.integers(1, 10))
def test_a_clock_of_years_never_ends_before_so_many_years_and_at_most_two_days_after(
    moment: datetime, zone: timezone, years: int
) -> None:
    start = moment.replace(tzinfo=zone)
    until = _clock(Period(years=years)).until(start)
    same_day = start.astimezone(UTC)
    try:
        anniversary = same_day.replace(year=same_day.year + years)
    except ValueError:
        anniversary = same_day.replace(year=same_day.year + years, month=3, day=1)
    assert timedelta(0) < until - anniversary <= timedelta(days=1)
    assert until - start >= timedelta(days=365 * years)
    assert (until.hour, until.minute, until.second, until.microsecond, until.tzinfo) == (0, 0, 0, 0, UTC)


@given(MOMENTS, ZONES, ZONES, st.integers(1, 400))
def test_it_does_not_matter_in_which_zone_a_moment_is_written(
    moment: datetime, one: timezone, other: timezone, days: int
) -> None:
    start = moment.replace(tzinfo=one)
    clock = _clock(Period(days=days))
    assert clock.until(start) == clock.until(start.astimezone(other))
    assert timedelta(days=days) < clock.until(start) - start <= timedelta(days=days + 1)


@given(MOMENTS, MOMENTS, st.integers(0, 3), st.integers(0, 30), st.integers(1, 60))
def test_what_starts_later_never_ends_earlier(
    one: datetime, other: datetime, years: int, months: int, days: int
) -> None:
    clock = _clock(Period(years, months, days))
    first, second = sorted(each.replace(tzinfo=UTC) for each in (one, other))
    assert clock.until(first) <= clock.until(second)


@given(MOMENTS, st.sampled_from(["America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia"]))
def test_a_clock_whose_law_names_a_zone_ends_with_the_day_there(moment: datetime, zone: str) -> None:
    from zoneinfo import ZoneInfo

    start = moment.replace(tzinfo=UTC)
    until = _clock(Period(years=1), zone).until(start)
    there = until.astimezone(ZoneInfo(zone))
    assert there.date() > Period(years=1).after(start.astimezone(ZoneInfo(zone)).date())
    assert (until - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() <= there.date()
    assert until > start


def test_no_clock_is_shorter_than_what_the_profiles_of_jurisdictions_say() -> None:
    """The two are kept apart, since the vault lies below policy: this is what holds them together."""
    from seawall.policy.jurisdictions import shipped_profiles

    start, checked = datetime(2027, 5, 5, 5, tzinfo=UTC), set()
    for profile in shipped_profiles():
        for duty in profile.retention:
            if duty.of in ("report_contents", "computer_data"):
                ends = {clock.until(start) for clock in Clocks.builtin().of(Start.RECEIPT, [profile.code])
                        if clock.keeps is Keeps.CONTENT}  # fmt: skip
                assert max(ends) >= duty.until(start), duty.id
                checked.add(profile.code)
    assert checked == {"US", "GB", "CA"}


def test_a_moment_without_a_zone_starts_no_clock() -> None:
    with pytest.raises(ValueError, match="time zone"):
        _clock(Period(days=1)).until(FIRST)


def test_a_file_adds_clocks_and_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "clocks.yaml"
    path.write_text(ROW.format(more=", zone: America/New_York"))
    clocks = Clocks.load(path)
    assert clocks.get("xx-1").period == Period(days=3)
    assert clocks.get("us-2258a-h1").place == "US"
    assert [each.id for each in clocks.of(Start.RECEIPT, ["XX"])] == ["xx-1"]
    path.write_text(ROW.format(more="").replace("xx-1", "us-2258a-h1"))
    with pytest.raises(ClockFormat, match="twice"):
        Clocks.load(path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[", "not YAML"),
        ("version: 2\nclocks: []", "version: 1"),
        ("- 1", "version: 1"),
        (ROW.format(more=", colour: red"), "not known"),
        (ROW.format(more=", zone: Mars/North"), "zone"),
        (ROW.format(more=", zone: ../../etc/passwd"), "zone"),
        (ROW.format(more="").replace("days: 3", "days: 0"), "days"),
        (ROW.format(more="").replace("days: 3", "weeks: 3"), "period"),
        (ROW.format(more="").replace("days: 3", "days: true"), "days"),
        (ROW.format(more="").replace("receipt", "sunrise"), "starts"),
        (ROW.format(more="").replace("seen: w", "seen: ''"), "seen"),
        (ROW.format(more="").replace("place: XX", "place: x"), "place"),
        ("version: 1\nclocks: [&a [], *a]", "aliases"),
    ],
)
def test_clocks_that_make_no_sense_are_refused_by_number_and_field(text: str, what: str) -> None:
    with pytest.raises(ClockFormat, match=what):
        parse_clocks(text.encode())


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_they_are_clocks_or_refused(data: bytes) -> None:
    with suppress(ClockFormat):
        assert isinstance(parse_clocks(data), list)


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(UnknownClock, match="nope"):
        Clocks.builtin().get("nope")
    with pytest.raises(UnknownClock, match="ZZ"):
        Clocks.builtin().of(Start.RECEIPT, ["US", "ZZ"])
    assert Period(years=1, days=2).after(date(2028, 2, 29)) == date(2029, 3, 3)
