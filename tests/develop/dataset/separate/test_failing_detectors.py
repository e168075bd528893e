"""Detectors that abstain, fail, hang or die on one item: it is unknown and counted, and the others are placed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from seawall.detectors.host import DetectorSet, HostLimits
from seawall.develop.dataset.separate import driver, separate
from seawall.engine import Lost, Outcome

STAND_INS = "detectors_for_separate"
NAMES = ("sexless", "ageless", "abstaining", "erring", "faceless", "hanging", "dying", "nonsense")
QUICK = HostLimits(seconds_per_call=1.0, failures=100)
ODD = 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve pictures that are not near one another; the corners of two of them are green."""
    folder = tmp_path / "in"
    folder.mkdir()
    noise = np.random.default_rng(6)
    for number in range(12):
        small = Image.fromarray(noise.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        picture = small.resize((320, 240), Image.Resampling.BICUBIC)
        picture.paste((0, 255, 0) if number in (3, 7) else (128, 128, 128), (0, 0, 12, 12))
        picture.save(folder / f"{number:02}.png")
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Separate the folder by stand-ins."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    plugins = [(name, f"{STAND_INS}:{name}") for name in NAMES]
    chosen = DetectorSet.chosen

    class Stubbed:
        @staticmethod
        def chosen(names: tuple[str, ...], *rest: Any, **more: Any) -> DetectorSet:
            return chosen(names, *rest, **more, plugins=plugins, limits=QUICK)

    monkeypatch.setattr(driver, "DetectorSet", Stubbed)

    def run(*detectors: str) -> dict[str, Any]:
        return separate(folder, out=tmp_path / "out", detectors=detectors, workers=1, shard_items=12)

    return run


def _odd_items(out: Path, partition: str) -> list[str]:
    rows = pq.read_table(out / "partitions.parquet").to_pylist()
    return sorted(row["item"] for row in rows if row["partition"] == partition)


def test_with_everybody_answering_all_are_neither(run: Callable[..., dict[str, Any]]) -> None:
    summary = run("sexless", "ageless")
    assert summary["partitions"]["neither"] == 12
    assert summary["modalities"]["image"]["judged"] == 12


@pytest.mark.parametrize(
    ("detector", "abstentions", "errors", "status"),
    [
        ("abstaining", ODD, 0, "abstain"),
        ("faceless", ODD, 0, "ok"),
        ("erring", 0, ODD, "error"),
        ("nonsense", 0, ODD, "error"),
        ("dying", 0, ODD, "error"),
        ("hanging", 0, ODD, "error"),
    ],
)
def test_what_one_detector_does_costs_its_items_alone(
    run: Callable[..., dict[str, Any]], tmp_path: Path, detector: str, abstentions: int, errors: int, status: str
) -> None:
    summary = run("sexless", detector)
    assert {side: count for side, count in summary["partitions"].items() if count} == {"neither": 10, "unknown": ODD}
    assert _odd_items(tmp_path / "out", "unknown") == ["03.png", "07.png"]
    assert (summary["abstentions"], summary["errors"]) == (abstentions, errors)
    assert summary["answers"][detector].get(status, 0) == (12 if status == "ok" else ODD)
    assert summary["answers"]["sexless"] == {"ok": 12}
    image = summary["modalities"]["image"]
    assert (image["items"], image["judged"], image["abstained"], image["error"]) == (12, 10, abstentions, errors)
    assert image["neither"] + image["unknown"] == 12


def _lose(monkeypatch: pytest.MonkeyPatch, *, first: bool) -> None:
    """Give every shard up: before anything of it is done, or after."""

    class Losing:
        def run(self, make_work: Callable[[], Any], shards: Any) -> Any:
            work = make_work()
            for shard in shards:
                if not first:
                    work(shard)
                yield Outcome(shard, Lost(3))
            work.close()

    monkeypatch.setattr(driver, "engine_for", lambda **options: Losing())


@pytest.mark.parametrize("first", [True, False])
def test_items_of_a_shard_that_was_given_up_are_unknown(
    run: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, first: bool
) -> None:
    with monkeypatch.context() as patched:
        _lose(patched, first=first)
        summary = run("sexless", "ageless")
    assert summary["partitions"]["unknown"] == summary["items"] == sum(summary["partitions"].values()) == 12
    assert summary["unexamined"] == summary["errors"] == summary["modalities"]["unread"]["unread"] == 12
    assert len((tmp_path / "out" / "attention.jsonl").read_text().splitlines()) == 12
    again = run("sexless", "ageless")
    assert again["partitions"]["neither"] == 12
    assert (again["resumed"], again["errors"]) == (0 if first else 12, 0)


def test_what_a_list_has_stays_in_both_although_its_shard_was_given_up(
    run: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    import seawall
    from seawall.canary import selection

    (tmp_path / "list.txt").write_text(seawall.pdq(folder / "05.png").value + "\n")
    select = selection.select_lists
    monkeypatch.setattr(driver, "select_lists", lambda settings, names: select(settings, [str(tmp_path / "list.txt")]))
    run("sexless", "ageless")
    observed = tmp_path / "out" / "state" / "observed"
    for receipt in observed.glob("*/*.json"):
        receipt.unlink()
    _lose(monkeypatch, first=True)
    summary = run("sexless", "ageless")
    assert (summary["matched"], summary["findings"]) == (1, 1)
    assert {side: count for side, count in summary["partitions"].items() if count} == {"both": 1, "unknown": 11}
    assert _odd_items(tmp_path / "out", "both") == ["05.png"]


@pytest.mark.crash
def test_a_worker_that_dies_on_a_shard_each_time_costs_that_shard_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose reading kills the process three times over; the rest of the dataset is placed."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("SEAWALL_TEST_DEADLY", "07.png")
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from deadly_work import DeadlyProcessor

    monkeypatch.setattr(driver, "SeparateProcessor", DeadlyProcessor)
    summary = separate(folder, out=tmp_path / "out", detectors=("canary",), workers=2, shard_items=1)
    assert summary["items"] == 12 == sum(summary["partitions"].values())
    assert (summary["partitions"]["unknown"], summary["partitions"]["neither"]) == (1, 11)
    assert summary["errors"] == summary["unexamined"] == 1
