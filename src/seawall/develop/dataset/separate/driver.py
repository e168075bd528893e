"""The separation from end to end: the scan's steps, the observe step, then groups, partitions and the attestation.

The same function serves the library and the command line.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from seawall.canary.selection import Selection, select_lists
from seawall.clock import Clock, system_clock, to_iso
from seawall.detectors.contract import Info
from seawall.detectors.host import Cascade, DetectorSet, open_detectors
from seawall.develop.dataset.readers import Columns, plan
from seawall.develop.dataset.scan.driver import Progress, ScanOptions, configure
from seawall.develop.dataset.scan.process import hashed_folder, matched_folder
from seawall.develop.dataset.scan.ranges import ShardRange, SharedPlan, forget_shared_plan
from seawall.develop.dataset.scan.receipts import locked, one_at_a_time
from seawall.develop.dataset.scan.record import ScanRecord
from seawall.develop.dataset.scan.state import ScanState
from seawall.develop.dataset.scan.tally import Tally
from seawall.develop.dataset.shards import ShardSpec
from seawall.engine import Engine, Lost, engine_for
from seawall.errors import UsageError
from seawall.policy.separation import SeparationPolicy, load_separation_policy
from seawall.settings import Settings

from .config import SeparateConfig, observed_folder
from .facts import Facts, Summary
from .process import SeparateProcessor
from .record import SeparateRecord
from .settle import settle


@dataclass(frozen=True, slots=True)
class SeparateOptions:
    """What a caller may choose.

    Attributes:
        out: Output directory.
        lists: Names of imported lists, or list files; empty for every imported list.
        detectors: Names of detectors; empty for the default set.
        policy: Separation policy file; None for the one that ships.
        workers: Processes; None for one per core.
        cluster: Address of a Ray cluster, or `local`; None for this machine's processes.
        fresh: Forget what an earlier run in `out` stored.
        shard_items: Loose files per shard.
        text: Column whose texts are the items, whatever else rows name; None to tell from the rows.
        shard_index: Which part of the plan to do, from 0; None for all of it.
        shard_count: Of how many parts. A part writes receipts; the separation without parts settles.
    """

    out: Path | str
    lists: Sequence[str | Path] = ()
    detectors: Sequence[str] = ()
    policy: Path | None = None
    workers: int | None = None
    cluster: str | None = None
    fresh: bool = False
    shard_items: int = 256
    text: str | None = None
    shard_index: int | None = None
    shard_count: int | None = None


def separate(
    sources: str | Path | Sequence[str | Path],
    options: SeparateOptions | None = None,
    *,
    settings: Settings | None = None,
    clock: Clock = system_clock,
    progress: Callable[[Progress], None] | None = None,
    **choices: Any,
) -> Summary:
    """Put every item of datasets into one partition, and attest to what was done.

    Args:
        sources: Folders, archives, tables, manifests, or fsspec URLs of these; one or several.
        options: What to do.
        settings: Where seawall's state is; default: the environment's.
        clock: Source of time.
        progress: Called after each shard.
        **choices: Fields of `SeparateOptions`, in place of `options`: `seawall.separate("photos", out="separated")`.

    Returns:
        The summary, which is also in `out/summary.json`. That of a part is of the part alone, and is written nowhere.

    Raises:
        StateLocked: If another run uses `out`.
        StorageFull: If the disk is full; the same call resumes.
        SeawallError: For a source, list, detector or policy that cannot be used.
        TypeError: If both `options` and choices are given, or a choice is not a field of `SeparateOptions`.
    """
    if options is not None and choices:
        raise TypeError("give options or single choices, not both")
    options = options or SeparateOptions(**choices)
    given = [sources] if isinstance(sources, str | Path) else sources
    settings = settings or Settings.from_env()
    part = _part(options)
    engine = engine_for(workers=options.workers, cluster=options.cluster)
    out = Path(options.out).absolute()
    if part is not None:
        with locked(out / "state", shared=True):
            with one_at_a_time(out / "state"):
                job = _open(given, options, settings, out)
                run = _Run(job.state, job.config, clock, progress)
                shards = run.prepare_part(part, options)
            run.execute(None, engine, shards)
            return run.counts() | part.described(run.shards)
    with locked(out / "state"), ExitStack() as stack:
        job = _open(given, options, settings, out)
        scanned = stack.enter_context(ScanRecord(settings, job.config.scan, job.state, clock=clock))
        record = SeparateRecord(scanned, job.state, job.config)
        record.started(job.state.sources, job.selection.described, job.described, job.policy)
        run = _Run(job.state, job.config, clock, progress)
        run.prepare(options)
        run.execute(record, engine, job.state.plan())
        summary = settle(run.facts(), job.config, job.policy, job.selection, job.infos, job.described, record)
        forget_shared_plan(out)
        return summary


@dataclass(frozen=True, slots=True)
class _Job:
    """What a separation does, opened: lists, detectors, policy, and the run's own record."""

    selection: Selection
    state: ScanState
    config: SeparateConfig
    policy: SeparationPolicy
    infos: Mapping[str, Info]
    described: list[dict[str, Any]]


