"""One long-lived program: a line goes in, a line comes back before the deadline, or the whole process group ends.

What it writes to standard error may hold content, so nobody ever reads it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LONGEST_REPLY: Final = 64 * 1024
_CHUNK = 1 << 16
_LAUNCH = Path(__file__).with_name("_launch.py")
_NEEDED_TO_START = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME")
_GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Program:
    """What to run.

    Attributes:
        command: The program's absolute path and its arguments; no shell reads them.
        environment: Names of the only environment variables that it sees.
        item_seconds: Longest time for one item; for the first, the start of the program is added.
        start_seconds: Longest time for the start.
        restarts: How often it is started again after it died or was ended.
        memory_bytes: Most address space; None for no limit.
        open_files: Most open files.
    """

    command: tuple[str, ...]
    environment: tuple[str, ...] = ()
    item_seconds: float = 30.0
    start_seconds: float = 60.0
    restarts: int = 3
    memory_bytes: int | None = 4 << 30
    open_files: int = 256


class ProgramFailed(Exception):
    """The program gave no answer; it has been ended.

    Attributes:
        reason: Stable code for the result.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Process:
    """A running program.

    Args:
        program: What to run.
        monotonic: A clock that only goes forward.

    Raises:
        ProgramFailed: If it cannot be started.
    """

    def __init__(self, program: Program, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._item_seconds = program.item_seconds
        self._left_to_start = program.start_seconds
        self._child = _start(program)
        self._in, self._out = _pipes(self._child)

    def ask(self, request: bytes) -> bytes:
        """Send a line and return the line that comes back.

        Raises:
            ProgramFailed: If none does in time; the program is gone then.
        """
        until = self._monotonic() + self._item_seconds + self._left_to_start
        self._left_to_start = 0.0
        try:
            return self._exchange(request + b"\n", until)
        except ProgramFailed:
            self.end()
            raise
        except OSError:
            self.end()
            raise ProgramFailed("program_died") from None

    def end(self) -> None:
        """End the program and everything that it started in its group."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        # The group has the id of its first process, which is ours until we have waited for it.
        if self._child.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_GRACE_SECONDS)

    def _exchange(self, line: bytes, until: float) -> bytes:
        left = memoryview(line)
        reply = bytearray()
        while True:
            readable, writable = self._ready(until, writing=bool(left))
            if writable:
                left = left[os.write(self._in, left[:_CHUNK]) :]
            if readable:
                chunk = os.read(self._out, _CHUNK)
                if not chunk:
                    raise ProgramFailed("program_died")
                reply += chunk
                if len(reply) > LONGEST_REPLY:
                    raise ProgramFailed("reply_too_large")
            end = reply.find(b"\n")
            if end >= 0:
                # One line for one line: anything else would be read as the answer for the next item.
                if left or end != len(reply) - 1:
                    raise ProgramFailed("malformed_reply")
                return bytes(reply[:end])

    def _ready(self, until: float, *, writing: bool) -> tuple[bool, bool]:
        """Wait until there is something to read, or room to write; a pipe that was closed counts as both."""
        wait = until - self._monotonic()
        if wait <= 0:
            raise ProgramFailed("timeout")
        # Not select(2): a process that scans may have more than 1024 files open.
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        if writing:
            poll.register(self._in, select.POLLOUT)
        ready = {descriptor for descriptor, _ in poll.poll(max(1, round(1000 * wait)))}
        return self._out in ready, self._in in ready


def _start(program: Program) -> subprocess.Popen[bytes]:
    limits = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": program.open_files}
    if program.memory_bytes is not None:
        limits["RLIMIT_AS"] = program.memory_bytes
    order = {"command": program.command, "environment": program.environment, "limits": limits}
    names = {*program.environment, *_NEEDED_TO_START}
    try:
        return subprocess.Popen(  # noqa: S603 (the operator's own program, without a shell)
            [sys.executable, "-I", "-S", "-B", str(_LAUNCH), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in names if name in os.environ},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
    except OSError:
        raise ProgramFailed("program_not_started") from None


def _pipes(child: subprocess.Popen[bytes]) -> tuple[int, int]:
    if child.stdin is None or child.stdout is None:
        raise ProgramFailed("program_not_started")
    for pipe in (child.stdin, child.stdout):
        os.set_blocking(pipe.fileno(), False)
    return child.stdin.fileno(), child.stdout.fileno()
