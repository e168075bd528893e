"""kill -9 of the driver, of a worker, of a decode process: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.crash.killed import DEADLINE_S, alive, children, finish, wait_for

pytestmark = pytest.mark.crash
ITEMS = 120


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Photograph-like pictures, every tenth a copy of the first."""
    folder = tmp_path / "data"
    folder.mkdir()
    noise = np.random.default_rng(5)
    for number in range(ITEMS):
        seed = np.random.default_rng(0) if number % 10 == 0 else noise
        small = Image.fromarray(seed.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        small.resize((1200, 900), Image.Resampling.BICUBIC).save(folder / f"{number:04}.jpg", quality=80)
    return folder


@pytest.fixture
def known(dataset: Path, tmp_path: Path) -> Path:
    import seawall

    path = tmp_path / "known.txt"
    path.write_text(seawall.pdq(dataset / "0000.jpg").value + "\n")
    return path


def _start(dataset: Path, known: Path, out: Path, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "seawall", "scan", str(dataset), "--list", str(known), "--out", str(out)]
    command += ["--workers", str(workers), "--shard-items", "10", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _receipts(out: Path) -> int:
    return sum(1 for _ in out.glob("state/hashed/*/*.json"))


def _check(summary: dict[str, Any], out: Path) -> None:
    assert (summary["items"], summary["examined"], summary["unexamined"]) == (ITEMS, ITEMS, 0)
    rows = [json.loads(line) for line in (out / "findings.jsonl").read_text().splitlines()]
    assert summary["findings"] == len(rows) == ITEMS // 10
    assert len({row["item"] for row in rows}) == ITEMS // 10


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_driver_resumes(dataset: Path, known: Path, tmp_path: Path, workers: int) -> None:
    out = tmp_path / "out"
    for target in (2, 5, 8):
        process = _start(dataset, known, out, workers)
        wait_for(process, lambda: _receipts(out), target)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    summary = finish(_start(dataset, known, out, workers))
    _check(summary, out)
    assert summary["resumed"] >= 8, "what had a receipt was not read again"


def test_the_ledger_of_a_killed_scan_holds_each_event_once(dataset: Path, known: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = _start(dataset, known, out, 1)
    wait_for(process, lambda: _receipts(out), 4)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    finish(_start(dataset, known, out, 1))
    export = tmp_path / "export.jsonl"
    subprocess.run([sys.executable, "-m", "seawall", "ledger", "export", str(export)], check=True, capture_output=True)
    events = [json.loads(line) for line in export.read_text().splitlines()]
    kinds = [event.get("kind") for event in events]
    assert kinds.count("finding") == ITEMS // 10
    assert kinds.count("scan.shard") == _receipts(out)
    assert kinds.count("scan.started") == kinds.count("scan.closed") == 1


def test_a_killed_worker_costs_nothing(dataset: Path, known: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = _start(dataset, known, out, 2)
    wait_for(process, lambda: _receipts(out), 2)
    worker = max(pid for pid in children(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    _check(finish(process), out)


def test_a_killed_decode_process_costs_at_most_its_item(dataset: Path, known: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = _start(dataset, known, out, 1)
    wait_for(process, lambda: _receipts(out), 2)
    decoder = next(pid for pid in children(process.pid) if b"sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(decoder, signal.SIGKILL)
    output, error = process.communicate(timeout=DEADLINE_S)
    summary = json.loads(output)
    assert process.returncode in (1, 3), error
    assert summary["items"] == ITEMS
    assert summary["unexamined"] <= 1


def test_workers_end_with_a_killed_driver(dataset: Path, known: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = _start(dataset, known, out, 2)
    wait_for(process, lambda: _receipts(out), 2)
    started = list(children(process.pid))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 30
    while any(alive(pid) for pid in started):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_scans_cannot_share_an_output_directory(dataset: Path, known: Path, tmp_path: Path) -> None:
    from seawall.develop.dataset.scan.receipts import locked

    out = tmp_path / "out"
    with locked(out / "state"):
        second = _start(dataset, known, out, 1)
        _, error = second.communicate(timeout=DEADLINE_S)
        assert second.returncode == 2
        assert error.startswith("error[state_locked]: ")
    _check(finish(_start(dataset, known, out, 1)), out)
