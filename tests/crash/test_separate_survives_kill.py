"""kill -9 of a separation's driver and of a worker: the same partitions, each event once, nothing counted twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from seawall.canary.draw import draw
from tests.crash.killed import DEADLINE_S, children, finish

pytestmark = pytest.mark.crash
EACH = 12
STEPS = ("hashed", "matched", "observed")


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Canaries of each kind, in a score of shards."""
    folder = tmp_path_factory.mktemp("crash")
    for concepts in ([], ["a"], ["b"], ["b", "c"], ["a", "b"]):
        into = folder / ("".join(concepts) or "none")
        draw(concepts, count=EACH, seed=11, out=into)
        (into / "manifest.jsonl").unlink()
    return folder


SIDES = {"neither": EACH, "child_depiction": EACH, "sexual_age_unknown": EACH, "adult_sexual": EACH, "both": EACH}


def _start(canaries: Path, out: Path, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "seawall", "separate", str(canaries), "--detectors", "canary", "--out", str(out)]
    command += ["--workers", str(workers), "--shard-items", "6", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _receipts(out: Path, step: str) -> int:
    return sum(1 for _ in out.glob(f"state/{step}/*/*.json"))


def _wait(out: Path, process: subprocess.Popen[str], step: str, count: int) -> bool:
    """Wait for receipts; return whether the process still runs."""
    deadline = time.monotonic() + DEADLINE_S
    while _receipts(out, step) < count:
        if process.poll() is not None:
            return False
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return process.poll() is None


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def _shards(out: Path) -> int:
    return len((out / "state" / "plan.jsonl").read_text().splitlines())


def _rows(out: Path) -> list[dict[str, Any]]:
    return pq.read_table(out / "partitions.parquet").to_pylist()


def _kinds(tmp_path: Path) -> tuple[Counter[str], int]:
    """Count the events by kind, and their keys."""
    export = tmp_path / "export.jsonl"
    subprocess.run([sys.executable, "-m", "seawall", "ledger", "export", str(export)], check=True, capture_output=True)
    events = [event for event in map(json.loads, export.read_text().splitlines()) if "kind" in event]
    return Counter(event["kind"] for event in events), len({event["key"] for event in events})


def _check(summary: dict[str, Any], out: Path, whole: list[dict[str, Any]]) -> None:
    assert {side: number for side, number in summary["partitions"].items() if number} == SIDES
    assert summary["items"] == 5 * EACH
    assert summary["answers"]["canary"] == {"ok": 5 * EACH}
    assert _rows(out) == whole


@pytest.fixture(scope="module")
def whole(canaries: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows of a separation that nobody disturbed."""
    out = tmp_path_factory.mktemp("undisturbed")
    environment = os.environ | {"SEAWALL_HOME": str(out / "home")}
    command = [sys.executable, "-m", "seawall", "separate", str(canaries), "--detectors", "canary", "--workers", "1"]
    command += ["--out", str(out / "out"), "--shard-items", "6"]
    subprocess.run(command, check=False, capture_output=True, env=environment, timeout=DEADLINE_S)
    return _rows(out / "out")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_driver_resumes_and_counts_nothing_twice(
    canaries: Path, whole: list[dict[str, Any]], tmp_path: Path, workers: int
) -> None:
    out = tmp_path / "out"
    chance = random.Random(workers)
    for step, count in (("hashed", 2), ("observed", 3), ("matched", 7)):
        process = _start(canaries, out, workers)
        _wait(out, process, step, count)
        time.sleep(chance.random() / 10)  # somewhere between one receipt and the next
        _kill(process)
    answered = sum(json.loads(path.read_bytes())["items"] for path in out.glob("state/observed/*/*.json"))
    assert answered
    summary = finish(_start(canaries, out, workers))
    _check(summary, out, whole)
    assert summary["resumed"] == answered, "what had answers was not asked again"
    kinds, keys = _kinds(tmp_path)
    assert kinds["separate.started"] == kinds["separate.closed"] == 1
    assert kinds["separate.shard"] == kinds["scan.shard"] == _shards(out)
    assert kinds["scan.started"] == 1
    placed = sum(row["action"] != "allow" for row in whole)
    assert placed == 2 * EACH
    held = [json.loads(line) for path in out.glob("state/matched/*/*.jsonl") for line in path.read_text().splitlines()]
    found = sum(len(item["findings"]) for item in held)
    assert kinds["finding"] == found
    assert keys == kinds.total()


def test_a_driver_killed_while_it_settles_settles_again(
    canaries: Path, whole: list[dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    _check(finish(_start(canaries, out, 1)), out, whole)
    before, _ = _kinds(tmp_path)
    chance = random.Random(3)
    for _ in range(4):
        (out / "summary.json").unlink(missing_ok=True)
        process = _start(canaries, out, 1)
        deadline = time.monotonic() + DEADLINE_S
        while not any(out.glob(".*.new")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(chance.random() / 10)
        _kill(process)
    _check(finish(_start(canaries, out, 1)), out, whole)
    after, keys = _kinds(tmp_path)
    assert after == before
    assert keys == after.total()
    assert not list(out.glob(".*.new"))


def test_a_killed_worker_costs_nothing(canaries: Path, whole: list[dict[str, Any]], tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = _start(canaries, out, 2)
    assert _wait(out, process, "observed", 2)
    worker = max(pid for pid in children(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    _check(finish(process), out, whole)
    kinds, keys = _kinds(tmp_path)
    assert kinds["separate.shard"] == kinds["scan.shard"] == _shards(out)
    assert keys == kinds.total()
