"""A real Ray cluster for tests, as an operator starts one: `ray start` per machine, token authentication, silent."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

DEADLINE_S = 60
RAY = (sys.executable, "-W", "ignore", "-m", "ray.scripts.scripts")


@dataclass
class RayCluster:
    """A cluster of one machine that plays several.

    Attributes:
        address: HOST:PORT of its head.
        environment: What a process needs to join it.
        folder: Ray's files.
        nodes: A process per machine; what it started ends with it.
    """

    address: str
    environment: Mapping[str, str]
    folder: Path
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add(self, *options: str) -> subprocess.Popen[bytes]:
        """Start one machine's processes."""
        command = [*RAY, "start", "--block", "--disable-usage-stats", "--num-cpus", "1", *options]
        with (self.folder / "start.log").open("ab") as log:
            process = subprocess.Popen(command, env=os.environ | self.environment, stdout=log, stderr=log)
        self.nodes.append(process)
        return process

    def wait(self) -> None:
        """Wait until the head answers."""
        host, _, port = self.address.rpartition(":")
        deadline = time.monotonic() + DEADLINE_S
        while True:
            with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
                return
            assert time.monotonic() < deadline, (self.folder / "start.log").read_text()
            assert self.nodes[0].poll() is None, (self.folder / "start.log").read_text()
            time.sleep(0.05)


@contextmanager
def ray_cluster(*, cpus: int) -> Iterator[RayCluster]:
    """Start a cluster with a head of `cpus` CPUs; `add` gives it more machines."""
    host = _own_address()
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="sw-", dir="/tmp"))  # a socket's path must be short
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "DO_NOT_TRACK": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")])),
    }
    cluster = RayCluster(f"{host}:{port}", environment, folder)
    try:
        cluster.add(
            "--head", "--port", str(port), "--include-dashboard", "false", "--num-cpus", str(cpus),
            "--object-store-memory", str(80 << 20), "--temp-dir", str(folder),
        )  # fmt: skip
        cluster.wait()
        yield cluster
    finally:
        started = [pid for node in cluster.nodes for pid in family_of(node.pid)]
        for node in cluster.nodes:
            node.kill()
            node.wait()
        for pid in started:  # most share the fate of what started them, but some take a minute to notice
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def family_of(pid: int) -> dict[int, str]:
    """Return the command of every descendant of a process."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found: dict[int, str] = {}
    todo = list(children.get(pid, ()))
    while todo:
        child = todo.pop()
        todo += children.get(child, ())
        with suppress(OSError):
            found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def _own_address() -> str:
    """Return the address under which Ray will know this machine; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
