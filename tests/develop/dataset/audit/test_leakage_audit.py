"""The review of a sample: nothing that was said is lost, and the bound holds as often as it says."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.develop.dataset.audit import (
    AuditError,
    NoSample,
    SampleDamaged,
    Unfinished,
    Verdict,
    VerdictConflict,
    bound,
    draw,
    read_verdicts,
    record,
)
from seawall.develop.dataset.audit._places import audit_lock
from seawall.errors import NotFound, StateLocked, UsageError
from seawall.policy.separation import binomial_upper
from tests.develop.dataset.audit.separated_data import KEPT, P, review, separated, stopped_clock


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
    review(out, by="ann")
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
    out = separated(tmp_path / "out", [P.NEITHER] * 5000, group=700)
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
    out = separated(tmp_path_factory.mktemp("course") / "out", [P.NEITHER] * 30)
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
    out = separated(tmp_path / "out", [P.NEITHER, P.ADULT_SEXUAL] * population, group=1000)
    leaks = frozenset(row * 2 for row in random.Random(3).sample(range(population), planted))
    by_rate = by_count = 0
    for number in range(runs):
        sample = draw(
            out, partitions=[P.NEITHER], size=size, by="ann", nonce=str(number), again=True, clock=stopped_clock
        )
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
    out = separated(tmp_path / "out", [P.NEITHER] * 60)
    draw(out, partitions=KEPT, size=20, by="ann", clock=stopped_clock)
    review(out, leaks=frozenset(range(60)))
    found = bound(out)
    assert (found.leaks, found.rate_upper, found.count_upper) == (20, 1.0, 60)
    assert isinstance(AuditError(), Exception)
