"""The guard: every check by one path, whether a coroutine or a thread waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.asking import (
    batch_works,
    finetune_work,
    input_work,
    output_work,
    upload_work,
    weight,
)
from seawall.deploy.guard.checking import Checking, Examiners, Neighbours
from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.deciding import Decider
from seawall.deploy.guard.engine import Engine
from seawall.deploy.guard.health import Problem, problems
from seawall.deploy.guard.options import GuardOptions
from seawall.deploy.guard.pool import Pool
from seawall.deploy.guard.requests import (
    BatchCheck,
    BatchReply,
    CheckReply,
    FinetuneCheck,
    InputCheck,
    OutputCheck,
    UploadCheck,
)
from seawall.deploy.guard.stream import GuardStream, ThreadStream
from seawall.deploy.guard.tasks import MEDIA, TEXTS, VAULT
from seawall.deploy.guard.work import Awaiting, Job, Sink, Waiting, Work


class Guard:
    """Checks requests, uploads, outputs and fine-tuning jobs. A context manager; `open_guard` makes one.

    Its coroutines may be awaited in any event loop, and the methods named `check_*` called from any thread; both are
    answered by the same engine.

    Args:
        examiners: Who looks.
        neighbours: Whom it asks and tells.
        decider: Judges.
        options: How it is set up.
        probes: Say what is wrong with parts that the guard itself does not see.
    """

    def __init__(
        self,
        examiners: Examiners,
        neighbours: Neighbours,
        decider: Decider,
        options: GuardOptions,
        probes: Sequence[Callable[[], Iterable[Problem]]] = (),
    ) -> None:
        self._options = options
        self._examiners = examiners
        self._neighbours = neighbours
        self._decider = decider
        self._checking = Checking(examiners, neighbours, decider)
        self._pools = {
            MEDIA: Pool("seawall-guard-media", options.media_threads),
            TEXTS: Pool("seawall-guard-texts", options.scorers),
            VAULT: Pool("seawall-guard-vault", 1),
        }
        self._engine = Engine(self._checking, options, self._pools)
        self._probes = tuple(probes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self, seconds: float | None = None) -> None:
        """Take no more checks, finish those under way, and let go of everything.

        Args:
            seconds: How long those under way may take; then they are refused. Default: as long as any check may.
        """
        self._engine.close(seconds)
        for pool in self._pools.values():
            pool.close()

    async def input(self, check: InputCheck) -> CheckReply:
        """Check a request to a model."""
        reply: CheckReply = await self._ask(input_work(check))
        return reply

    async def upload(self, check: UploadCheck, media: Media) -> CheckReply:
        """Check a file that a user brings."""
        reply: CheckReply = await self._ask(upload_work(check, media))
        return reply

    async def output(self, check: OutputCheck, media: Media | None = None) -> CheckReply:
        """Check what a model has made: `check.text`, or `media`."""
        reply: CheckReply = await self._ask(output_work(check, media))
        return reply

    async def finetune(self, check: FinetuneCheck) -> CheckReply:
        """Check a fine-tuning job."""
        reply: CheckReply = await self._ask(finetune_work(check))
        return reply

    async def batch(self, check: BatchCheck) -> BatchReply:
        """Check many, recorded together; answers in order."""
        works = batch_works(check.items)
        if not works:
            return BatchReply(results=[])
        job = _job(works, Awaiting(asyncio.get_running_loop()), many=True)
        return BatchReply.model_construct(results=await self._engine.ask(job))

    def stream(self, check: OutputCheck) -> GuardStream:
        """Begin to check a text that is still being made."""
        return GuardStream(check, self._engine, self._decider, self._examiners, self._options.hold_back)

    def check_input(self, check: InputCheck) -> CheckReply:
        """Check a request to a model; the calling thread waits."""
        return self._ask_here(input_work(check))

    def check_upload(self, check: UploadCheck, media: Media) -> CheckReply:
        """Check a file that a user brings; the calling thread waits."""
        return self._ask_here(upload_work(check, media))

    def check_output(self, check: OutputCheck, media: Media | None = None) -> CheckReply:
        """Check what a model has made; the calling thread waits."""
        return self._ask_here(output_work(check, media))

    def check_finetune(self, check: FinetuneCheck) -> CheckReply:
        """Check a fine-tuning job; the calling thread waits."""
        return self._ask_here(finetune_work(check))

    def check_batch(self, check: BatchCheck) -> BatchReply:
        """Check many, recorded together; the calling thread waits."""
        works = batch_works(check.items)
        if not works:
            return BatchReply(results=[])
        results = self._engine.ask_here(_job(works, Waiting(), many=True))
        return BatchReply.model_construct(results=results)

    def check_stream(self, check: OutputCheck) -> ThreadStream:
        """Begin to check a text that is still being made, from a thread."""
        return ThreadStream(check, self._engine, self._decider, self._examiners, self._options.hold_back)

    def decision(self, decision_id: str) -> DecisionRecord | None:
        """Return a decision by its id.

        Raises:
            StoreError: If the database cannot be used.
        """
        return self._neighbours.records.get(decision_id)

    def ready(self) -> list[Problem]:
        """Return what keeps checks from being whole; nothing if all is well. Asks the database."""
        found = problems(self._engine, self._checking, self._examiners, self._neighbours)
        return found + [problem for probe in self._probes for problem in probe()]

    @property
    def waiting(self) -> int:
        """How many jobs are under way."""
        return self._engine.waiting

    async def _ask(self, work: Work) -> CheckReply:
        reply: CheckReply = await self._engine.ask(_job([work], Awaiting(asyncio.get_running_loop())))
        return reply

    def _ask_here(self, work: Work) -> CheckReply:
        reply: CheckReply = self._engine.ask_here(_job([work], Waiting()))
        return reply


def _job(works: Sequence[Work], sink: Sink, *, many: bool = False) -> Job:
    slow = any(work.finetune is not None for work in works)
    return Job(works, sink, many=many, slow=slow, size=sum(map(weight, works)))
