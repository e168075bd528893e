"""The sample of an audit: nobody chooses it, it can be drawn again, and what changes later is noticed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seawall.develop.dataset.audit import (
    NotAuditable,
    SampleDamaged,
    SampleExists,
    SampleStale,
    bound,
    draw,
    open_sample,
    read_verdicts,
    verify_sample,
)
from seawall.develop.dataset.audit.draw import choose
from seawall.errors import UsageError
from seawall.policy.separation import NEVER_TRAINED, Partition
from tests.develop.dataset.audit.separated_data import KEPT, P, review, separated, stopped_clock


def test_a_draw_takes_the_sides_asked_for_and_names_where_each_item_came_from(out: Path) -> None:
    sample = draw(out, partitions=KEPT, size=40, by="ann", clock=stopped_clock)
    table = pq.read_table(out / "partitions.parquet").to_pylist()
    assert sample.size == 40
    assert sample.population == sum(row["partition"] in KEPT for row in table)
    assert len({entry.row for entry in sample.entries}) == 40
    for entry in sample.entries:
        row = table[entry.row]
        assert (entry.item, entry.partition) == (row["item"], row["partition"])
        assert entry.sha256 == row["sha256"].hex()
        assert entry.origin == row["origin"]
        assert entry.cluster == str(row["cluster"])
    assert open_sample(out) == sample
    assert (out / "audit" / "sample.jsonl").stat().st_mode & 0o077 == 0


def test_the_same_call_gives_the_same_sample_and_auditors_can_draw_it_again(out: Path) -> None:
    first = draw(out, partitions=KEPT, size=40, by="ann", clock=stopped_clock)
    assert draw(out, partitions=reversed(KEPT), size=40, by="bob") == first
    assert verify_sample(out) == first


def test_a_larger_draw_of_the_same_seed_begins_with_the_smaller(tmp_path: Path) -> None:
    sides = [P.NEITHER] * 100
    small = draw(separated(tmp_path / "a", sides), partitions=KEPT, size=10, by="ann")
    large = draw(separated(tmp_path / "b", sides), partitions=KEPT, size=60, by="ann")
    assert large.entries[:10] == small.entries


@pytest.mark.parametrize("change", [{"nonce": "word"}, {"commitment": "cd" * 32}, {"partitions": [P.NEITHER]}])
def test_what_is_committed_to_decides_the_sample(tmp_path: Path, change: dict[str, object]) -> None:
    sides = [P.NEITHER] * 300
    plain = {"partitions": KEPT, "size": 20, "by": "ann"}
    one = draw(separated(tmp_path / "a", sides), **plain)  # type: ignore[arg-type]
    two = draw(separated(tmp_path / "b", sides), **(plain | change))  # type: ignore[arg-type]
    assert {entry.row for entry in one.entries} != {entry.row for entry in two.entries}


@given(st.binary(min_size=32, max_size=32), st.integers(0, 300), st.integers(0, 300))
def test_numbers_are_chosen_without_replacement_and_a_longer_choice_begins_with_a_shorter(
    seed: bytes, one: int, two: int
) -> None:
    size, population = sorted((one, two))
    chosen = choose(seed, size, population)
    assert len(set(chosen)) == size
    assert all(0 <= number < population for number in chosen)
    assert choose(seed, population, population)[:size] == chosen


def test_every_item_has_the_same_chance(tmp_path: Path) -> None:
    out = separated(tmp_path / "out", [P.NEITHER, P.BOTH] * 10)
    taken: Counter[int] = Counter()
    for number in range(300):
        sample = draw(out, partitions=[P.NEITHER], size=4, by="ann", nonce=str(number), again=True)
        taken.update(entry.row for entry in sample.entries)
    assert set(taken) == set(range(0, 20, 2))
    assert stats.chisquare([taken[row] for row in range(0, 20, 2)]).pvalue > 0.001


def test_fewer_items_than_asked_for_are_all_taken(tmp_path: Path) -> None:
    out = separated(tmp_path / "out", [P.NEITHER] * 7)
    assert draw(out, partitions=KEPT, size=50, by="ann").size == 7
    review(out)
    assert bound(out).count_upper == 0


def test_another_draw_is_refused_or_counted_and_the_first_is_kept(out: Path) -> None:
    first = draw(out, partitions=KEPT, size=10, by="ann", clock=stopped_clock)
    review(out)
    with pytest.raises(SampleExists):
        draw(out, partitions=KEPT, size=11, by="ann")
    with pytest.raises(SampleExists, match="same seed"):
        draw(out, partitions=KEPT, size=11, by="ann", again=True)
    second = draw(out, partitions=KEPT, size=11, by="ann", nonce="two", again=True)
    assert (first.draw, second.draw) == (1, 2)
    assert read_verdicts(out, second) == []
    aside = out / "audit" / "draw-1"
    assert len((aside / "verdicts.jsonl").read_text().splitlines()) == 10
    assert json.loads((aside / "sample.json").read_bytes()) == first.to_dict()
    review(out)
    assert "draw 2" in bound(out).statement


def test_a_crash_between_two_draws_loses_neither_verdicts_nor_the_count(out: Path) -> None:
    draw(out, partitions=KEPT, size=10, by="ann")
    review(out)
    verdicts = (out / "audit" / "verdicts.jsonl").read_bytes()
    draw(out, partitions=KEPT, size=10, by="ann", nonce="two", again=True)
    (out / "audit" / "sample.json").unlink()
    (out / "audit" / "verdicts.jsonl").write_bytes(verdicts)
    assert draw(out, partitions=KEPT, size=10, by="ann", nonce="three").draw == 2
    (out / "audit" / "sample.json").unlink()
    (out / "audit" / "verdicts.jsonl").write_bytes(b"others\n")
    with pytest.raises(SampleDamaged):
        draw(out, partitions=KEPT, size=10, by="ann", nonce="four")


@pytest.mark.parametrize("side", sorted(NEVER_TRAINED))
def test_only_what_may_be_trained_on_is_audited(out: Path, side: Partition) -> None:
    with pytest.raises(UsageError):
        draw(out, partitions=[P.NEITHER, side], size=5, by="ann")


@pytest.mark.parametrize(
    "change", [{"size": 0}, {"size": -1}, {"size": 10**9}, {"by": " "}, {"by": "a\nb"}, {"partitions": []}]
)
def test_a_draw_that_makes_no_sense_is_refused(out: Path, change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        draw(out, **({"partitions": KEPT, "size": 5, "by": "ann"} | change))  # type: ignore[arg-type]


def test_what_is_no_separation_cannot_be_audited(tmp_path: Path) -> None:
    def refused(out: Path) -> str:
        with pytest.raises(NotAuditable) as caught:
            draw(out, partitions=KEPT, size=5, by="ann")
        return caught.value.message

    assert "exist" in refused(tmp_path / "missing")
    out = separated(tmp_path / "out", [P.BOTH] * 3)
    assert "no item" in refused(out)
    (out / "summary.json").write_text("{}")
    assert "ledger root" in refused(out)
    (out / "summary.json").write_text(json.dumps({"ledger_root": "ab"}))
    (out / "partitions.parquet").write_bytes(b"PAR1 no")
    assert "no table" in refused(out)
    pq.write_table(pa.table({"item": ["a"], "partition": ["neither"]}), out / "partitions.parquet")
    assert "'sha256'" in refused(out)


def test_partitions_that_changed_after_the_draw_are_noticed(out: Path) -> None:
    draw(out, partitions=KEPT, size=5, by="ann")
    review(out)
    assert bound(out).population
    separated(out, [P.NEITHER] * 400)
    with pytest.raises(SampleStale):
        bound(out)
    (out / "partitions.parquet").unlink()
    with pytest.raises(SampleStale):
        verify_sample(out)


@pytest.mark.parametrize("name", ["sample.json", "sample.jsonl"])
def test_a_sample_that_was_tampered_with_is_noticed(out: Path, name: str) -> None:
    draw(out, partitions=KEPT, size=5, by="ann")
    path = out / "audit" / name
    whole = path.read_bytes()
    for damaged in (b"", whole[:-9], whole.replace(b"neither", b"unknown"), whole.replace(b":5", b":4"), b"{}", b"[1]"):
        path.write_bytes(damaged)
        if damaged != whole:
            with pytest.raises(SampleDamaged):
                open_sample(out)


def test_a_sample_of_chosen_items_is_noticed(out: Path) -> None:
    honest = draw(out, partitions=KEPT, size=5, by="ann", clock=stopped_clock)
    other = draw(out, partitions=KEPT, size=5, by="ann", nonce="x", again=True, clock=stopped_clock)
    forged = type(honest)(
        **{name: getattr(other, name) for name in type(other).__slots__} | {"entries": honest.entries}
    )
    forged.write(out / "audit")
    with pytest.raises(SampleDamaged, match="seed"):
        bound(out, count_unreviewed=True)
    assert open_sample(out) == forged
    with pytest.raises(SampleDamaged, match="seed"):
        verify_sample(out)
