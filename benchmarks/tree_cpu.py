"""CPU seconds of a command and of everything that it starts, children of children and orphans included.

`getrusage` counts only children that somebody waited for. A control group counts all; where none can be made, /proc is
read ten times a second, and what a process does after the last look is lost.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PERIOD_SECONDS = 0.1
_LINGER_SECONDS = 5.0


@dataclass(frozen=True)
class Spent:
    """What a command cost.

    Attributes:
        cpu: CPU seconds of its whole tree.
        wall: Seconds until it ended.
        peak: Largest sum of resident memory of its tree, bytes; pages that processes share count for each.
        output: What it printed.
        exact: Whether a control group counted.
    """

    cpu: float
    wall: float
    peak: int
    output: str
    exact: bool


def run(command: Sequence[str], environment: Mapping[str, str], *, codes: Sequence[int] = (0, 1)) -> Spent:
    """Run a command to its end.

    Raises:
        SystemExit: If its exit code is not one of `codes`.
    """
    ticks = os.sysconf("SC_CLK_TCK")
    used: dict[tuple[int, str], int] = {}
    peak = 0
    with _group() as group:
        enter = f"echo $$ > {group / 'cgroup.procs'}; " if group else ""
        start = time.perf_counter()
        process = subprocess.Popen(
            ["/bin/sh", "-c", enter + 'exec "$@"', "sh", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(environment),
        )
        while process.poll() is None:
            peak = max(peak, _look(process.pid, used))
            time.sleep(_PERIOD_SECONDS)
        wall = time.perf_counter() - start
        output, error = process.communicate()
        if process.returncode not in codes:
            raise SystemExit(error)
        sampled = sum(used.values()) / ticks
        return Spent(_counted(group) if group else sampled, wall, peak, output, group is not None)


@contextmanager
def _group() -> Iterator[Path | None]:
    """Make a control group that counts CPU time, if the system lets us; version 2, or version 1."""
    for base, needed in (("/sys/fs/cgroup", "cpu.stat"), ("/sys/fs/cgroup/cpuacct", "cpuacct.usage")):
        group = Path(base, f"seawall-bench-{os.getpid()}")
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / needed).exists():
                yield group
                return
        finally:
            deadline = time.monotonic() + _LINGER_SECONDS
            while group.exists() and time.monotonic() < deadline:
                with suppress(OSError):
                    group.rmdir()
                time.sleep(_PERIOD_SECONDS)
    yield None


def _counted(group: Path) -> float:
    usage = group / "cpuacct.usage"
    if usage.exists():
        return int(usage.read_text()) / 1e9
    fields = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
    return int(fields["usage_usec"]) / 1e6


def _look(root: int, used: dict[tuple[int, str], int]) -> int:
    """Note what every process of a tree has used so far; return what they hold in memory."""
    stats: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            stats[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[1]), []).append(pid)
    todo, held = [root], 0
    while todo:
        pid = todo.pop()
        todo += children.get(pid, ())
        if pid in stats:
            fields = stats[pid]
            used[pid, fields[19]] = int(fields[11]) + int(fields[12])
            held += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return held
