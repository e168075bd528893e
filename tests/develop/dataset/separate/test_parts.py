"""A separation done in parts, and on a cluster: the same partitions as in one piece."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from seawall.canary.draw import draw
from seawall.develop.dataset.separate import separate
from seawall.errors import UsageError


@pytest.fixture
def canaries(tmp_path: Path) -> Path:
    for concepts in (["a"], ["b"], ["c"], ["a", "b"]):
        folder = tmp_path / "in" / "".join(concepts)
        draw(concepts, count=5, seed=9, out=folder)
        (folder / "manifest.jsonl").unlink()
    return tmp_path / "in"


def _rows(out: Path) -> list[dict[str, Any]]:
    return pq.read_table(out / "partitions.parquet").to_pylist()


CHOSEN = {"detectors": ("canary",), "workers": 1, "shard_items": 4}


def test_parts_leave_receipts_and_the_whole_settles(canaries: Path, tmp_path: Path) -> None:
    separate(canaries, out=tmp_path / "whole", **CHOSEN)
    out = tmp_path / "parts"
    parts = [separate(canaries, out=out, shard_index=index, shard_count=3, **CHOSEN) for index in (2, 0, 1)]
    assert sum(part["items"] for part in parts) == 20
    assert not (out / "summary.json").exists()
    summary = separate(canaries, out=out, **CHOSEN)
    assert summary["resumed"] == 20
    assert _rows(out) == _rows(tmp_path / "whole")


def test_a_part_is_no_whole(canaries: Path, tmp_path: Path) -> None:
    for choice in ({"shard_index": 3, "shard_count": 3}, {"shard_index": 0}, {"cluster": "local"}, {"fresh": True}):
        options = {"shard_index": 0, "shard_count": 2} | choice if "shard_index" not in choice else choice
        with pytest.raises(UsageError):
            separate(canaries, out=tmp_path / "out", **{**CHOSEN, **options})


def test_a_cluster_gives_the_same_partitions(canaries: Path, tmp_path: Path, seawall: Callable[..., Any]) -> None:
    arguments = ("separate", canaries, "--detectors", "canary", "--shard-items", "4", "--json")
    here = seawall(*arguments, "--out", tmp_path / "here", "--workers", "1").json()
    there = seawall(*arguments, "--out", tmp_path / "there", "--cluster", "local", "--workers", "2").json()
    assert here["partitions"] == there["partitions"]
    assert _rows(tmp_path / "here") == _rows(tmp_path / "there")
