"""One run of a job over shards, as it goes: what is planned, how far it is, what was counted.

Scan and separation share it: they differ in the work on a shard and in what they record of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from seawall.clock import Clock, to_iso
from seawall.develop.dataset.readers import Columns, plan
from seawall.develop.dataset.shards import ShardSpec
from seawall.engine import Engine, Lost
from seawall.engine.base import Work

from .facts import RunFacts
from .ranges import ShardRange, SharedPlan
from .receipts import Folder
from .state import ScanState
from .tally import Tally

_SAMPLES = 400
Result = TypeVar("Result")
_ResultIn = TypeVar("_ResultIn", contravariant=True)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        shards: Shards done.
        of_shards: Shards in the plan.
        items: Items done.
        size: Bytes of the shards done.
        of_size: Bytes of the plan, if known.
        findings: Findings so far.
        seconds: Time since the run began.
    """

    shards: int
    of_shards: int
    items: int
    size: int
    of_size: int | None
    findings: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Planning:
    """How a dataset is divided.

    Attributes:
        shard_items: Loose files per shard.
        columns: Names of columns that the operator gave.
    """

    shard_items: int = 256
    columns: Columns = field(default_factory=Columns)

    def shards(self, state: ScanState) -> Iterator[ShardSpec]:
        """Divide the sources of a run."""
        return plan(state.sources, shard_items=self.shard_items, exclude=[state.out], columns=self.columns)


class Taken(Protocol[_ResultIn]):
    """Takes the result of a shard in: records it, and says what it counts."""

    def __call__(self, result: _ResultIn, /) -> tuple[Tally, bool]:
        """Return the shard's counts, and whether an earlier run had done it."""
        ...


@dataclass(slots=True)
class Run(Generic[Result]):
    """One run.

    Attributes:
        state: Which job it is of.
        clock: Source of time.
        report: Called after each shard; None for nobody.
        tally: Sum of the shards' counts.
        lost: Shards whose workers died each time.
        resumed: Items that an earlier run had done.
    """

    state: ScanState
    clock: Clock
    report: Callable[[Progress], None] | None
    tally: Tally = field(default_factory=Tally)
    lost: list[ShardSpec] = field(default_factory=list)
    resumed: int = 0
    _started: str = ""
    _began: float = 0.0
    _shards: int = 0
    _size: int | None = None
    _samples: list[tuple[float, int]] = field(default_factory=list)

    def prepare(self, planning: Planning, folders: Sequence[Folder], *, reuse_plan: bool = False) -> None:
        """Plan the shards, or take the plan of the last run; remove what attempts that were cut short left behind."""
        self._begin()
        for folder in folders:
            if folder.path.exists():
                folder.sweep()
        shards = self.state.plan() if reuse_plan else planning.shards(self.state)
        self._shards, self._size = self.state.write_plan(shards)

    def prepare_part(self, part: ShardRange, planning: Planning) -> Iterator[ShardSpec]:
        """Take a part of the plan that all parts agree on, and return its shards."""
        self._begin()
        agreed = SharedPlan.agree(self.state.out, planning.shards(self.state), shard_items=planning.shard_items)
        self._shards = part.size(agreed.shards)
        return part.take(agreed)

    def execute(
        self,
        make_work: Callable[[], Work[ShardSpec, Result]],
        engine: Engine,
        shards: Iterable[ShardSpec],
        taken: Taken[Result],
    ) -> None:
        """Process shards, and take each result in as it comes."""
        done, size = 0, 0
        for outcome in engine.run(make_work, shards):
            if isinstance(outcome.result, Lost):
                self._lose(outcome.shard)
                continue
            tally, resumed = taken(outcome.result)
            self.tally.merge(tally)
            self.resumed += tally.items if resumed else 0
            done += 1
            size += outcome.shard.size_bytes or 0
            self._show(done, size)

    def facts(self) -> RunFacts:
        """Return what the outputs need to know of this run."""
        return RunFacts(
            state=self.state,
            tally=self.tally,
            lost=tuple(self.lost),
            resumed=self.resumed,
            seconds=time.monotonic() - self._began,
            started_at=self._started,
            finished_at=to_iso(self.clock()),
            shards=self._shards,
            samples=tuple(self._samples),
        )

    def _begin(self) -> None:
        self._started = to_iso(self.clock())
        self._began = time.monotonic()

    def _lose(self, shard: ShardSpec) -> None:
        """Count a shard whose worker died each time: nothing in it was examined. The next run tries it again."""
        items = shard.items or 1
        self.lost.append(shard)
        self.tally.items += items
        self.tally.unexamined += items
        self.tally.problems["shard_lost"] += items

    def _show(self, done: int, size: int) -> None:
        seconds = time.monotonic() - self._began
        self._samples.append((seconds, self.tally.items))
        if len(self._samples) > _SAMPLES:
            del self._samples[1:-1:2]
        if self.report is not None:
            findings = self.tally.findings + self.tally.drill
            self.report(Progress(done, self._shards, self.tally.items, size, self._size, findings, seconds))
