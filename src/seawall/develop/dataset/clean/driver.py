"""A clean from end to end: findings are gathered, data planned and written anew, and the manifest signed at the end.

The manifest exists only if every shard succeeded and every item that was to be removed was there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from seawall.clock import Clock, system_clock, to_iso
from seawall.develop.dataset.readers import plan
from seawall.develop.dataset.scan.receipts import locked
from seawall.errors import StateLocked, UsageError
from seawall.files import storage
from seawall.policy.separation import Partition
from seawall.settings import Settings

from .config import MANIFEST, VERSION, CleanConfig, Report
from .evidence import Discard, MakeSink, VaultSink
from .finish import Summary, expect_all, sign
from .inputs import SUMMARY, Gathered, Input, Sharing, gather, locate
from .job import Job
from .options import CleanOptions
from .outlet import absolute, open_outlet
from .process import UnitProcessor
from .record import CleanRecord
from .run import Run
from .units import units

_GIVEN = ("manifest", "lines")


def clean(
    sources: str | Path | Sequence[str | Path],
    options: CleanOptions,
    *,
    settings: Settings | None = None,
    clock: Clock = system_clock,
    progress: Report | None = None,
    policy: Sharing | None = None,
    make_sink: MakeSink | None = None,
) -> Summary:
    """Write datasets anew without what was found, and sign what they are then.

    Args:
        sources: The locations that were scanned, as they were given to the scan.
        options: What to do.
        settings: Where seawall's state is; default: the environment's.
        clock: Source of time.
        progress: Called after each shard.
        policy: Separation policy, in place of that of the options.
        make_sink: Where removed bytes go; default: the vault. Picklable.

    Returns:
        The counts, and where the manifest is.

    Raises:
        DataChanged: If the data are not those that were examined.
        ItemsMissing: If an item that is to be removed is not there.
        PartitionsRefused: If policy does not let the partitions share a training set.
        StateLocked: If another clean writes to `out`.
        SeawallError: For a source or findings that cannot be used.
    """
    given = tuple(map(str, [sources] if isinstance(sources, str | Path) else sources))
    settings = settings or Settings.from_env()
    out = absolute(str(options.out))
    _check(given, out, options)
    wanted = _partitions(options.partitions)
    inputs = locate([Path(each) for each in options.remove], wanted)
    name = hashlib.sha256(out.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    state = settings.directory("clean", name)
    with _alone(state, out), ExitStack() as stack:
        gathered = _gather(inputs, wanted, policy, options, state / "tables")
        identity = _identity(given, gathered, options)
        outlet = open_outlet(out)
        job = Job.open(state, outlet, identity, to_iso(clock()), fresh=options.fresh)
        record = stack.enter_context(CleanRecord(settings, job.id, clock=clock))
        record.started(_started(given, out, gathered, options))
        planned = units(plan(given, shard_items=options.shard_items, exclude=_own(out, settings, inputs)))
        job, count = job.write_plan(planned)
        config = CleanConfig(out, state, job.id, gathered.kept, _line_by_line(job))
        sink = make_sink or (Discard if options.discard else partial(VaultSink, settings))
        run = Run(job, config, count, progress)
        run.execute(record, partial(UnitProcessor, config, sink), options.workers)
        expect_all(run, inputs)
        return sign(run, given, gathered, options, outlet, record)


def _check(sources: Sequence[str], out: str, options: CleanOptions) -> None:
    if not sources:
        raise UsageError("nothing to clean", hint="name the locations that were scanned")
    if not options.remove:
        raise UsageError(
            "nothing says what to remove", hint="give --remove the output directory of a scan or a separation"
        )
    if options.discard is not None and not options.discard.strip():
        raise UsageError("removed bytes are not kept, and no reason is given", hint="say why with --reason")
    for source in sources:
        inner = absolute(source)
        if inner == out or inner.startswith(out + "/") or _inside(inner, out):
            raise UsageError("the output would be written over the data", hint="give another --out")


def _inside(source: str, out: str) -> bool:
    if "://" in source or "://" in out:
        return False
    return Path(source).resolve().is_relative_to(Path(out).resolve())


def _partitions(names: Sequence[str]) -> tuple[Partition, ...]:
    try:
        return tuple(sorted({Partition(name) for name in names}))
    except ValueError:
        raise UsageError("a partition that does not exist", hint="one of " + ", ".join(Partition)) from None


@contextmanager
def _alone(state: Path, out: str) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(state))
        except StateLocked:
            raise StateLocked(f"another clean is writing to {out}") from None
        yield


def _gather(
    inputs: Sequence[Input],
    partitions: Sequence[Partition],
    policy: Sharing | None,
    options: CleanOptions,
    folder: Path,
) -> Gathered:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if policy is None and any(each.partitions for each in inputs):
        from seawall.policy.separation import load_separation_policy

        policy = load_separation_policy(options.policy)
    with storage(folder):
        return gather(inputs, partitions, policy, folder)


def _own(out: str, settings: Settings, inputs: Sequence[Input]) -> list[Path]:
    """Return what is seawall's own, and no part of the data though it may lie among them."""
    own = [settings.home] if "://" in out else [settings.home, Path(out)]
    return own + [each.folder if (each.folder / SUMMARY).is_file() else each.findings for each in inputs]


def _identity(sources: Sequence[str], gathered: Gathered, options: CleanOptions) -> str:
    parts = [VERSION, list(sources), gathered.identity, options.discard, options.shard_items]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _started(sources: Sequence[str], out: str, gathered: Gathered, options: CleanOptions) -> dict[str, Any]:
    return {
        "sources": list(sources),
        "out": out,
        "inputs": gathered.facts,
        "partitions": list(gathered.partitions),
        "policy": gathered.policy,
        "evidence": "vault" if options.discard is None else "discarded",
        "reason": options.discard,
    }


def _line_by_line(job: Job) -> frozenset[str]:
    """Return the keys of files that no shard may copy whole; an earlier manifest is not part of the data."""
    return frozenset({MANIFEST, *(unit.key for unit in job.units() if unit.reader in _GIVEN)})
