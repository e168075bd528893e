"""kill -9 of the driver and of a worker while data are cleaned: the same command gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.crash.killed import children, finish, wait_for

pytestmark = pytest.mark.crash
SHARDS = 12


def _payload(shard: int, member: int) -> bytes:
    return hashlib.sha256(b"%d/%d" % (shard, member)).digest() * 6000


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for shard in range(SHARDS):
        with tarfile.open(folder / f"{shard:02}.tar", "w") as tar:
            for member in range(20):
                info = tarfile.TarInfo(f"{member:03}.bin")
                data = _payload(shard, member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return folder


@pytest.fixture
def findings(tmp_path: Path) -> Path:
    path = tmp_path / "findings.jsonl"
    rows = [
        {
            "item": f"{shard:02}.tar::007.bin",
            "sha256": hashlib.sha256(_payload(shard, 7)).hexdigest(),
            "action": "quarantine",
        }
        for shard in range(SHARDS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _start(dataset: Path, findings: Path, out: Path, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "seawall", "clean", str(dataset), "--remove", str(findings), "--out", str(out)]
    return subprocess.Popen(
        [*command, "--workers", str(workers), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _receipts(home: Path) -> int:
    return sum(1 for path in home.glob("clean/*/done/*.json"))


def _digests(out: Path) -> dict[str, str]:
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "clean-manifest.jsonl")
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _finish(process: subprocess.Popen[str], out: Path) -> dict[str, str]:
    summary = finish(process, 0)
    assert (summary["items"], summary["removed"]["list"]) == (20 * SHARDS, SHARDS)
    return _digests(out)


@pytest.fixture
def expected(dataset: Path, findings: Path, tmp_path: Path) -> dict[str, str]:
    """What a clean that nobody disturbs writes."""
    return _finish(_start(dataset, findings, tmp_path / "undisturbed", 1), tmp_path / "undisturbed")


def _gate(out: Path, tmp_path: Path) -> int:
    key = tmp_path / "key.pem"
    seawall = [sys.executable, "-m", "seawall"]
    key.write_text(subprocess.run([*seawall, "ledger", "key"], capture_output=True, text=True, check=True).stdout)
    manifest = str(out / "clean-manifest.jsonl")
    return subprocess.run([*seawall, "verify-manifest", manifest, str(out), "--key", str(key)], check=False).returncode


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_driver_resumes_to_the_same_bytes(
    dataset: Path, findings: Path, tmp_path: Path, seawall_home: Path, workers: int, expected: dict[str, str]
) -> None:
    out = tmp_path / "out"
    before = _receipts(seawall_home)
    for target in (1, 4, 8):
        process = _start(dataset, findings, out, workers)
        wait_for(process, lambda: _receipts(seawall_home), before + target)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not (out / "clean-manifest.jsonl").exists() or _receipts(seawall_home) >= before + SHARDS
    assert _finish(_start(dataset, findings, out, workers), out) == expected
    assert _gate(out, tmp_path) == 0


def test_a_killed_worker_costs_nothing(
    dataset: Path, findings: Path, tmp_path: Path, seawall_home: Path, expected: dict[str, str]
) -> None:
    out = tmp_path / "out"
    before = _receipts(seawall_home)
    process = _start(dataset, findings, out, 2)
    wait_for(process, lambda: _receipts(seawall_home), before + 2)
    for child in children(process.pid):
        command = Path(f"/proc/{child}/cmdline")
        if command.exists() and b"spawn_main" in command.read_bytes():
            os.kill(child, signal.SIGKILL)
            break
    assert _finish(process, out) == expected
    assert _gate(out, tmp_path) == 0
