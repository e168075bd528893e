"""On Ray as on one machine: kill -9 of a worker, of a machine, of the driver; the outputs are those of a local run."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.crash.killed import DEADLINE_S, alive, finish, wait_for
from tests.ray_fixture import RayCluster, family_of, ray_cluster

pytestmark = pytest.mark.crash
PHOTOS, CANARIES = 80, 20
ITEMS = PHOTOS + CANARIES


@dataclass
class World:
    """A dataset, and how to scan it.

    Attributes:
        root: Where everything is.
        environment: What differs from the test's own environment.
    """

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, out: Path, *options: str) -> subprocess.Popen[str]:
        """Start a scan."""
        command = [sys.executable, "-m", "seawall", "scan", str(self.root / "data"), "--out", str(out)]
        command += ["--list", str(self.root / "known.txt"), "--shard-items", "10", "--json", *options]
        environment = os.environ | {"SEAWALL_HOME": str(self.root / "home")} | self.environment
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def command(self, *words: str) -> str:
        """Run another command of seawall, and return what it prints."""
        environment = os.environ | {"SEAWALL_HOME": str(self.root / "home")}
        command = [sys.executable, "-m", "seawall", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Photograph-like pictures, every tenth a copy of the first, and canaries."""
    import seawall

    root = tmp_path_factory.mktemp("ray")
    world = World(root)
    data = root / "data"
    world.command("canary", "draw", "--concepts", "a,b", "--n", str(CANARIES), "--seed", "3", "--out", str(data))
    (data / "manifest.jsonl").unlink()
    noise = np.random.default_rng(5)
    for number in range(PHOTOS):
        seed = np.random.default_rng(0) if number % 10 == 0 else noise
        small = Image.fromarray(seed.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        small.resize((1200, 900), Image.Resampling.BICUBIC).save(data / f"photo{number:04}.jpg", quality=80)
    (root / "known.txt").write_text(seawall.pdq(data / "photo0000.jpg").value + "\n")
    return world


@pytest.fixture(scope="module")
def expected(world: World) -> dict[str, Any]:
    """What two local processes make of the dataset."""
    out = world.root / "local"
    _finish(world.start(out, "--workers", "2"))
    return _facts(out)


@pytest.fixture(scope="module")
def cluster(world: World) -> Iterator[RayCluster]:
    """A cluster to join, with two CPUs."""
    with ray_cluster(cpus=2) as cluster:
        world.environment |= cluster.environment
        yield cluster


def _finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    summary = finish(process)
    assert (summary["items"], summary["examined"], summary["unexamined"]) == (ITEMS, ITEMS, 0)
    assert (summary["findings"], summary["drill"]) == (PHOTOS // 10, CANARIES)
    return summary


def _facts(out: Path) -> dict[str, Any]:
    """Return what must not depend on where the work was done: every output of items, every receipt, every count."""
    outputs = ("findings.jsonl", "attention.jsonl", "manifest.parquet")
    facts: dict[str, Any] = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in outputs}
    for path in sorted(out.glob("state/*/*/*.json")):
        facts["/".join(path.parts[-3:])] = json.loads(path.read_bytes())
    own = {"scan_id", "out", "seconds", "images_per_second", "ledger_root", "resumed"}
    summary: Mapping[str, Any] = json.loads((out / "summary.json").read_bytes())
    return facts | {key: value for key, value in summary.items() if key not in own}


def _receipts(out: Path) -> int:
    return sum(1 for _ in out.glob("state/hashed/*/*.json"))


def _items(out: Path) -> int:
    return sum(json.loads(path.read_bytes())["items"] for path in out.glob("state/hashed/*/*.json"))


def _actors(pid: int) -> dict[int, str]:
    return {child: command for child, command in family_of(pid).items() if "ShardActor" in command}


AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""Housekeeping of Ray's, which does nothing more but try for a minute to tell its dead head that it is dead."""


def _wait_until_dead(family: Mapping[int, str]) -> None:
    deadline = time.monotonic() + 30
    working = {pid: command for pid, command in family.items() if not command.startswith(AGENTS)}
    while left := {pid: command for pid, command in working.items() if alive(pid)}:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_a_private_cluster_makes_what_local_processes_make(
    world: World, expected: dict[str, Any], tmp_path: Path
) -> None:
    _finish(world.start(tmp_path / "out", "--cluster", "local", "--workers", "2"))
    assert _facts(tmp_path / "out") == expected


def test_a_killed_worker_and_a_killed_machine_cost_nothing(
    world: World, cluster: RayCluster, expected: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    machine = cluster.add("--address", cluster.address)
    process = world.start(out, "--cluster", cluster.address, "--workers", "3")
    wait_for(process, lambda: _receipts(out), 1)
    os.kill(max(_actors(cluster.nodes[0].pid)), signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE_S
    while not _actors(machine.pid):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    family = family_of(machine.pid)
    machine.kill()
    machine.wait()
    _finish(process)
    assert _facts(out) == expected
    _wait_until_dead(family)


def test_a_killed_driver_of_a_private_cluster_leaves_no_process_and_resumes(
    world: World, expected: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = world.start(out, "--cluster", "local", "--workers", "2")
    wait_for(process, lambda: _receipts(out), 3)
    family = family_of(process.pid)
    assert any("raylet" in command for command in family.values())
    process.kill()
    process.communicate()
    done = _items(out)
    _wait_until_dead(family)
    assert _finish(world.start(out, "--cluster", "local", "--workers", "2"))["resumed"] >= done > 0
    assert _facts(out) == expected
    _check_ledger(world, out)


def test_a_killed_driver_leaves_no_process_on_a_cluster_and_resumes_anywhere(
    world: World, cluster: RayCluster, expected: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = world.start(out, "--cluster", cluster.address)
    wait_for(process, lambda: _receipts(out), 3)
    actors = _actors(cluster.nodes[0].pid)
    assert actors
    process.kill()
    process.communicate()
    done = _items(out)
    _wait_until_dead(actors)
    assert _finish(world.start(out, "--workers", "1"))["resumed"] >= done > 0
    assert _facts(out) == expected
    _check_ledger(world, out)


def _check_ledger(world: World, out: Path) -> None:
    """Each event of the scan is there once."""
    export = out / "export.jsonl"
    world.command("ledger", "export", str(export))
    scan = json.loads((out / "state/scan.json").read_bytes())["scan_id"]
    events = [json.loads(line) for line in export.read_text().splitlines()]
    kinds = [event["kind"] for event in events if event.get("key", "").startswith(f"scan/{scan}/")]
    assert kinds.count("scan.shard") == _receipts(out)
    assert kinds.count("finding") == PHOTOS // 10 + CANARIES
    assert kinds.count("scan.started") == kinds.count("scan.closed") == 1
