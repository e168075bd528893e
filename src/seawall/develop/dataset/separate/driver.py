"""The separation from end to end: the scan's steps, the observe step, then groups, partitions and the attestation.

The same function serves the library and the command line.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from seawall.canary.selection import Selection, select_lists
from seawall.clock import Clock, system_clock
from seawall.detectors.contract import Info
from seawall.detectors.host import Cascade, DetectorSet, open_detectors
from seawall.develop.dataset.readers import Columns
from seawall.develop.dataset.scan.driver import ScanOptions, configure
from seawall.develop.dataset.scan.facts import RunFacts, Summary
from seawall.develop.dataset.scan.process import hashed_folder, matched_folder
from seawall.develop.dataset.scan.ranges import ShardRange, forget_shared_plan
from seawall.develop.dataset.scan.receipts import locked, one_at_a_time
from seawall.develop.dataset.scan.record import ScanRecord
from seawall.develop.dataset.scan.run import Planning, Progress, Run
from seawall.develop.dataset.scan.state import ScanState
from seawall.develop.dataset.scan.tally import Tally
from seawall.engine import engine_for
from seawall.errors import UsageError
from seawall.policy.separation import SeparationPolicy, load_separation_policy
from seawall.settings import Settings

from .config import SeparateConfig, observed_folder
from .process import SeparateProcessor, SeparateResult
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
    planning = Planning(options.shard_items, Columns(text=options.text))
    engine = engine_for(workers=options.workers, cluster=options.cluster)
    out = Path(options.out).absolute()
    if part is not None:
        with locked(out / "state", shared=True):
            with one_at_a_time(out / "state"):
                job = _open(given, options, settings, out)
                run = Run[SeparateResult](job.state, clock, progress)
                shards = run.prepare_part(part, planning)
            run.execute(partial(SeparateProcessor, job.config), engine, shards, _counted)
            facts = run.facts()
            return _counts(facts) | part.described(facts.shards)
    with locked(out / "state"), ExitStack() as stack:
        job = _open(given, options, settings, out)
        scanned = stack.enter_context(ScanRecord(settings, job.config.scan, job.state, clock=clock))
        record = SeparateRecord(scanned, job.state, job.config)
        record.started(job.state.sources, job.selection.described, job.described, job.policy)
        run = Run(job.state, clock, progress)
        scan = job.config.scan
        run.prepare(planning, (hashed_folder(scan), matched_folder(scan), observed_folder(job.config)))

        def taken(result: SeparateResult) -> tuple[Tally, bool]:
            record.shard(result)
            return _counted(result)

        run.execute(partial(SeparateProcessor, job.config), engine, job.state.plan(), taken)
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


def _counted(result: SeparateResult) -> tuple[Tally, bool]:
    return result.scanned.tally, result.resumed


def _counts(facts: RunFacts) -> Summary:
    """Return what is known before settling: a part has no partitions."""
    tally = facts.tally
    return {
        "items": tally.items,
        "unexamined": tally.unexamined,
        "errors": tally.unexamined,
        "findings": tally.findings,
        "drill": tally.drill,
        "resumed": facts.resumed,
        "seconds": round(facts.seconds, 3),
    }


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
