"""The engine that spreads shards over the cores of one machine.

Workers are spawned, not forked. A worker that dies (killed, out of memory) breaks the pool: the pool is made again and
the shards that were under way are queued again, one worker for each shard that has been lost before, so that
the guilty one is found; after `MAX_TRIES` it is given up as lost and the others go on. Workers end
when their parent is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.util import Finalize
from typing import Any

from seawall.engine.base import MAX_TRIES, Lost, Outcome, Result, Shard, Work

_WATCH_SECONDS = 1.0
_work: Work[Any, Any] | None = None


def processors() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


class ProcessEngine:
    """Runs shards in a pool of processes.

    Args:
        workers: Number of processes.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(
        self, make_work: Callable[[], Work[Shard, Result]], shards: Iterable[Shard]
    ) -> Iterator[Outcome[Shard, Result]]:
        """See `Engine.run`."""
        fresh = iter(shards)
        again: deque[tuple[Shard, int]] = deque()
        while True:
            suspects = bool(again)
            source = _take(again) if suspects else ((shard, 0) for shard in fresh)
            lost = yield from self._run_pool(make_work, source, workers=1 if suspects else self._workers)
            if not lost and not suspects:
                return
            for shard, tries in lost:
                if tries + 1 >= MAX_TRIES:
                    yield Outcome(shard, Lost(tries + 1))
                else:
                    again.append((shard, tries + 1))

    def _run_pool(
        self,
        make_work: Callable[[], Work[Shard, Result]],
        source: Iterator[tuple[Shard, int]],
        *,
        workers: int,
    ) -> Generator[Outcome[Shard, Result], None, list[tuple[Shard, int]]]:
        """Run shards in one pool until they end or the pool breaks; return those that the break took."""
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(make_work, os.getpid()))
        under_way: dict[Future[Result], tuple[Shard, int]] = {}
        lost: list[tuple[Shard, int]] = []
        depth = workers if workers == 1 else 2 * workers
        try:
            while True:
                while not lost and len(under_way) < depth and (taken := next(source, None)) is not None:
                    try:
                        under_way[pool.submit(_process, taken[0])] = taken
                    except BrokenProcessPool:
                        lost.append(taken)
                if not under_way:
                    return lost
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    shard, tries = under_way.pop(future)
                    try:
                        yield Outcome(shard, future.result())
                    except BrokenProcessPool:
                        lost.append((shard, tries))
        finally:
            # Workers under way are waited for only when all is well: an interrupted scan resumes from its receipts.
            pool.shutdown(wait=not under_way, cancel_futures=True)


def _take(again: deque[tuple[Shard, int]]) -> Iterator[tuple[Shard, int]]:
    while again:
        yield again.popleft()


def _start(make_work: Callable[[], Work[Any, Any]], parent: int) -> None:
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    threading.Thread(target=end_with_parent, args=(parent,), daemon=True).start()
    _work = make_work()
    Finalize(None, _work.close, exitpriority=1)  # worker processes run no atexit functions


def _process(shard: Any) -> Any:
    if _work is None:
        raise RuntimeError("the worker was not started")
    return _work(shard)


def end_with_parent(parent: int) -> None:
    """End this process as soon as `parent` is no longer its parent. Run in a thread of its own."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)
