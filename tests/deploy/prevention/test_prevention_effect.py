"""Measurement: counters alone, each thing once, small groups left out; on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.decisions.recorder import Recorder
from seawall.deploy.prevention import Counts, read_counts, report
from seawall.deploy.prevention.effect import difference, hidden, mature, wilson
from seawall.errors import UsageError
from seawall.ledger import KeyFile, Ledger
from seawall.policy.guard import Tier
from seawall.store.tables import prevention_cohort, prevention_count, prevention_unit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.prevention.conftest import Bench

WEEK = "2026-W48"


def test_the_first_message_begins_a_follow_up_and_further_attempts_count_once(bench: Bench) -> None:
    bench.told("ada", "grace")
    bench.clock.move(hours=20)
    bench.told("ada", tier="T2")
    bench.clock.move(hours=1)
    bench.told("ada", tier="T2")
    bench.clock.move(days=9)
    bench.told("grace")
    assert bench.cohorts() == {
        (WEEK, "law", 0): 2,
        (WEEK, "law", 1): 1,
        (WEEK, "law", 7): 1,
        (WEEK, "law", 30): 2,
    }


def test_after_the_follow_up_a_new_one_begins(bench: Bench) -> None:
    bench.told("ada")
    bench.clock.move(days=31)
    bench.told("ada", arm="help")
    assert bench.cohorts() == {(WEEK, "law", 0): 1, ("2026-W52", "help", 0): 1}


def test_several_attempts_in_one_transaction_are_one_person(bench: Bench) -> None:
    bench.told("ada", "ada", "ada")
    assert bench.cohorts() == {(WEEK, "law", 0): 1}
    assert read_counts(bench.store).messages == {(WEEK, "T1.law.adult.en.1", "shown"): 3}


def test_drills_and_neutral_texts_and_minors_begin_no_follow_up(bench: Bench) -> None:
    bench.settle(
        bench.record("a", "T1.law.adult.en.1", drill=True),
        bench.record("b", "T0.neutral.adult.en.1", tier=Tier.T0),
        bench.record("c", "T1.plain.minor.en.1"),
        bench.record("d", "not one of ours"),
        bench.record("e", None, tier=None),
    )
    assert bench.cohorts() == {}
    assert set(read_counts(bench.store).messages) == {
        (WEEK, "T0.neutral.adult.en.1", "shown"),
        (WEEK, "T1.plain.minor.en.1", "shown"),
    }


def test_the_database_holds_no_account_and_no_prompt(bench: Bench) -> None:
    bench.told("ada-lovelace")
    with bench.store.read() as connection:
        rows = [
            dict(row)
            for table in (prevention_unit, prevention_count, prevention_cohort)
            for row in connection.execute(table.select()).mappings()
        ]
    assert len(rows) == 3
    assert "ada" not in json.dumps(rows)


def test_pseudonyms_are_forgotten_when_the_follow_up_is_over(bench: Bench) -> None:
    bench.told("ada")
    bench.clock.move(days=20)
    bench.told("grace")
    bench.clock.move(days=11)
    assert bench.meter.forget(bench.store) == 1
    with bench.store.read() as connection:
        assert len(connection.execute(prevention_unit.select()).all()) == 1
    assert bench.cohorts()[WEEK, "law", 0] == 1


def test_pseudonyms_also_go_as_others_are_refused(bench: Bench) -> None:
    bench.told("ada")
    bench.clock.move(days=31)
    bench.told("grace")
    with bench.store.read() as connection:
        assert len(connection.execute(prevention_unit.select()).all()) == 1
    assert bench.meter.forget(bench.store) == 0


def test_clicks_are_counted_by_message_and_nonsense_is_refused(bench: Bench) -> None:
    bench.meter.clicked(bench.store, "T1.law.adult.en.1")
    bench.meter.clicked(bench.store, "T1.law.adult.en.1")
    assert read_counts(bench.store).messages == {(WEEK, "T1.law.adult.en.1", "clicked"): 2}
    with pytest.raises(UsageError):
        bench.meter.clicked(bench.store, "https://example.org")


def test_a_transaction_that_fails_counts_nothing(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), bench.store.begin() as connection:
        bench.meter.settle(connection, [bench.record("ada", "T1.law.adult.en.1")])
        raise ZeroDivisionError
    assert bench.cohorts() == {}


def test_it_counts_what_the_recorder_records_and_a_repeated_request_once(bench: Bench, tmp_path: Path) -> None:
    import dataclasses

    ledger = Ledger.open(bench.store, KeyFile(tmp_path / "keys"))
    recorder = Recorder(bench.store, ledger, bytes(32), hooks=[bench.meter.settle])
    first = dataclasses.replace(bench.record("ada", "T1.law.adult.en.1"), request_id="r")
    recorder.record([first])
    recorder.record([dataclasses.replace(first, id=f"{99:032x}")])
    assert read_counts(bench.store).messages == {(WEEK, "T1.law.adult.en.1", "shown"): 1}


def test_the_report_compares_what_was_told_with_the_holdout(bench: Bench) -> None:
    told, held = [f"t{n}" for n in range(200)], [f"h{n}" for n in range(200)]
    bench.told(*told)
    bench.told(*held, arm="holdout")
    bench.clock.move(hours=2)
    bench.told(*told[:20], tier="T2")
    bench.told(*held[:100], tier="T2")
    bench.clock.move(days=60)
    found = bench.report()
    assert [row["days"] for row in found["effect"]] == [1, 7, 30]
    effect = found["effect"][0]
    assert (effect["told"], effect["held_out"], effect["enough"]) == (200, 200, True)
    assert effect["difference"] == pytest.approx(-0.4)
    assert effect["low"] < -0.4 < effect["high"] < -0.3
    assert found["weeks"][0]["again"][0]["rate"] == pytest.approx(0.5)
    assert not any("too few" in warning or "holds 0" in warning for warning in found["warnings"])
    json.dumps(found)


def test_few_people_give_a_warning_and_weeks_that_are_not_over_are_not_judged(bench: Bench) -> None:
    bench.told(*(f"t{n}" for n in range(20)))
    bench.told(*(f"h{n}" for n in range(20)), arm="holdout")
    assert bench.report()["weeks"][0]["again"] == []
    bench.clock.move(days=9)
    found = bench.report()
    assert [row["days"] for row in found["effect"]] == [1]
    assert any("too few" in warning for warning in found["warnings"])


def test_groups_under_the_floor_are_never_given() -> None:
    counts = Counts(
        {(WEEK, "T1.law.adult.en.1", "shown"): 4, (WEEK, "T1.harm.adult.en.1", "shown"): 40},
        {(WEEK, "law", 0): 4, (WEEK, "law", 7): 3, ("2026-W47", "law", 0): 50, ("2026-W46", "law", 0): 60},
    )
    found = report(counts, now=datetime(2027, 3, 1, tzinfo=UTC), floor=10)
    shown = {row["message"]: row["shown"] for row in found["messages"]}
    assert shown == {"T1.law.adult.en.1": None, "T1.harm.adult.en.1": 40}
    # A second week is hidden, since the first could be worked out from the sum.
    assert [row["people"] for row in found["weeks"]] == [60, None, None]


def test_no_measurement_is_said_to_be_none() -> None:
    found = report(Counts(), now=datetime(2027, 3, 1, tzinfo=UTC), floor=10)
    assert found["warnings"] == ["nothing was measured yet"]


def test_a_week_is_over_for_a_window_when_its_last_person_has_had_the_time() -> None:
    assert not mature(WEEK, 7, datetime(2026, 12, 6, 23, 59, tzinfo=UTC))
    assert mature(WEEK, 7, datetime(2026, 12, 7, 0, 0, tzinfo=UTC))


@given(st.integers(0, 500), st.integers(1, 500))
def test_an_interval_holds_the_rate_that_was_seen(count: int, trials: int) -> None:
    count = min(count, trials)
    low, high = wilson(count, trials)
    assert 0 <= low <= count / trials <= high <= 1
    delta, below, above = difference((count, trials), (trials - count, trials))
    assert below <= delta <= above


def test_wilsons_interval_is_the_published_one() -> None:
    low, high = wilson(10, 100)
    assert (low, high) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(5, 20))
def test_one_group_alone_is_never_hidden_among_others(sizes: list[int], floor: int) -> None:
    secret = hidden(sizes, floor)
    assert {place for place, size in enumerate(sizes) if 0 < size < floor} <= secret
    assert len(secret) != 1 or not any(size >= floor for size in sizes)


def test_workers_that_count_at_once_count_every_person_once(bench: Bench) -> None:
    def work(_: int) -> None:
        for number in range(6):
            bench.told(f"account-{number}", "everybody")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert bench.cohorts()[WEEK, "law", 0] == 7
    assert sum(read_counts(bench.store).messages.values()) == 48
