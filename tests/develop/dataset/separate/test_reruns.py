"""Running again with something changed: what was answered serves again, and what was not is asked."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import seawall
from seawall.canary.draw import draw
from seawall.demo_photos import paths
from seawall.detectors.contract import Input, Result
from seawall.detectors.host import Detectors
from seawall.develop.dataset.separate import separate
from seawall.ledger import open_ledger
from seawall.policy.separation import load_separation_policy
from seawall.settings import Settings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many inputs each call showed to detectors, in this process."""
    counts: list[int] = []
    score = Detectors.score

    def counting(self: Detectors, items: list[Input], *, hashed: bool) -> list[dict[str, Result]]:
        counts.append(len(items))
        return score(self, items, hashed=hashed)

    monkeypatch.setattr(Detectors, "score", counting)
    return counts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos that are not near one another, and a canary of each kind."""
    folder = tmp_path / "in"
    folder.mkdir()
    for photo in sorted(paths())[:3]:
        shutil.copy(photo, folder)
    for concepts in (["a"], ["b"], ["a", "b"]):
        (path,) = draw(concepts, count=1, seed=4, out=tmp_path / "drawn" / "".join(concepts))
        shutil.copy(path, folder / f"{''.join(concepts)}{path.suffix}")
    return folder


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run(**options: Any) -> dict[str, Any]:
        chosen = {"out": tmp_path / "out", "detectors": ("canary",), "workers": 1, "shard_items": 2}
        return separate(folder, **{**chosen, **options})

    return run


def _sides(out: Path) -> dict[str, str]:
    return {row["item"]: row["partition"] for row in pq.read_table(out / "partitions.parquet").to_pylist()}


def _list(tmp_path: Path, *photos: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{seawall.pdq(photo).value}\n" for photo in photos) or "0" * 64 + "\n")
    return path


def _events(tmp_path: Path) -> list[dict[str, Any]]:
    with open_ledger(Settings.from_env()) as ledger:
        ledger.export(tmp_path / "ledger.jsonl")
    lines = map(json.loads, (tmp_path / "ledger.jsonl").read_text().splitlines())
    return [line for line in lines if "kind" in line]


def test_another_policy_places_anew_and_asks_nobody(
    run: Callable[..., dict[str, Any]], asked: list[int], tmp_path: Path
) -> None:
    first = run()
    assert first["partitions"]["child_depiction"] == 1
    assert sum(asked) == 6
    asked.clear()
    strict = tmp_path / "strict.yaml"
    strict.write_text(load_separation_policy().text.replace("child_depiction: allow", "child_depiction: review"))
    second = run(policy=strict)
    assert asked == []
    assert second["resumed"] == second["items"] == 6
    assert second["partitions"] == first["partitions"]
    assert second["actions"]["review"] == first["actions"]["review"] + 1
    assert second["policy"] != first["policy"]
    assert run()["actions"] == first["actions"]
    assert asked == []


def test_other_detectors_are_asked_and_the_first_answers_are_kept(
    run: Callable[..., dict[str, Any]], asked: list[int]
) -> None:
    run()
    asked.clear()
    assert run(detectors=("canary", "faces"))["resumed"] == 0
    assert sum(asked) == 6
    asked.clear()
    assert run()["resumed"] == 6
    assert asked == []


def test_a_list_that_gains_an_entry_takes_the_item_and_asks_nobody(
    run: Callable[..., dict[str, Any]], asked: list[int], folder: Path, tmp_path: Path
) -> None:
    photos = sorted(folder.glob("*"))
    photo = next(path for path in photos if len(path.stem) > 2)
    run(lists=[_list(tmp_path)])
    asked.clear()
    summary = run(lists=[_list(tmp_path, photo)])
    assert asked == []
    assert (summary["matched"], summary["findings"]) == (1, 1)
    assert _sides(tmp_path / "out")[photo.name] == "both"
    assert summary["partitions"]["both"] == 2


def test_a_withdrawn_entry_makes_the_item_be_asked(
    run: Callable[..., dict[str, Any]], asked: list[int], folder: Path, tmp_path: Path
) -> None:
    photo = next(path for path in sorted(folder.glob("*")) if len(path.stem) > 2)
    assert run(lists=[_list(tmp_path, photo)])["answers"]["canary"] == {"ok": 5}
    assert sum(asked) == 5
    asked.clear()
    summary = run(lists=[_list(tmp_path)])
    assert 0 < sum(asked) <= 2, "the shard of the item, and no other"
    assert summary["answers"]["canary"] == {"ok": 6}
    assert _sides(tmp_path / "out")[photo.name] == "neither"


def test_an_item_on_the_same_side_for_another_reason_is_recorded_again(
    run: Callable[..., dict[str, Any]], folder: Path, tmp_path: Path
) -> None:
    """`both` by a canary first, then by a list: two decisions, and no conflict between them."""
    (canary,) = folder.glob("ab.*")
    run(lists=[_list(tmp_path)])
    summary = run(lists=[_list(tmp_path, canary)])
    assert summary["matched"] == 1
    placed = [event for event in _events(tmp_path) if event["body"].get("partition") == "both"]
    assert [event["body"]["rule"] for event in placed] == ["both", "hash-match"]


def test_the_same_run_again_writes_no_event_and_the_same_files(
    run: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    run()
    first = (tmp_path / "out" / "partitions.parquet").read_bytes()
    events = _events(tmp_path)
    run()
    assert (tmp_path / "out" / "partitions.parquet").read_bytes() == first
    assert _events(tmp_path) == events
    kinds = Counter(event["kind"] for event in events)
    shards = len((tmp_path / "out" / "state" / "plan.jsonl").read_text().splitlines())
    assert kinds["separate.shard"] == kinds["scan.shard"] == shards
    assert kinds["separate.started"] == kinds["separate.closed"] == 1


def test_a_fresh_run_asks_everything(run: Callable[..., dict[str, Any]], asked: list[int]) -> None:
    first = run()
    asked.clear()
    again = run(fresh=True)
    assert sum(asked) == 6
    assert again["resumed"] == 0
    assert again["run_id"] != first["run_id"]
    assert again["partitions"] == first["partitions"]


def test_contents_that_changed_between_runs_are_judged_anew(
    run: Callable[..., dict[str, Any]], asked: list[int], folder: Path, tmp_path: Path
) -> None:
    run()
    asked.clear()
    (old,) = folder.glob("b.*")
    shutil.copy(sorted(paths())[5], old)
    os.utime(old, ns=(1, 1))
    summary = run()
    assert 0 < sum(asked) <= 2
    assert _sides(tmp_path / "out")[old.name] == "neither"
    assert summary["items"] == 6 == sum(summary["partitions"].values())


def test_an_item_that_is_gone_is_gone(run: Callable[..., dict[str, Any]], folder: Path, tmp_path: Path) -> None:
    run()
    next(folder.glob("ab.*")).unlink()
    summary = run()
    assert summary["items"] == 5 == sum(summary["partitions"].values())
    assert summary["partitions"]["both"] == 0
