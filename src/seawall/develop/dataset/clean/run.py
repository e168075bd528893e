"""One run of a clean over its plan."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from seawall.engine import Lost, engine_for

from .config import CleanConfig, Progress, Report, done_folder
from .errors import ShardLost
from .job import Job
from .process import UnitProcessor, UnitResult
from .record import CleanRecord
from .tally import Tally
from .units import Unit


@dataclass(slots=True)
class Run:
    """One run of a clean, as it goes."""

    job: Job
    config: CleanConfig
    shards: int
    report: Report | None
    tally: Tally = field(default_factory=Tally)
    resumed: int = 0
    seconds: float = 0.0

    def execute(self, record: CleanRecord, make_work: Callable[[], UnitProcessor], workers: int | None) -> None:
        """Clean every unit of the plan, and record each as it ends."""
        began = time.monotonic()
        folder = done_folder(self.config)
        if folder.path.exists():
            folder.sweep()
        size = 0
        for done, outcome in enumerate(engine_for(workers=workers).run(make_work, self.job.units()), 1):
            unit: Unit = outcome.shard
            result: UnitResult | Lost = outcome.result
            if isinstance(result, Lost):
                raise ShardLost(f"{unit.label} could not be cleaned: its worker died {result.tries} times")
            record.shard(result)
            self.tally.merge(result.tally)
            self.resumed += result.tally.items if result.resumed else 0
            size += unit.size_bytes
            self.seconds = time.monotonic() - began
            if self.report is not None:
                removed = sum(self.tally.removed.values())
                self.report(Progress(done, self.shards, self.tally.items, removed, size, self.seconds))
