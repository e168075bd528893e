"""The audit from draw to bound: nobody chooses the sample, nothing is lost, and the bound holds as often as it says."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seawall.develop.dataset.audit import (
    AuditError,
    NoSample,
    NotAuditable,
    SampleDamaged,
    SampleExists,
    SampleStale,
    Unfinished,
    Verdict,
    VerdictConflict,
    bound,
    draw,
    open_sample,
    read_verdicts,
    record,
    verify_sample,
)
from seawall.develop.dataset.audit._places import audit_lock
from seawall.develop.dataset.audit.draw import choose
from seawall.errors import NotFound, StateLocked, UsageError
from seawall.policy.separation import NEVER_TRAINED, Partition, binomial_upper

P = Partition
KEPT = [P.NEITHER, P.CHILD_DEPICTION]


def _clock() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)


def _separated(out: Path, sides: list[Partition], *, root: str = "ab" * 32, group: int = 50) -> Path:
    """Write what a separation writes, as far as an audit reads it."""
    out.mkdir(parents=True, exist_ok=True)
    digests = [hashlib.sha256(str(number).encode()).digest() for number in range(len(sides))]
    origin = pa.struct([("dataset", pa.string()), ("offset", pa.int64())])
    table = pa.table(
        {
            "item": [f"photos/{number}.jpg" for number in range(len(sides))],
            "sha256": pa.array(digests, pa.binary()),
            "partition": [side.value for side in sides],
            "cluster": pa.array(range(len(sides)), pa.int64()),
            "origin": pa.array([{"dataset": "made", "offset": number} for number in range(len(sides))], origin),
        }
    )
    pq.write_table(table, out / "partitions.parquet", row_group_size=group)
    (out / "summary.json").write_text(json.dumps({"ledger_root": root}))
    return out


@pytest.fixture
def out(tmp_path: Path) -> Path:
    chance = random.Random(1)
    return _separated(tmp_path / "out", chance.choices(list(P), k=400))


def _review(out: Path, leaks: frozenset[int] = frozenset(), by: str = "ann") -> None:
    for entry in open_sample(out).entries:
        record(out, entry.number, Verdict.LEAK if entry.row in leaks else Verdict.OK, by=by, clock=_clock)


def test_a_draw_takes_the_sides_asked_for_and_names_where_each_item_came_from(out: Path) -> None:
    sample = draw(out, partitions=KEPT, size=40, by="ann", clock=_clock)
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
    first = draw(out, partitions=KEPT, size=40, by="ann", clock=_clock)
    assert draw(out, partitions=reversed(KEPT), size=40, by="bob") == first
    assert verify_sample(out) == first


def test_a_larger_draw_of_the_same_seed_begins_with_the_smaller(tmp_path: Path) -> None:
    sides = [P.NEITHER] * 100
    small = draw(_separated(tmp_path / "a", sides), partitions=KEPT, size=10, by="ann")
    large = draw(_separated(tmp_path / "b", sides), partitions=KEPT, size=60, by="ann")
    assert large.entries[:10] == small.entries


@pytest.mark.parametrize("change", [{"nonce": "word"}, {"commitment": "cd" * 32}, {"partitions": [P.NEITHER]}])
def test_what_is_committed_to_decides_the_sample(tmp_path: Path, change: dict[str, object]) -> None:
    sides = [P.NEITHER] * 300
    plain = {"partitions": KEPT, "size": 20, "by": "ann"}
    one = draw(_separated(tmp_path / "a", sides), **plain)  # type: ignore[arg-type]
    two = draw(_separated(tmp_path / "b", sides), **(plain | change))  # type: ignore[arg-type]
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
    out = _separated(tmp_path / "out", [P.NEITHER, P.BOTH] * 10)
    taken: Counter[int] = Counter()
    for number in range(300):
        sample = draw(out, partitions=[P.NEITHER], size=4, by="ann", nonce=str(number), again=True)
        taken.update(entry.row for entry in sample.entries)
    assert set(taken) == set(range(0, 20, 2))
    assert stats.chisquare([taken[row] for row in range(0, 20, 2)]).pvalue > 0.001


def test_fewer_items_than_asked_for_are_all_taken(tmp_path: Path) -> None:
    out = _separated(tmp_path / "out", [P.NEITHER] * 7)
    assert draw(out, partitions=KEPT, size=50, by="ann").size == 7
    _review(out)
    assert bound(out).count_upper == 0


def test_another_draw_is_refused_or_counted_and_the_first_is_kept(out: Path) -> None:
    first = draw(out, partitions=KEPT, size=10, by="ann", clock=_clock)
    _review(out)
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
    _review(out)
    assert "draw 2" in bound(out).statement


def test_a_crash_between_two_draws_loses_neither_verdicts_nor_the_count(out: Path) -> None:
    draw(out, partitions=KEPT, size=10, by="ann")
    _review(out)
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
    out = _separated(tmp_path / "out", [P.BOTH] * 3)
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
    _review(out)
    assert bound(out).population
    _separated(out, [P.NEITHER] * 400)
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
    honest = draw(out, partitions=KEPT, size=5, by="ann", clock=_clock)
    other = draw(out, partitions=KEPT, size=5, by="ann", nonce="x", again=True, clock=_clock)
    forged = type(honest)(
        **{name: getattr(other, name) for name in type(other).__slots__} | {"entries": honest.entries}
    )
    forged.write(out / "audit")
    with pytest.raises(SampleDamaged, match="seed"):
        bound(out, count_unreviewed=True)
    assert open_sample(out) == forged
    with pytest.raises(SampleDamaged, match="seed"):
        verify_sample(out)


def test_items_are_named_by_number_key_or_digest(out: Path) -> None:
    sample = draw(out, partitions=KEPT, size=5, by="ann")
    one, two, three = sample.entries[:3]
    assert record(out, one.number, Verdict.OK, by="ann").number == 1
    assert record(out, two.item, Verdict.OK, by="ann").number == 2
    assert record(out, str(three.sha256), Verdict.LEAK, by="ann", note="seen twice").number == 3
    for unknown in (0, 6, -1, "nobody", "", "9" * 40):
        with pytest.raises(NotFound):
            record(out, unknown, Verdict.OK, by="ann")
    assert len(read_verdicts(out, sample)) == 3


def test_a_person_contradicts_herself_only_on_purpose(out: Path) -> None:
    sample = draw(out, partitions=KEPT, size=5, by="ann")
    record(out, 1, Verdict.LEAK, by="ann")
    assert record(out, 1, Verdict.LEAK, by="ann").repeated
    with pytest.raises(VerdictConflict):
        record(out, 1, Verdict.OK, by="ann")
    assert record(out, 1, Verdict.OK, by="ann", correct=True).correct
    assert [each.verdict for each in read_verdicts(out, sample)] == [Verdict.LEAK, Verdict.OK]


def test_of_two_persons_the_worse_verdict_counts(out: Path) -> None:
    draw(out, partitions=KEPT, size=5, by="ann")
    _review(out, by="ann")
    record(out, 2, Verdict.CANNOT_TELL, by="bob")
    record(out, 3, Verdict.LEAK, by="bob")
    record(out, 4, Verdict.OK, by="bob")
    found = bound(out)
    assert (found.ok, found.leaks, found.cannot_tell, found.counted) == (3, 1, 1, 2)
    assert (found.reviewers, found.disputed) == (2, 2)
    assert found.rate_upper == binomial_upper(2, 5)


def test_an_unfinished_audit_proves_nothing_unless_the_rest_counts_as_leaks(out: Path) -> None:
    draw(out, partitions=KEPT, size=5, by="ann")
    for number in (1, 2, 3):
        record(out, number, Verdict.OK, by="ann")
    with pytest.raises(Unfinished, match="2 of 5"):
        bound(out)
    found = bound(out, count_unreviewed=True)
    assert (found.unreviewed, found.counted, found.leaks) == (2, 2, 0)
    assert "2 were not reviewed" in found.statement


def test_three_hundred_clean_items_prove_less_than_one_percent(tmp_path: Path) -> None:
    out = _separated(tmp_path / "out", [P.NEITHER] * 5000, group=700)
    draw(out, partitions=KEPT, size=300, by="ann")
    lines = [
        {"number": number, "verdict": "ok", "by": "ann", "at": "", "note": None, "correct": False, "draw": 1}
        for number in range(1, 301)
    ]
    (out / "audit" / "verdicts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = bound(out)
    assert found.rate_upper == pytest.approx(0.00994, abs=5e-6)
    assert found.count_upper == 48
    assert "0.99" in found.statement
    assert json.loads(json.dumps(found.to_dict()))["method"] == "one-sided Clopper-Pearson"


def test_a_line_that_a_crash_cut_off_was_never_a_verdict(out: Path) -> None:
    sample = draw(out, partitions=KEPT, size=5, by="ann")
    record(out, 1, Verdict.OK, by="ann")
    path = out / "audit" / "verdicts.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-7])
    assert len(read_verdicts(out, sample)) == 1
    record(out, 2, Verdict.OK, by="ann")
    assert [each.number for each in read_verdicts(out, sample)] == [1, 2]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        '{"number":9,"verdict":"ok","by":"ann","at":"","note":null,"correct":false,"draw":1}',
        '{"number":1,"verdict":"ok","by":"ann","at":"","note":null,"correct":false,"draw":2}',
        '{"number":true,"verdict":"ok","by":"ann","at":"","note":null,"correct":false,"draw":1}',
        '{"number":1,"verdict":"fine","by":"ann","at":"","note":null,"correct":false,"draw":1}',
    ],
)
def test_a_line_that_is_no_verdict_on_this_sample_stops_the_audit(out: Path, line: str) -> None:
    draw(out, partitions=KEPT, size=5, by="ann")
    (out / "audit" / "verdicts.jsonl").write_text(line + "\n")
    with pytest.raises(SampleDamaged):
        bound(out, count_unreviewed=True)


def test_without_a_sample_there_is_nothing_to_review(out: Path) -> None:
    with pytest.raises(NoSample):
        record(out, 1, Verdict.OK, by="ann")
    with pytest.raises(NoSample):
        bound(out)


def test_one_writer_at_a_time(out: Path) -> None:
    draw(out, partitions=KEPT, size=5, by="ann")
    with audit_lock(out), pytest.raises(StateLocked):
        record(out, 1, Verdict.OK, by="ann")
    assert not record(out, 1, Verdict.OK, by="ann").repeated


@pytest.mark.parametrize("change", [{"by": ""}, {"by": "a" * 300}, {"note": "a\nb"}, {"note": "a" * 501}])
def test_names_and_notes_are_short_and_printable(out: Path, change: dict[str, str]) -> None:
    draw(out, partitions=KEPT, size=5, by="ann")
    with pytest.raises(UsageError):
        record(out, 1, Verdict.OK, **({"by": "ann"} | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("confidence", [0.0, 0.4, 1.0, math.nan])
def test_a_confidence_that_is_none_is_refused(out: Path, confidence: float) -> None:
    draw(out, partitions=KEPT, size=5, by="ann")
    with pytest.raises(UsageError):
        bound(out, confidence=confidence, count_unreviewed=True)


@given(st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.integers(1, 3), st.sampled_from(Verdict)), max_size=12))
@settings(max_examples=25)
def test_any_course_of_a_review_ends_in_a_bound_that_doubt_only_raises(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, Verdict]]
) -> None:
    out = _separated(tmp_path_factory.mktemp("course") / "out", [P.NEITHER] * 30)
    draw(out, partitions=KEPT, size=3, by="ann")
    last: dict[tuple[str, int], Verdict] = {}
    for by, number, verdict in steps:
        try:
            record(out, number, verdict, by=by)
        except VerdictConflict:
            assert last[by, number] is not verdict
            record(out, number, verdict, by=by, correct=True)
        last[by, number] = verdict
    found = bound(out, count_unreviewed=True)
    fine = {n for n in (1, 2, 3) if {v for (_, m), v in last.items() if m == n} == {Verdict.OK}}
    assert found.ok == len(fine)
    assert found.counted == 3 - len(fine)
    assert found.rate_upper == binomial_upper(found.counted, 3)


def test_simulated_audits_with_known_leaks_are_bounded_at_the_stated_confidence(tmp_path: Path) -> None:
    """From the table to the bound, with leaks planted at known rows and every draw under another nonce."""
    population, planted, size, runs, confidence = 1200, 30, 40, 120, 0.9
    out = _separated(tmp_path / "out", [P.NEITHER, P.ADULT_SEXUAL] * population, group=1000)
    leaks = frozenset(row * 2 for row in random.Random(3).sample(range(population), planted))
    by_rate = by_count = 0
    for number in range(runs):
        sample = draw(out, partitions=[P.NEITHER], size=size, by="ann", nonce=str(number), again=True, clock=_clock)
        lines = [
            {"number": each.number, "verdict": "leak" if each.row in leaks else "ok", "by": "ann", "at": ""}
            | {"note": None, "correct": False, "draw": sample.draw}
            for each in sample.entries
        ]
        (out / "audit" / "verdicts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        found = bound(out, confidence=confidence)
        assert found.population == population
        by_rate += found.rate_upper >= planted / population
        by_count += found.count_upper >= planted
    slack = 3 * math.sqrt(confidence * (1 - confidence) / runs)
    assert by_rate / runs >= confidence - slack
    assert by_count / runs >= confidence - slack


def test_a_whole_audit_through_its_public_face(tmp_path: Path) -> None:
    out = _separated(tmp_path / "out", [P.NEITHER] * 60)
    draw(out, partitions=KEPT, size=20, by="ann", clock=_clock)
    _review(out, leaks=frozenset(range(60)))
    found = bound(out)
    assert (found.leaks, found.rate_upper, found.count_upper) == (20, 1.0, 60)
    assert isinstance(AuditError(), Exception)
