"""The leakage audit from end to end on known leaks: a detector that misses, samples, verdicts by the truth, bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from scipy import stats

from seawall.detectors.host import DetectorSet
from seawall.develop.dataset.audit import Verdict, bound, draw, record
from seawall.develop.dataset.separate import driver, separate
from seawall.develop.dataset.separate.attestation import attest_leakage, verify_attestation
from seawall.ledger import open_ledger
from seawall.policy.separation import Partition
from seawall.settings import Settings

CHILDREN, OTHERS = 60, 120
MISSED = 18
SAMPLE, REPETITIONS, CONFIDENCE = 20, 120, 0.9


@pytest.fixture
def separated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, frozenset[str]]:
    """A separation whose detector misses 18 of 60, and the names of those it missed."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    chosen = DetectorSet.chosen

    class Stubbed:
        @staticmethod
        def chosen(names: tuple[str, ...], *rest: Any, **more: Any) -> DetectorSet:
            plugins = [(name, f"detectors_for_separate:{name}") for name in ("sexless", "forgetful")]
            return chosen(names, *rest, **more, plugins=plugins)

    monkeypatch.setattr(driver, "DetectorSet", Stubbed)
    folder = tmp_path / "in"
    folder.mkdir()
    noise = np.random.default_rng(8)
    missed = set()
    for number in range(CHILDREN + OTHERS):
        small = Image.fromarray(noise.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        picture = small.resize((160, 120), Image.Resampling.BICUBIC)
        blue = 2 if number < MISSED else 40
        picture.paste((0, 255, blue) if number < CHILDREN else (90, 90, 90), (0, 0, 6, 6))
        picture.save(folder / f"{number:03}.png")
        missed |= {f"{number:03}.png"} if number < MISSED else set()
    summary = separate(folder, out=tmp_path / "out", detectors=("sexless", "forgetful"), workers=1)
    assert summary["partitions"]["child_depiction"] == CHILDREN - MISSED
    assert summary["partitions"]["neither"] == OTHERS + MISSED
    return tmp_path / "out", frozenset(missed)


def test_the_stated_bound_holds_at_least_as_often_as_it_says(separated: tuple[Path, frozenset[str]]) -> None:
    out, missed = separated
    rows = pq.read_table(out / "partitions.parquet").to_pylist()
    leaked = sum(row["partition"] == "neither" and row["item"] in missed for row in rows)
    assert leaked == MISSED
    population = OTHERS + MISSED
    broken = {"rate": 0, "count": 0}
    for repetition in range(REPETITIONS):
        sample = draw(
            out,
            partitions=[Partition.NEITHER],
            size=SAMPLE,
            by="auditor",
            nonce=f"repetition {repetition}",
            again=repetition > 0,
        )
        assert sample.population == population
        leaks = {entry.number for entry in sample.entries if entry.item in missed}
        for entry in sample.entries:
            record(out, entry.number, Verdict.LEAK if entry.number in leaks else Verdict.OK, by="reviewer")
        said = bound(out, confidence=CONFIDENCE)
        assert (said.leaks, said.reviewed) == (len(leaks), SAMPLE)
        broken["rate"] += said.rate_upper < leaked / population
        broken["count"] += said.count_upper < leaked
    # A bound of this confidence may be broken so often, and hardly more.
    assert max(broken.values()) <= stats.binom.ppf(0.999, REPETITIONS, 1 - CONFIDENCE)
    assert broken["count"] > 0, "a bound that is never broken at this size is not the tightest that is true"


def test_the_bound_is_signed_beside_the_files_that_it_is_about(separated: tuple[Path, frozenset[str]]) -> None:
    out, missed = separated
    sample = draw(out, partitions=[Partition.NEITHER], size=SAMPLE, by="auditor")
    for entry in sample.entries:
        record(out, entry.number, Verdict.LEAK if entry.item in missed else Verdict.OK, by="reviewer")
    said = bound(out).to_dict()
    with open_ledger(Settings.from_env()) as ledger:
        attest_leakage(out, said, ledger)
        assert verify_attestation(out, ledger.public_key())["leakage"] == said
    again = separate(out.parent / "in", out=out, detectors=("sexless", "forgetful"), workers=1)
    assert again["resumed"] == CHILDREN + OTHERS
    with open_ledger(Settings.from_env()) as ledger:
        assert verify_attestation(out, ledger.public_key())["leakage"] == said, "nothing changed: the bound stands"
