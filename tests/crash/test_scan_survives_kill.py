"""kill -9 of the driver, of a worker, of a decode process: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.crash
ITEMS = 120
DEADLINE_S = 120


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


def _finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, error = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1, error
    summary: dict[str, Any] = json.loads(output)
    return summary


def _receipts(out: Path) -> int:
    return sum(1 for _ in out.glob("state/hashed/*/*.json"))


def _wait_for_receipts(out: Path, process: subprocess.Popen[str], count: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while _receipts(out) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)


def _children(pid: int) -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(path.parent.name)
            yield child
            yield from _children(child)


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
        _wait_for_receipts(out, process, target)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    summary = _finish(_start(dataset, known, out, workers))
    _check(summary, out)
    assert summary["resumed"] >= 8, "what had a receipt was not read again"


def test_the_ledger_of_a_killed_scan_holds_each_event_once(dataset: Path, known: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = _start(dataset, known, out, 1)
    _wait_for_receipts(out, process, 4)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    _finish(_start(dataset, known, out, 1))
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
    _wait_for_receipts(out, process, 2)
    worker = max(pid for pid in _children(process.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    _check(_finish(process), out)


def test_a_killed_decode_process_costs_at_most_its_item(dataset: Path, known: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = _start(dataset, known, out, 1)
    _wait_for_receipts(out, process, 2)
    decoder = next(pid for pid in _children(process.pid) if b"sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(decoder, signal.SIGKILL)
    output, error = process.communicate(timeout=DEADLINE_S)
    summary = json.loads(output)
    assert process.returncode in (1, 3), error
    assert summary["items"] == ITEMS
    assert summary["unexamined"] <= 1


def test_workers_end_with_a_killed_driver(dataset: Path, known: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = _start(dataset, known, out, 2)
    _wait_for_receipts(out, process, 2)
    children = list(_children(process.pid))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 30
    while any(_alive(pid) for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_scans_cannot_share_an_output_directory(dataset: Path, known: Path, tmp_path: Path) -> None:
    from seawall.develop.dataset.scan.receipts import locked

    out = tmp_path / "out"
    with locked(out / "state"):
        second = _start(dataset, known, out, 1)
        _, error = second.communicate(timeout=DEADLINE_S)
        assert second.returncode == 2
        assert error.startswith("error[state_locked]: ")
    _check(_finish(_start(dataset, known, out, 1)), out)
