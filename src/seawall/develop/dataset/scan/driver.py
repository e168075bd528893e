"""The scan from end to end: lists are opened, shards planned, spread over processes, recorded and settled.

The same function serves the library, the command line and the demo.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from seawall.canary.selection import Selection, select_lists
from seawall.clock import Clock, system_clock, to_iso
from seawall.content.images import RECIPE
from seawall.develop.dataset.readers import plan
from seawall.develop.dataset.shards import ShardSpec
from seawall.develop.sources import Registers
from seawall.engine import Engine, Lost, engine_for
from seawall.errors import NothingToMatch, UsageError
from seawall.hashing.digests import ALWAYS, needed_digests
from seawall.policy import load_policy
from seawall.settings import Settings

from .config import ScanConfig, stored_digests
from .facts import RunFacts, Summary
from .judge import open_matcher
from .manifest import FILE_NAME as MANIFEST
from .process import ShardProcessor, hashed_folder, matched_folder
from .ranges import ShardRange, SharedPlan, forget_shared_plan
from .receipts import locked, one_at_a_time
from .record import ScanRecord
from .settle import settle, summarise
from .state import ScanState
from .tally import Tally


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is.

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
class ScanOptions:
    """What a caller may choose.

    Attributes:
        out: Output directory.
        lists: Names of imported lists, or list files; empty for every imported list.
        hash_only: Store hashes and match canaries alone.
        workers: Processes; None for one per core.
        fresh: Forget what an earlier scan in `out` stored.
        since: `LIST@VERSION`: match only what was added to LIST after VERSION, against stored hashes.
        max_distance: Largest PDQ distance; None for each type's own threshold.
        policy: Policy file; None for the one that ships.
        shard_items: Loose files per shard.
        cluster: `local` for a private Ray cluster on this machine, or the address of one to join; None for none.
        shard_index: Which part of the plan to do, from 0; None for all of it.
        shard_count: Of how many parts. A part writes receipts; the scan without parts settles.
    """

    out: Path | str
    lists: Sequence[str | Path] = ()
    hash_only: bool = False
    workers: int | None = None
    fresh: bool = False
    since: str | None = None
    max_distance: int | None = None
    policy: Path | None = None
    shard_items: int = 256
    cluster: str | None = None
    shard_index: int | None = None
    shard_count: int | None = None


def scan(
    sources: str | Path | Sequence[str | Path],
    options: ScanOptions | None = None,
    *,
    settings: Settings | None = None,
    clock: Clock = system_clock,
    progress: Callable[[Progress], None] | None = None,
    **choices: Any,
) -> Summary:
    """Scan datasets for known content, and record what was done.

    Args:
        sources: Folders, archives, tables, manifests, or fsspec URLs of these; one or several.
        options: What to do.
        settings: Where seawall's state is; default: the environment's.
        clock: Source of time.
        progress: Called after each shard.
        **choices: Fields of `ScanOptions`, in place of `options`: `seawall.scan("photos", out="photos-scan")`.

    Returns:
        The summary, which is also in `out/summary.json`. That of a part is of the part alone, and is written nowhere.

    Raises:
        NothingToMatch: If there is no list but the canaries, and `hash_only` is not set.
        StateLocked: If another scan uses `out`.
        StorageFull: If the disk is full; the same call resumes.
        SeawallError: For a source, list or policy that cannot be used.
        TypeError: If both `options` and choices are given, or a choice is not a field of `ScanOptions`.
    """
    if options is not None and choices:
        raise TypeError("give options or single choices, not both")
    options = options or ScanOptions(**choices)
    given = [sources] if isinstance(sources, str | Path) else sources
    settings = settings or Settings.from_env()
    part = _part(options)
    engine = engine_for(workers=options.workers, cluster=options.cluster)
    out = Path(options.out).absolute()
    if part is not None:
        with locked(out / "state", shared=True):
            with one_at_a_time(out / "state"):
                selection, state, config = _open(given, options, settings, out)
                run = _Run(state, config, clock, progress)
                shards = run.prepare_part(part, shard_items=options.shard_items)
            run.execute(None, engine, shards)
            return summarise(run.facts(), config, selection) | part.described(run.shards)
    with locked(out / "state"), ExitStack() as stack:
        selection, state, config = _open(given, options, settings, out)
        run = _Run(state, config, clock, progress)
        record = stack.enter_context(ScanRecord(settings, config, state, clock=clock))
        record.started(state.sources, selection.described)
        run.prepare(state, reuse_plan=options.since is not None, shard_items=options.shard_items)
        run.execute(record, engine, state.plan())
        summary = settle(run.facts(), config, selection, record, since=options.since)
        forget_shared_plan(out)
        return summary


def _part(options: ScanOptions) -> ShardRange | None:
    part = ShardRange.of(options.shard_index, options.shard_count)
    if part is not None:
        for choice, name in ((options.fresh, "--fresh"), (options.since, "--since"), (options.cluster, "--cluster")):
            if choice:
                raise UsageError(f"{name} is for a whole scan, not for a part", hint="leave out --shard-index")
    return part


def _open(
    sources: Sequence[str | Path], options: ScanOptions, settings: Settings, out: Path
) -> tuple[Selection, ScanState, ScanConfig]:
    """Open the lists and the scan's own record. The caller holds the lock."""
    selection = select_lists(
        settings, [str(each) for each in options.lists], since=options.since, without=options.hash_only
    )
    if not selection.real and not options.hash_only:
        raise NothingToMatch
    state = ScanState.open(out, tuple(map(str, sources)), fresh=options.fresh)
    return selection, state, configure(settings, options, selection, out)


