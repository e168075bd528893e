"""One set of open detectors for many threads: what waits together is asked together.

A request waits as long as its own deadline says. A detector that hangs is ended by its host; whoever asked meanwhile
has timed out, and is told so.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as WaitedTooLong
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seawall.content.pictures import Picture
from seawall.deploy.guard.errors import GuardBusy
from seawall.detectors.contract import Info, Result

if TYPE_CHECKING:
    from seawall.deploy.guard.parts import Scorer

MOST_TOGETHER = 16
"""Pictures that are scored in one go."""

MOST_WAITING = 256
"""Requests that may wait for detectors."""

Answers = list[dict[str, Result]]


class DeskTimeout(Exception):
    """The detectors did not answer in time."""


class DeskFailed(Exception):
    """The detectors broke down."""


@dataclass(slots=True)
class _Job:
    pictures: Sequence[Picture]
    hashed: bool
    answers: Future[Answers] = field(default_factory=Future)


class DetectorDesk:
    """Asks picture detectors on behalf of many threads.

    Args:
        opened: Opens the detectors; called once for each host.
        hosts: How many sets of detector processes there are.
        fingerprint: Identity of the detectors, for what is remembered of their answers.
    """

    def __init__(self, opened: Callable[[], Scorer], *, hosts: int = 1, fingerprint: str | None = None) -> None:
        self._scorers = [opened() for _ in range(max(1, hosts))]
        infos = self._scorers[0].infos
        self.infos: Mapping[str, Info] = {info.id: info for info in infos}
        own = ",".join(f"{info.id}@{info.version}" for info in infos)
        self.fingerprint: str = fingerprint or str(getattr(self._scorers[0], "fingerprint", own))
        self._waiting: queue.Queue[_Job | None] = queue.Queue(MOST_WAITING)
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, args=(scorer,), name="seawall-detectors", daemon=True)
            for scorer in self._scorers
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, pictures: Sequence[Picture], *, hashed: bool, seconds: float) -> Answers:
        """Return the answers of every detector for each picture.

        Args:
            pictures: The pictures of one medium.
            hashed: Whether it has passed the hash stage without a match; else nothing of it leaves the host.
            seconds: How long to wait.

        Raises:
            DeskTimeout: If there is no answer in time.
            DeskFailed: If the detectors broke down.
            GuardBusy: If too many wait already, or the desk is closed.
        """
        if self._closed:
            raise GuardBusy("the guard is closing")
        job = _Job(pictures, hashed)
        try:
            self._waiting.put_nowait(job)
        except queue.Full:
            raise GuardBusy("too many media wait for detectors") from None
        try:
            return job.answers.result(timeout=max(0.0, seconds))
        except WaitedTooLong:
            job.answers.cancel()
            raise DeskTimeout from None
        except CancelledError:
            raise DeskFailed from None

    def close(self) -> None:
        """End the detectors. What waits is told that they broke down."""
        self._closed = True
        with suppress(queue.Empty):
            while (job := self._waiting.get_nowait()) is not None:
                job.answers.cancel()
        for _ in self._threads:
            with suppress(queue.Full):
                self._waiting.put_nowait(None)
        for thread in self._threads:
            thread.join(timeout=5.0)
        for scorer in self._scorers:
            scorer.close()

    def _serve(self, scorer: Scorer) -> None:
        job = self._waiting.get()
        while job is not None:
            jobs, ending = [job], False
            while sum(len(each.pictures) for each in jobs) < MOST_TOGETHER:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ending = True
                    break
                jobs.append(more)
            asked = [each for each in jobs if each.answers.set_running_or_notify_cancel()]
            for hashed in (True, False):
                _answer(scorer, [each for each in asked if each.hashed is hashed], hashed=hashed)
            job = None if ending else self._waiting.get()


def _answer(scorer: Scorer, jobs: Sequence[_Job], *, hashed: bool) -> None:
    if not jobs:
        return
    try:
        given = scorer.score([picture for job in jobs for picture in job.pictures], hashed=hashed)
        answers = iter(given)
        every = [[next(answers) for _ in job.pictures] for job in jobs]
    except Exception as problem:  # noqa: BLE001 (whatever goes wrong must reach those who wait)
        for job in jobs:
            job.answers.set_exception(DeskFailed(type(problem).__name__))
        return
    for job, its in zip(jobs, every, strict=True):
        job.answers.set_result(its)
