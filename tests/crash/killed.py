"""Processes that tests start and kill: what they leave running, and what they say at their end."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DEADLINE_S = 120


def finish(process: subprocess.Popen[str], code: int = 1) -> dict[str, Any]:
    """Return the summary that a command ends with; 1 is the exit code of findings."""
    output, error = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == code, error
    summary: dict[str, Any] = json.loads(output)
    return summary


def wait_for(process: subprocess.Popen[str], done: Callable[[], int], count: int) -> None:
    """Wait until so much is done, by a process that must not end before."""
    deadline = time.monotonic() + DEADLINE_S
    while done() < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)


def children(pid: int) -> Iterator[int]:
    """Yield the processes that one has started, and those that they have."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(path.parent.name)
            yield child
            yield from children(child)


def alive(pid: int) -> bool:
    """Whether a process runs: one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
