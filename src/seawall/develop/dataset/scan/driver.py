"""The scan from end to end: lists are opened, shards planned, spread over processes, recorded and settled.

The same function serves the library, the command line and the demo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from seawall.canary.selection import Selection, select_lists
from seawall.clock import Clock, system_clock
from seawall.content.images import RECIPE
from seawall.develop.sources import Registers
from seawall.engine import engine_for
from seawall.errors import NothingToMatch, UsageError
from seawall.hashing.digests import ALWAYS, needed_digests
from seawall.policy import load_policy
from seawall.settings import Settings

from .config import ScanConfig, stored_digests
from .facts import Summary
from .judge import open_matcher
from .manifest import FILE_NAME as MANIFEST
from .process import ShardProcessor, ShardResult, hashed_folder, matched_folder
from .ranges import ShardRange, forget_shared_plan
from .receipts import locked, one_at_a_time
from .record import ScanRecord
from .run import Planning, Progress, Run
from .settle import settle, summarise
from .state import ScanState
from .tally import Tally


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
        SeawallError: For a source, list, policy or cluster that cannot be used; the same call resumes.
        TypeError: If both `options` and choices are given, or a choice is not a field of `ScanOptions`.
    """
    if options is not None and choices:
        raise TypeError("give options or single choices, not both")
    options = options or ScanOptions(**choices)
    given = [sources] if isinstance(sources, str | Path) else sources
    settings = settings or Settings.from_env()
    part = _part(options)
    planning = Planning(options.shard_items)
    engine = engine_for(workers=options.workers, cluster=options.cluster)
    out = Path(options.out).absolute()
    if part is not None:
        with locked(out / "state", shared=True):
            with one_at_a_time(out / "state"):
                selection, state, config = _open(given, options, settings, out)
                run = Run[ShardResult](state, clock, progress)
                shards = run.prepare_part(part, planning)
            run.execute(partial(ShardProcessor, config), engine, shards, _counted)
            facts = run.facts()
            return summarise(facts, config, selection) | part.described(facts.shards)
    with locked(out / "state"), ExitStack() as stack:
        selection, state, config = _open(given, options, settings, out)
        run = Run(state, clock, progress)
        record = stack.enter_context(ScanRecord(settings, config, state, clock=clock))
        record.started(state.sources, selection.described)
        folders = (hashed_folder(config), matched_folder(config))
        run.prepare(planning, folders, reuse_plan=options.since is not None)

        def taken(result: ShardResult) -> tuple[Tally, bool]:
            file = result.matched["file"]
            record.shard(result, matched_folder(config).path / file if file else None)
            return _counted(result)

        run.execute(partial(ShardProcessor, config), engine, state.plan(), taken)
        summary = settle(run.facts(), config, selection, record, since=options.since)
        forget_shared_plan(out)
        return summary


def _counted(result: ShardResult) -> tuple[Tally, bool]:
    return result.tally, result.resumed


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
