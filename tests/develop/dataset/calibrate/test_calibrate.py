"""Calibration: the rate is kept as often as it says, small samples are refused, and nothing gets laxer by itself."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.develop.dataset.calibrate import (
    Asked,
    CalibrationError,
    NotBenign,
    NotScored,
    OutOfReach,
    Said,
    SampleTooSmall,
    Scored,
    ScoreSource,
    Separated,
    calibrate,
    fit,
)
from seawall.errors import UsageError
from seawall.policy.classes import ADULT_SEXUAL, CHILD_DEPICTION, PERSONS, PERSONS_ABSTAINED, UNDER_21
from seawall.policy.separation import (
    Described,
    Part,
    binomial_upper,
    load_separation_policy,
    parse_separation_policy,
    smallest_sample,
)

BASE = load_separation_policy()
IMAGE = frozenset({"image"})
ASKED = {
    "one": Asked("adult_content", IMAGE, (ADULT_SEXUAL,)),
    "two": Asked("adult_content", IMAGE, (ADULT_SEXUAL,)),
    "age": Asked("apparent_age", IMAGE, (CHILD_DEPICTION, UNDER_21, PERSONS, PERSONS_ABSTAINED)),
}


def _clock() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)


def _ages(persons: int, child: float = 0.0, under_21: float = 0.0) -> Said:
    labels = {PERSONS: float(persons), PERSONS_ABSTAINED: 0.0, CHILD_DEPICTION: child, UNDER_21: under_21}
    return Said("ok", labels)


@dataclass
class _Stub:
    """Scores in memory."""

    scored: Sequence[Scored]
    detectors: Mapping[str, Described] = field(default_factory=lambda: dict(ASKED))
    models: Sequence[Mapping[str, Any]] = ({"id": "one", "version": "1", "weights": {"a.onnx": "ab"}},)

    def items(self) -> Iterator[Scored]:
        return iter(self.scored)


def _scored(number: int, one: float, two: float, age: Said | None = None) -> Scored:
    said = {
        "one": Said("ok", {ADULT_SEXUAL: one}),
        "two": Said("ok", {ADULT_SEXUAL: two}),
        "age": age or _ages(0),
    }
    return Scored(f"{number}.jpg", f"{number:064x}", {Part.PICTURE: said})


def _sample(count: int, seed: int = 1, top: float = 0.4) -> _Stub:
    chance = random.Random(seed)
    ages = [_ages(1, chance.random() * 0.05, chance.random() * 0.08) for _ in range(count)]
    return _Stub([_scored(n, chance.random() * top, chance.random() * top, ages[n]) for n in range(count)])


def test_the_threshold_keeps_the_rate_on_its_sample_and_is_the_lowest_that_does() -> None:
    source = _sample(2000)
    found = calibrate(source, BASE, alarm_rate=0.01, clock=_clock)
    largest = [
        max(said.labels[ADULT_SEXUAL] for said in list(each.answers[Part.PICTURE].values())[:2])
        for each in source.scored
    ]
    t_lo = found.policy.thresholds.t_lo
    alarms = sum(score >= t_lo for score in largest)
    assert found.fits["t_lo"].alarms == alarms
    assert found.fits["t_lo"].rate_upper == binomial_upper(alarms, 2000) <= 0.01
    one_more = sum(score >= t_lo - 2e-6 for score in largest)
    assert binomial_upper(one_more, 2000) > 0.01 >= binomial_upper(one_more - 1, 2000)


def test_a_sample_that_is_too_small_is_refused_and_told_how_many_are_needed() -> None:
    with pytest.raises(SampleTooSmall) as caught:
        calibrate(_sample(298), BASE)
    assert "at least 299" in caught.value.hint
    assert calibrate(_sample(299), BASE).fits["t_lo"].alarms == 0
    with pytest.raises(SampleTooSmall) as caught:
        calibrate(_sample(500), BASE, alarm_rate=0.001)
    assert f"{smallest_sample(0.001):,}" in caught.value.hint


def test_copies_are_one_item() -> None:
    source = _sample(299)
    copies = _Stub([*source.scored, *(replace(each, item="copy of " + each.item) for each in source.scored)])
    found = calibrate(copies, BASE)
    assert (found.items, found.duplicates) == (299, 299)
    with pytest.raises(SampleTooSmall):
        calibrate(_Stub([replace(each, sha256="00") for each in source.scored]), BASE)


def test_the_order_of_the_sample_changes_nothing() -> None:
    source = _sample(400)
    turned = _Stub(list(reversed(source.scored)))
    assert calibrate(source, BASE, clock=_clock).text() == calibrate(turned, BASE, clock=_clock).text()


def test_what_could_not_be_scored_is_counted_and_proves_nothing() -> None:
    source = _sample(320)
    silent = [
        replace(each, answers={Part.PICTURE: {**each.answers[Part.PICTURE], "two": Said("abstain", {})}})
        for each in source.scored[:21]
    ]
    found = calibrate(_Stub([*silent[:20], *source.scored[20:]]), BASE)
    assert (found.fits["t_lo"].items, found.fits["t_lo"].abstained) == (300, 20)
    with pytest.raises(SampleTooSmall):
        calibrate(_Stub([*silent, *source.scored[21:319]]), BASE)


def test_a_score_that_is_no_number_is_an_abstention() -> None:
    source = _sample(300)
    odd = _scored(999, math.nan, 0.1)
    assert calibrate(_Stub([*source.scored, odd]), BASE).fits["t_lo"].abstained == 1


def test_t_hi_is_never_lowered_and_never_below_t_lo() -> None:
    found = calibrate(_sample(400), BASE)
    assert found.policy.thresholds.t_hi == BASE.thresholds.t_hi
    assert found.fits["t_hi"].raised
    low = replace(BASE, thresholds=replace(BASE.thresholds, t_lo=0.01, t_hi=0.02))
    found = calibrate(_sample(400), low)
    assert found.policy.thresholds.t_hi >= found.policy.thresholds.t_lo > 0.02


def test_detectors_that_cry_wolf_are_out_of_reach() -> None:
    with pytest.raises(OutOfReach, match="t_lo"):
        calibrate(_sample(400, top=1.0), BASE)


def test_scores_of_nothing_but_zero_do_not_make_a_threshold_of_zero() -> None:
    found = calibrate(_Stub([_scored(n, 0.0, 0.0) for n in range(300)]), BASE)
    assert found.policy.thresholds.t_lo == 0.01
    assert found.fits["t_lo"].raised


def test_ages_are_fitted_only_on_the_operators_word_and_only_on_persons() -> None:
    source = _sample(400)
    plain = calibrate(source, BASE)
    assert set(plain.fits) == {"t_lo", "t_hi"}
    assert plain.policy.thresholds.c_lo == BASE.thresholds.c_lo
    found = calibrate(source, BASE, no_minors=True)
    limits = found.policy.thresholds
    assert set(found.fits) == {"t_lo", "t_hi", "c_lo", "under_21"}
    assert 0.045 < limits.c_lo < 0.0501
    assert limits.adult_under_21_max <= limits.under_21 < 0.0801
    objects = _Stub([_scored(n, 0.1, 0.1) for n in range(400)])
    with pytest.raises(SampleTooSmall, match="c_lo: 0 "):
        calibrate(objects, BASE, no_minors=True)


def test_everything_that_a_threshold_rests_on_is_written_with_it() -> None:
    found = calibrate(_sample(400), BASE, alarm_rate=0.02, confidence=0.9, clock=_clock)
    again = parse_separation_policy(found.text())
    assert again.hash == found.policy.hash
    assert again.calibrated
    assert again.version == BASE.version + 1
    assert again.detectors == ("age", "one", "two")
    said = again.calibration
    assert (said["alarm_rate"], said["confidence"], said["items"]) == (0.02, 0.9, 400)
    assert said["sample_sha256"] == found.sample_sha256
    assert said["base"] == BASE.hash
    assert said["at"].startswith("2026-01-02")
    assert said["detectors"] == [{"id": "one", "version": "1", "weights": {"a.onnx": "ab"}}]
    assert set(said["thresholds"]["t_lo"]["quantiles"]) == {"0.5", "0.9", "0.95", "0.99", "0.999", "1"}
    assert "miss" in found.text()


def test_the_highest_items_are_named_for_a_person_to_look_at() -> None:
    found = calibrate(_Stub([*_sample(300).scored, _scored(777, 0.49, 0.0)]), BASE, alarm_rate=0.05)
    assert found.highest[0] == "777.jpg"
    assert len(found.highest) == 20


@pytest.mark.parametrize("rate", [0.0, -1.0, 0.5, math.nan])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(UsageError):
        calibrate(_sample(300), BASE, alarm_rate=rate)


@pytest.mark.parametrize("confidence", [0.0, 1.0, math.nan])
def test_a_confidence_that_is_none_is_refused(confidence: float) -> None:
    with pytest.raises(UsageError):
        calibrate(_sample(300), BASE, confidence=confidence)


def test_an_empty_sample_is_refused() -> None:
    with pytest.raises(NotScored):
        calibrate(_Stub([]), BASE)


@given(
    st.lists(st.one_of(st.sampled_from([0.0, 0.1, 0.3, 1.0]), st.floats(0, 1)), max_size=80),
    st.floats(0.05, 0.4),
    st.floats(0.5, 0.99),
)
def test_any_scores_give_a_threshold_that_keeps_the_rate_or_an_error(
    scores: list[float], rate: float, confidence: float
) -> None:
    try:
        found = fit("t", scores, 0, rate=rate, confidence=confidence, least=0.01, least_reason="least", most=1.0)
    except CalibrationError as error:
        too_few = len(scores) < smallest_sample(rate, confidence)
        assert isinstance(error, SampleTooSmall) is too_few
        assert too_few or scores.count(1.0)
        return
    assert found.alarms == sum(score >= found.threshold for score in scores) <= found.allowed
    assert found.rate_upper <= rate
    assert 0.01 <= found.threshold <= 1


@pytest.mark.parametrize("levels", [None, 40])
@pytest.mark.parametrize(("items", "rate", "confidence"), [(300, 0.01, 0.95), (500, 0.02, 0.9), (120, 0.1, 0.95)])
def test_simulated_calibrations_keep_the_true_rate_at_the_stated_confidence(
    levels: int | None, items: int, rate: float, confidence: float
) -> None:
    """Scores of a known distribution, smooth or in steps: how often is the true alarm rate within the one asked for?"""
    chance, runs = np.random.default_rng(11), 300
    kept = 0
    for _ in range(runs):
        scores = chance.random(items) ** 3
        if levels:
            scores = np.floor(scores * levels) / levels
        threshold = fit(
            "t", scores.tolist(), 0, rate=rate, confidence=confidence, least=1e-6, least_reason="", most=2.0
        ).threshold
        if levels:
            threshold = math.ceil(threshold * levels) / levels
        kept += 1 - min(1.0, threshold) ** (1 / 3) <= rate
    assert kept / runs >= confidence - 3 * math.sqrt(confidence * (1 - confidence) / runs)


def _separated(out: Path, source: _Stub, **changes: Any) -> Path:
    """Write what a separation writes, as far as a calibration reads it."""
    out.mkdir(parents=True, exist_ok=True)
    described = [
        {"id": name, "version": "1", "task": info.task, "modalities": sorted(info.modalities), "labels": [*info.labels]}
        for name, info in source.detectors.items()
    ]
    (out / "summary.json").write_text(json.dumps({"detectors": described, "ledger_root": "ab"}))
    rows = []
    for each in source.scored:
        for name, said in each.answers[Part.PICTURE].items():
            row = {"item": each.item, "sha256": bytes.fromhex(each.sha256), "detector": name, "part": "item"}
            row |= {"status": said.status}
            pairs: list[tuple[str | None, float | None]] = [*said.labels.items()] or [(None, None)]
            rows += [row | {"label": label, "score": score} for label, score in pairs]
    names = ("item", "sha256", "detector", "part", "status", "label", "score")
    kinds = {"sha256": pa.binary(), "score": pa.float64()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out / "scores.parquet")
    placed = [
        {"item": each.item, "medium": "image", "rule": "neither", "drill": False} | changes for each in source.scored
    ]
    pq.write_table(pa.Table.from_pylist(placed), out / "partitions.parquet")
    return out


def test_scores_of_a_separation_give_the_same_as_scores_in_memory(tmp_path: Path) -> None:
    memory = _sample(310)
    stored: ScoreSource = Separated(_separated(tmp_path / "out", memory))
    one, two = calibrate(memory, BASE, clock=_clock), calibrate(stored, BASE, clock=_clock)
    assert {name: each.to_dict() for name, each in one.fits.items()} == {
        name: each.to_dict() for name, each in two.fits.items()
    }
    assert one.sample_sha256 == two.sample_sha256
    assert two.policy.calibration["detectors"][0] == {"id": "one", "version": "1"}


def test_a_detector_that_failed_for_an_item_is_an_abstention_in_stored_scores_too(tmp_path: Path) -> None:
    source = _sample(300)
    answers = {**source.scored[0].answers[Part.PICTURE], "two": Said("error", {})}
    failed = [replace(source.scored[0], answers={Part.PICTURE: answers}), *source.scored[1:]]
    found = calibrate(Separated(_separated(tmp_path / "out", _Stub(failed))), BASE)
    assert (found.fits["t_lo"].items, found.fits["t_lo"].abstained) == (299, 1)


def test_a_sample_that_a_hash_list_knows_is_not_harmless(tmp_path: Path) -> None:
    out = _separated(tmp_path / "out", _sample(3), rule="hash-match")
    with pytest.raises(NotBenign, match="3 items"):
        calibrate(Separated(out), BASE)


@pytest.mark.parametrize("changes", [{"drill": True}, {"medium": "audio"}, {"medium": None}])
def test_canaries_and_what_nobody_can_look_at_are_no_part_of_the_sample(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(NotScored):
        calibrate(Separated(_separated(tmp_path / "out", _sample(300), **changes)), BASE)


@pytest.mark.parametrize("name", ["summary.json", "scores.parquet", "partitions.parquet"])
@pytest.mark.parametrize("data", [None, b"", b"{}", b"[]", b'{"detectors": [1]}', b'{"detectors": [{"id": "a"}]}'])
def test_what_is_no_separation_gives_no_scores(tmp_path: Path, name: str, data: bytes | None) -> None:
    out = _separated(tmp_path / "out", _sample(3))
    (out / name).unlink()
    if data is not None:
        (out / name).write_bytes(data)
    with pytest.raises(NotScored):
        calibrate(Separated(out), BASE)


def test_scores_that_come_in_two_places_are_refused(tmp_path: Path) -> None:
    source = _sample(3)
    out = _separated(tmp_path / "out", _Stub([*source.scored, source.scored[0]]))
    with pytest.raises(NotScored, match="two places"):
        calibrate(Separated(out), BASE)


def _run(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a process, whether or not the root command knows it yet."""
    script = (
        "import sys\nfrom seawall.cli import _main\n"
        "_main.COMMANDS.setdefault('calibrate', 'Turn harmless items into thresholds.')\n_main.main(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", script, "calibrate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=home)


def test_the_command_writes_a_policy_that_can_be_used(tmp_path: Path) -> None:
    out = _separated(tmp_path / "out", _sample(320))
    done = _run(tmp_path, "--from", out, "--out", tmp_path / "mine.yaml", "--no-minors", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    policy = load_separation_policy(tmp_path / "mine.yaml")
    assert policy.hash == said["policy"]
    assert said["thresholds"]["t_lo"]["threshold"] == policy.thresholds.t_lo
    shown = _run(tmp_path, "--from", out)
    assert "t_lo" in shown.stdout
    assert "nothing written" in shown.stdout


def test_the_command_says_what_it_cannot_do(tmp_path: Path) -> None:
    out = _separated(tmp_path / "out", _sample(30))
    done = _run(tmp_path, "--from", out, "--out", tmp_path / "mine.yaml")
    assert done.returncode == 2
    assert "error[calibration_too_small]" in done.stderr
    assert "299" in done.stderr
    assert not (tmp_path / "mine.yaml").exists()
    assert "nothing to calibrate on" in _run(tmp_path, "--alarm-rate", "0.1").stderr
    both = _run(tmp_path, "photos", "--from", out)
    assert (both.returncode, "error[usage]" in both.stderr) == (2, True)
