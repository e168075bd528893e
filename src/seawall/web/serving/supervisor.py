"""Several workers on one socket: started together, replaced when one dies, drained together.

A worker that finds its parent gone drains and ends, so that nothing is left behind by kill -9.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType

from seawall.errors import ExitCode, SeawallError
from seawall.settings import Settings
from seawall.web.serving.options import ServeOptions

_GRACE = 10.0
_RESTARTS = 5
_WITHIN = 60.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class WorkersFailed(SeawallError):
    """The workers of the server do not stay alive."""

    code = "workers"
    hint = "their own messages are above"
    exit_code = ExitCode.UNEXAMINED


@dataclass(slots=True, eq=False)
class _Worker:
    process: BaseProcess
    line: Connection
    ready: bool = False


class Supervisor:
    """Keeps workers alive until it is told to stop.

    Args:
        settings: Where state is.
        options: How to serve.
        sock: Bound, and not listening yet.
        ready: Called once every worker answers.
        died: Called with the process id of a worker that is gone.
    """

    def __init__(
        self,
        settings: Settings,
        options: ServeOptions,
        sock: socket.socket,
        ready: Callable[[], None],
        died: Callable[[int], None],
    ) -> None:
        self._settings = settings
        self._options = options
        self._sock = sock
        self._ready = ready
        self._died = died
        self._spawn = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._stopping = False
        self._announced = False
        self._restarts: deque[float] = deque(maxlen=_RESTARTS)
        self._wake_read, self._wake_write = os.pipe()

    def run(self) -> None:
        """Serve until a signal comes.

        Raises:
            WorkersFailed: If workers die again and again, or at once.
        """
        before = {number: signal.signal(number, self._signalled) for number in _SIGNALS}
        try:
            for _ in range(self._options.workers):
                self._start()
            while not self._stopping:
                self._look()
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _start(self) -> None:
        ours, theirs = self._spawn.Pipe()
        process = self._spawn.Process(
            target=_work, args=(self._settings, self._options, self._sock, theirs), name="seawall-worker"
        )
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))

    def _look(self) -> None:
        """Wait until something happens to a worker, and see to it."""
        lines = {worker.line: worker for worker in self._workers if not worker.ready}
        ends = {worker.process.sentinel: worker for worker in self._workers}
        for each in wait([*lines, *ends, self._wake_read]):
            if isinstance(each, Connection):
                self._hear(lines[each])
            elif each in ends and isinstance(each, int):
                self._replace(ends[each])

    def _hear(self, worker: _Worker) -> None:
        try:
            worker.ready = worker.line.recv() == "ready"
        except (EOFError, OSError):
            worker.process.join(_GRACE)
            return
        if not self._announced and all(each.ready for each in self._workers):
            self._announced = True
            self._ready()

    def _replace(self, worker: _Worker) -> None:
        if worker not in self._workers:
            return
        self._forget(worker)
        now = time.monotonic()
        often = len(self._restarts) == _RESTARTS and now - self._restarts[0] < _WITHIN
        if self._stopping:
            return
        if not worker.ready or often:
            raise WorkersFailed
        self._restarts.append(now)
        self._start()

    def _forget(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.join()
        worker.line.close()
        self._died(worker.process.pid or 0)

    def _end(self) -> None:
        for worker in self._workers:
            worker.process.terminate()
        end = time.monotonic() + self._options.drain + _GRACE
        for worker in list(self._workers):
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
            self._forget(worker)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        os.write(self._wake_write, b"x")


def _work(settings: Settings, options: ServeOptions, sock: socket.socket, line: Connection) -> None:
    """Be a worker."""
    from seawall.web.serving.worker import run_worker

    def watch(stop: Callable[[], None]) -> None:
        def parent_gone() -> None:
            try:
                line.recv()
            except (EOFError, OSError):
                stop()

        threading.Thread(target=parent_gone, name="seawall-parent", daemon=True).start()

    try:
        run_worker(settings, options, sock, lambda: line.send("ready"), watch)
    except SeawallError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(int(error.exit_code))
    except BrokenPipeError:
        sys.exit(int(ExitCode.UNEXAMINED))