def configure(settings: Settings, options: ScanOptions, selection: Selection, out: Path) -> ScanConfig:
    """Return what a scan does, as a value.

    Raises:
        UsageError: If `since` is given, and `out` has nothing stored that serves for it.
        SeawallError: For a list or policy that cannot be used.
    """
    policy = load_policy(options.policy)
    matcher = open_matcher(selection.sources, settings, max_distance=options.max_distance)
    needed = ALWAYS | needed_digests(matcher.digest_types())
    stored = stored_digests(out / "state" / "hashed", RECIPE, needed)
    if options.since is not None and not (out / MANIFEST).exists():
        raise UsageError(f"{out} holds no finished scan", hint="run the scan without --since first")
    if options.since is not None and stored is None:
        raise UsageError(
            f"{out} holds no hashes with {', '.join(sorted(needed))}, which {options.since} needs",
            hint="run the scan without --since: it reads the media again",
        )
    return ScanConfig(
        out=str(out),
        home=str(settings.home),
        recipe=RECIPE,
        digests=tuple(sorted(stored or needed)),
        lists=tuple(source.as_dict() for source in selection.sources),
        lists_fingerprint=matcher.fingerprint(),
        max_distance=options.max_distance,
        policy_text=policy.text,
        policy_hash=policy.hash,
        sources_fingerprint=Registers.open(settings.home).fingerprint(),
    )


@dataclass(slots=True)
class _Run:
    """One run of a scan, as it goes."""

    state: ScanState
    config: ScanConfig
    clock: Clock
    report: Callable[[Progress], None] | None
    tally: Tally = field(default_factory=Tally)
    lost: list[ShardSpec] = field(default_factory=list)
    resumed: int = 0
    started: str = ""
    shards: int = 0
    size: int | None = None
    samples: list[tuple[float, int]] = field(default_factory=list)
    _began: float = 0.0

    def prepare(self, state: ScanState, *, reuse_plan: bool, shard_items: int) -> None:
        """Plan the shards, or take the plan of the last run."""
        self._begin()
        folders = (hashed_folder(self.config), matched_folder(self.config))
        for folder in folders:
            if folder.path.exists():
                folder.sweep()
        shards = state.plan() if reuse_plan else plan(state.sources, shard_items=shard_items, exclude=[state.out])
        self.shards, self.size = state.write_plan(shards)

    def prepare_part(self, part: ShardRange, *, shard_items: int) -> Iterator[ShardSpec]:
        """Take a part of the plan that all parts agree on, and return its shards."""
        self._begin()
        shards = plan(self.state.sources, shard_items=shard_items, exclude=[self.state.out])
        agreed = SharedPlan.agree(self.state.out, shards, shard_items=shard_items)
        self.shards = part.size(agreed.shards)
        return part.take(agreed)

    def _begin(self) -> None:
        self.started = to_iso(self.clock())
        self._began = time.monotonic()

    def execute(self, record: ScanRecord | None, engine: Engine, shards: Iterable[ShardSpec]) -> None:
        """Process shards, and record each as it ends, if there is a record."""
        done, size = 0, 0
        matched = matched_folder(self.config)
        for outcome in engine.run(partial(ShardProcessor, self.config), shards):
            if isinstance(outcome.result, Lost):
                self._lose(outcome.shard)
                continue
            result = outcome.result
            if record is not None:
                file = result.matched["file"]
                record.shard(result, matched.path / file if file else None)
            self.tally.merge(result.tally)
            self.resumed += result.tally.items if result.resumed else 0
            done += 1
            size += outcome.shard.size_bytes or 0
            self._show(done, size)

    def _lose(self, shard: ShardSpec) -> None:
        """Count a shard whose worker died each time: nothing in it was examined. The next run tries it again."""
        items = shard.items or 1
        self.lost.append(shard)
        self.tally.items += items
        self.tally.unexamined += items
        self.tally.problems["shard_lost"] += items

    def facts(self) -> RunFacts:
        """Return what the outputs need to know of this run."""
        return RunFacts(
            state=self.state,
            tally=self.tally,
            lost=tuple(self.lost),
            resumed=self.resumed,
            seconds=time.monotonic() - self._began,
            started_at=self.started,
            finished_at=to_iso(self.clock()),
            shards=self.shards,
            samples=tuple(self.samples),
        )

    def _show(self, done: int, size: int) -> None:
        seconds = time.monotonic() - self._began
        self.samples.append((seconds, self.tally.items))
        if len(self.samples) > 400:
            del self.samples[1:-1:2]
        if self.report is not None:
            findings = self.tally.findings + self.tally.drill
            self.report(Progress(done, self.shards, self.tally.items, size, self.size, findings, seconds))
