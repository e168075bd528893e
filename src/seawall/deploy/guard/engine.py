"""The engine takes everything that waits, has it examined and judged, and records it together.

What takes its time runs in pools and reports back; what does not report in time has timed out, and is judged as such.
Nothing is answered before it is recorded, and nothing that goes wrong here ends in anything but a refusal.

A thread of its own does this, but for checks that are quickly done: of those, an event loop does itself whatever came
to it in one of its turns, if nobody else is at it. Two threads of Python that pass every check from one to the other
cost each twice the time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from seawall.deploy.guard.errors import GuardBusy, GuardUnavailable
from seawall.deploy.guard.options import GuardOptions
from seawall.deploy.guard.pool import Pool
from seawall.deploy.guard.procedure import Procedure
from seawall.deploy.guard.work import Awaiting, Job, Task, Waiting
from seawall.errors import SeawallError, StorageFull, StoreError, UsageError
from seawall.policy.guard import State
from seawall.store import StoreLocked

GRACE = 10.0
"""Seconds beyond its deadline after which a check is given up, whatever keeps it: a database that hangs."""

PROMPT_SECONDS = 0.03
"""Seconds that an event loop may be kept by a turn. If one took longer, the thread does them all for a second."""

_NEW, _DONE, _JUDGED, _LOOK, _STOP = range(5)
_FOREVER = 3600.0
_PAUSE = 1.0


class Engine:
    """Runs jobs. `submit` may be called from any thread."""

    def __init__(self, procedure: Procedure, options: GuardOptions, pools: dict[str, Pool]) -> None:
        self._procedure = procedure
        self._options = options
        self._pools = pools
        self._messages: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._late: list[tuple[float, int, Job]] = []
        # Held while steps are taken: what belongs to jobs is touched under it alone.
        self._turn = threading.Lock()
        self._arrived: dict[asyncio.AbstractEventLoop, list[Job]] = {}
        self._rested = 0.0
        self._lock = threading.Lock()
        self._open: set[Job] = set()
        self._bytes = 0
        self._closed = False
        self._where: dict[int, Pool] = {}
        self._thread = threading.Thread(target=self._run, name="seawall-guard", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it takes jobs."""
        return not self._closed and self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """How many jobs are under way."""
        return len(self._open)

    async def ask(self, job: Job) -> Any:
        """Run a job whose sink is an `Awaiting` of the running loop, and return its answer."""
        sink = job.sink
        if not isinstance(sink, Awaiting):
            raise TypeError("the job belongs to another caller")
        self._enter(job)
        if self._procedure.prompt(job):
            self._arrive(sink.loop, job)
        else:
            self._messages.put((_NEW, job))
        limit = sink.loop.call_later(self._seconds(job) + GRACE, sink.give_up)
        try:
            return await sink.future
        finally:
            limit.cancel()

    def ask_here(self, job: Job) -> Any:
        """Run a job whose sink is a `Waiting`, and return its answer; the calling thread waits."""
        sink = job.sink
        if not isinstance(sink, Waiting):
            raise TypeError("the job belongs to another caller")
        self._enter(job)
        self._messages.put((_NEW, job))
        try:
            return sink.future.result(self._seconds(job) + GRACE)
        except TimeoutError:
            raise GuardUnavailable from None

    def close(self, seconds: float | None = None) -> None:
        """Take no more jobs, finish those under way, and end."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            # The loop whose turn would have done them may be the one that waits here.
            arrived = [job for jobs in self._arrived.values() for job in jobs]
            self._arrived.clear()
        for job in arrived:
            self._messages.put((_NEW, job))
        self._messages.put((_STOP,))
        self._thread.join(self._options.deadline + GRACE if seconds is None else seconds)
        with self._lock:
            left = list(self._open)
        if left:
            self._refuse(left, GuardUnavailable("the guard was closed"))
            self._messages.put((_LOOK,))

    def _enter(self, job: Job) -> None:
        with self._lock:
            if self._closed:
                raise GuardUnavailable("the guard is closed")
            full = len(self._open) >= self._options.queue
            if self._open and (full or self._bytes + job.size > self._options.queue_bytes):
                raise GuardBusy
            self._open.add(job)
            self._bytes += job.size
        job.deadline = time.monotonic() + self._seconds(job)

    def _arrive(self, loop: asyncio.AbstractEventLoop, job: Job) -> None:
        with self._lock:
            waiting = self._arrived.get(loop)
            if waiting is not None:
                waiting.append(job)
                return
            self._arrived[loop] = [job]
        loop.call_soon(self._take_here, loop)

    def _take_here(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do what came in this turn of a loop, in its thread."""
        with self._lock:
            jobs = self._arrived.pop(loop, [])
        if not jobs:
            return
        begun = time.monotonic()
        if begun < self._rested or not self._turn.acquire(blocking=False):
            for job in jobs:
                self._messages.put((_NEW, job))
            return
        try:
            self._guarded(jobs, partial(self._advance, jobs, (), loop))
        finally:
            self._turn.release()
        # There may be a new deadline to watch, or nothing left to wait for.
        if self._closed or any(job.waiting for job in jobs):
            self._messages.put((_LOOK,))
        ended = time.monotonic()
        if ended - begun > PROMPT_SECONDS:
            self._rested = ended + _PAUSE

    def _seconds(self, job: Job) -> float:
        return self._options.slow_deadline if job.slow else self._options.deadline

    def _run(self) -> None:
        stopping = False
        while not (stopping and not self._open):
            messages = self._take()
            stopping = stopping or any(message[0] == _STOP for message in messages)
            with self._turn:
                self._follow(messages)

    def _follow(self, messages: Sequence[tuple[Any, ...]]) -> None:
        new: list[Job] = []
        touched: dict[Job, None] = {}
        for message in messages:
            if message[0] == _NEW:
                new.append(message[1])
            elif message[0] == _JUDGED:
                touched[message[1]] = None
            elif message[0] == _DONE:
                touched[message[1]] = None
                self._done(*message[1:])
        touched |= dict.fromkeys(self._overdue())
        known = [job for job in touched if job in self._open]
        self._guarded([*new, *known], partial(self._advance, new, known))

    def _take(self) -> list[tuple[Any, ...]]:
        """Wait for messages, or for the next deadline; return what there is, boundedly many."""
        seconds = _FOREVER
        if self._late:
            seconds = max(0.0, self._late[0][0] - time.monotonic())
        try:
            messages = [self._messages.get(timeout=seconds)]
        except queue.Empty:
            return []
        for _ in range(self._options.batch - 1):
            try:
                messages.append(self._messages.get_nowait())
            except queue.Empty:
                break
        return messages

    def _advance(
        self, new: Sequence[Job], touched: Sequence[Job], here: asyncio.AbstractEventLoop | None = None
    ) -> None:
        """Take jobs as far as they go now.

        Args:
            new: Nobody has looked at them.
            touched: What they wait for may have come.
            here: The loop whose thread this is; None in the engine's own.
        """
        ready: list[Job] = []
        if new:
            begun = self._guarded(new, partial(self._procedure.begin, new, self._start))
            ready += [job for job in begun if not job.waiting]
        ready += [job for job in touched if not job.waiting]
        record: list[Job] = []
        done: list[Job] = []
        for job in ready:
            if job.look:
                done.append(job)
            elif (job.judged or self._guarded([job], partial(self._judge, job))) and not job.waiting:
                record.append(job)
        done += self._recorded(record, wait=here is None)
        self._answer(done, here)

    def _judge(self, job: Job) -> None:
        job.judged = True
        self._procedure.judge(job, self._start)

    def _recorded(self, jobs: Sequence[Job], *, wait: bool) -> list[Job]:
        """Record jobs together, and return those that were; the others are refused, or left to the engine's thread."""
        if not jobs:
            return []
        try:
            self._procedure.record(jobs, wait=wait)
        except StoreLocked as error:
            if wait:
                self._refuse(jobs, _unavailable(error))
            else:
                for job in jobs:
                    self._messages.put((_JUDGED, job))
            return []
        except (StoreError, StorageFull) as error:
            self._refuse(jobs, _unavailable(error))
            return []
        except Exception as error:  # noqa: BLE001 (one job that cannot be written must not take the others with it)
            if len(jobs) == 1:
                self._refuse(jobs, _unavailable(error))
                return []
            return [each for job in jobs for each in self._recorded([job], wait=wait)]
        return list(jobs)

    def _answer(self, jobs: Iterable[Job], here: asyncio.AbstractEventLoop | None) -> None:
        """Give answers, waking each event loop once, but the one that runs here."""
        loops: dict[asyncio.AbstractEventLoop, list[tuple[Awaiting, Any, BaseException | None]]] = {}
        for job in jobs:
            outcome: Any = None
            failure: BaseException | None = None
            try:
                outcome = self._procedure.outcome(job)
            except SeawallError as error:
                failure = error
            except Exception as error:  # noqa: BLE001 (no reply can be made of it; the thread goes on)
                failure = _unavailable(error)
            self._forget(job)
            if isinstance(job.sink, Awaiting) and job.sink.loop is not here:
                loops.setdefault(job.sink.loop, []).append((job.sink, outcome, failure))
            else:
                job.sink.settle(outcome, failure)
        for loop, answers in loops.items():
            _wake(loop, answers)

    def _refuse(self, jobs: Iterable[Job], error: SeawallError) -> None:
        for job in jobs:
            self._forget(job)
            if isinstance(job.sink, Awaiting):
                _wake(job.sink.loop, [(job.sink, None, error)])
            else:
                job.sink.settle(None, error)

    def _forget(self, job: Job) -> None:
        with self._lock:
            if job in self._open:
                self._open.discard(job)
                self._bytes -= job.size
        for number in list(job.waiting):
            self._give_up(number)
        job.waiting.clear()
        # Whoever still holds the job, until its deadline, holds no content.
        job.works = ()

    def _guarded(self, jobs: Sequence[Job], step: Callable[[], None]) -> Sequence[Job]:
        """Take a step with jobs; if it fails, refuse them all, and go on."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 (a fault here must end in a refusal, and never end the thread)
            self._refuse(jobs, _unavailable(error))
            return []
        return jobs

    def _start(self, job: Job, task: Task) -> None:
        number = next(self._numbers)
        job.waiting[number] = task
        if not job.late:
            job.late = True
            heapq.heappush(self._late, (job.deadline, number, job))
        pool = self._where[number] = self._pools[task.pool]

        def call() -> None:
            outcome: Any = None
            failure: BaseException | None = None
            try:
                outcome = task.run()
            except BaseException as error:  # noqa: BLE001 (whatever a task raises is told as its failure)
                failure = error
            self._messages.put((_DONE, job, number, outcome, failure))

        pool.submit(number, call)

    def _done(self, job: Job, number: int, outcome: Any, failure: BaseException | None) -> None:
        self._where.pop(number, None)
        task = job.waiting.pop(number, None)
        if task is None:
            return  # It came too late: what was decided without it stands.
        try:
            if isinstance(failure, UsageError):
                self._refuse([job], failure)
            elif failure is not None:
                task.failed(State.FAILED)
            else:
                task.done(outcome)
        except Exception:  # noqa: BLE001 (an answer that cannot be read is none)
            task.failed(State.FAILED)

    def _overdue(self) -> list[Job]:
        now = time.monotonic()
        found = []
        while self._late and self._late[0][0] <= now:
            job = heapq.heappop(self._late)[2]
            job.late = False
            if not job.waiting:
                continue
            for number, task in list(job.waiting.items()):
                del job.waiting[number]
                self._give_up(number)
                task.failed(State.TIMED_OUT)
            # What follows its judgement, such as keeping evidence, gets as long again.
            job.deadline = now + self._options.deadline
            found.append(job)
        return found

    def _give_up(self, number: int) -> None:
        pool = self._where.pop(number, None)
        if pool is not None:
            pool.abandon(number)


def _unavailable(error: BaseException) -> GuardUnavailable:
    """Return the refusal for an error; no words of a foreign error, which may carry content, are passed on."""
    refusal = GuardUnavailable()
    if isinstance(error, SeawallError):
        refusal = GuardUnavailable(f"no decision can be recorded: {error.code}")
    refusal.__cause__ = error
    return refusal


def _wake(loop: asyncio.AbstractEventLoop, answers: list[tuple[Awaiting, Any, BaseException | None]]) -> None:
    def settle() -> None:
        for sink, outcome, error in answers:
            sink.settle(outcome, error)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        return  # The loop is closed: nobody waits there any more.
