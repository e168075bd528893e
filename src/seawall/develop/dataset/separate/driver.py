"""The separation from end to end: the scan's steps, the observe step, then groups, partitions and the attestation.

The same function serves the library and the command line.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from seawall.canary.selection import select_lists
from seawall.clock import Clock, system_clock, to_iso
from seawall.detectors.host import Cascade, DetectorSet, open_detectors
from seawall.develop.dataset.readers import Columns, plan
from seawall.develop.dataset.scan.driver import Progress, ScanOptions, configure
from seawall.develop.dataset.scan.process import hashed_folder, matched_folder
from seawall.develop.dataset.scan.receipts import locked
from seawall.develop.dataset.scan.record import ScanRecord
from seawall.develop.dataset.scan.state import ScanState
from seawall.develop.dataset.scan.tally import Tally
from seawall.develop.dataset.shards import ShardSpec
from seawall.engine import Lost, engine_for
from seawall.policy.separation import load_separation_policy
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
        The summary, which is also in `out/summary.json`.

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
    policy = load_separation_policy(options.policy)
    out = Path(options.out).absolute()
    with locked(out / "state"), ExitStack() as stack:
        selection = select_lists(settings, [str(each) for each in options.lists])
        if options.fresh:
            shutil.rmtree(out / "state" / "observed", ignore_errors=True)
        state = ScanState.open(out, tuple(map(str, given)), fresh=options.fresh)
        scan = configure(settings, ScanOptions(out=out, hash_only=not selection.real), selection, out)
        cascades = [Cascade(each.detector, each.after, each.label, each.below) for each in policy.cascades]
        detectors = DetectorSet.chosen(tuple(options.detectors or policy.detectors), settings, cascades=cascades)
        with open_detectors(detectors) as opened:
            infos = {info.id: info for info in opened.infos}
            described = opened.described()
            config = SeparateConfig(scan, detectors, opened.fingerprint, policy.hash)
        scanned = stack.enter_context(ScanRecord(settings, config.scan, state, clock=clock))
        record = SeparateRecord(scanned, state, config)
        record.started(state.sources, selection.described, described, policy)
        run = _Run(state, config, clock, progress)
        run.prepare(options)
        run.execute(record, options)
        return settle(run.facts(), config, policy, selection, infos, described, record)


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
        self.started = to_iso(self.clock())
        self._began = time.monotonic()
        scan = self.config.scan
        for folder in (hashed_folder(scan), matched_folder(scan), observed_folder(self.config)):
            if folder.path.exists():
                folder.sweep()
        shards = plan(
            self.state.sources,
            shard_items=options.shard_items,
            exclude=[self.state.out],
            columns=Columns(text=options.text),
        )
        self.shards, self.size = self.state.write_plan(shards)

    def execute(self, record: SeparateRecord, options: SeparateOptions) -> None:
        """Process every shard of the plan, and record each as it ends."""
        done, size = 0, 0
        engine = engine_for(workers=options.workers, cluster=options.cluster)
        for outcome in engine.run(partial(SeparateProcessor, self.config), self.state.plan()):
            if isinstance(outcome.result, Lost):
                self.lost.append(outcome.shard)
                continue
            result = outcome.result
            record.shard(result)
            self.tally.merge(result.scanned.tally)
            self.resumed += result.scanned.tally.items if result.resumed else 0
            done += 1
            size += outcome.shard.size_bytes or 0
            if self.report is not None:
                seconds = time.monotonic() - self._began
                findings = self.tally.findings + self.tally.drill
                self.report(Progress(done, self.shards, self.tally.items, size, self.size, findings, seconds))

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