def _part(options: SeparateOptions) -> ShardRange | None:
    part = ShardRange.of(options.shard_index, options.shard_count)
    if part is not None:
        for choice, name in ((options.fresh, "--fresh"), (options.cluster, "--cluster")):
            if choice:
                raise UsageError(f"{name} is for a whole separation, not for a part", hint="leave out --shard-index")
    return part


def _open(sources: Sequence[str | Path], options: SeparateOptions, settings: Settings, out: Path) -> _Job:
    """Open everything. The caller holds the lock."""
    policy = load_separation_policy(options.policy)
    selection = select_lists(settings, [str(each) for each in options.lists])
    if options.fresh:
        shutil.rmtree(out / "state" / "observed", ignore_errors=True)
    state = ScanState.open(out, tuple(map(str, sources)), fresh=options.fresh)
    scan = configure(settings, ScanOptions(out=out, hash_only=not selection.real), selection, out)
    cascades = [Cascade(each.detector, each.after, each.label, each.below) for each in policy.cascades]
    detectors = DetectorSet.chosen(tuple(options.detectors or policy.detectors), settings, cascades=cascades)
    with open_detectors(detectors) as opened:
        config = SeparateConfig(scan, detectors, opened.fingerprint, policy.hash)
        infos = {info.id: info for info in opened.infos}
        return _Job(selection, state, config, policy, infos, opened.described())


@dataclass(slots=True)
class _Run:
    """One run of a separation, as it goes."""

    state: ScanState
    config: SeparateConfig
    clock: Clock
    report: Callable[[Progress], None] | None
    tally: Tally = field(default_factory=Tally)
    lost: list[ShardSpec] = field(default_factory=list)
    resumed: int = 0
    started: str = ""
    shards: int = 0
    size: int | None = None
    _began: float = 0.0

    def prepare(self, options: SeparateOptions) -> None:
        """Plan the shards."""
        self._begin()
        scan = self.config.scan
        for folder in (hashed_folder(scan), matched_folder(scan), observed_folder(self.config)):
            if folder.path.exists():
                folder.sweep()
        self.shards, self.size = self.state.write_plan(self._planned(options))

    def prepare_part(self, part: ShardRange, options: SeparateOptions) -> Iterator[ShardSpec]:
        """Take a part of the plan that all parts agree on, and return its shards."""
        self._begin()
        agreed = SharedPlan.agree(self.state.out, self._planned(options), shard_items=options.shard_items)
        self.shards = part.size(agreed.shards)
        return part.take(agreed)

    def _begin(self) -> None:
        self.started = to_iso(self.clock())
        self._began = time.monotonic()

    def _planned(self, options: SeparateOptions) -> Iterator[ShardSpec]:
        columns = Columns(text=options.text)
        return plan(self.state.sources, shard_items=options.shard_items, exclude=[self.state.out], columns=columns)

    def execute(self, record: SeparateRecord | None, engine: Engine, shards: Iterable[ShardSpec]) -> None:
        """Process shards, and record each as it ends, if there is a record."""
        done, size = 0, 0
        for outcome in engine.run(partial(SeparateProcessor, self.config), shards):
            if isinstance(outcome.result, Lost):
                self.lost.append(outcome.shard)
                continue
            result = outcome.result
            if record is not None:
                record.shard(result)
            self.tally.merge(result.scanned.tally)
            self.resumed += result.scanned.tally.items if result.resumed else 0
            done += 1
            size += outcome.shard.size_bytes or 0
            if self.report is not None:
                seconds = time.monotonic() - self._began
                findings = self.tally.findings + self.tally.drill
                self.report(Progress(done, self.shards, self.tally.items, size, self.size, findings, seconds))

    def counts(self) -> Summary:
        """Return what is known before settling: a part has no partitions."""
        lost = sum(shard.items or 1 for shard in self.lost)
        return {
            "items": self.tally.items + lost,
            "unexamined": self.tally.unexamined + lost,
            "errors": lost,
            "findings": self.tally.findings,
            "drill": self.tally.drill,
            "resumed": self.resumed,
            "seconds": round(time.monotonic() - self._began, 3),
        }

    def facts(self) -> Facts:
        """Return what the outputs need to know of this run."""
        return Facts(
            state=self.state,
            tally=self.tally,
            lost=tuple(self.lost),
            resumed=self.resumed,
            seconds=time.monotonic() - self._began,
            started_at=self.started,
            finished_at=to_iso(self.clock()),
            shards=self.shards,
        )
