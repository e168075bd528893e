"""A verdict on a hosted dataset: allow, hold or block. Whatever was not seen in time is held, never allowed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from seawall.clock import Clock, system_clock, to_iso
from seawall.develop.dataset.scan import Progress, ScanOptions, scan
from seawall.errors import ExitCode, SeawallError
from seawall.policy import Action
from seawall.settings import Settings

from .hosted import Hosted, HostedDatasets


class Outcome(StrEnum):
    """What a host does with a dataset."""

    ALLOW = "allow"
    HOLD = "hold"
    """Not shown to others until a person has looked, or the scan is complete."""
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict.

    Attributes:
        dataset: The dataset.
        revision: The state of it that was judged, by the host's own name.
        outcome: What to do.
        reason: `clean`, `findings`, `review`, `unexamined`, `deadline`, or the code of the error that ended the scan.
        items: Items seen.
        findings: Rows of real findings.
        new: Items with findings that the last verdict did not have.
        unexamined: Items that could not be examined.
        lists: Name and version of each list that was matched.
        seconds: How long it took.
        drill: Whether canaries alone led to the verdict.
    """

    dataset: str
    revision: str | None
    outcome: Outcome
    reason: str
    items: int
    findings: int
    new: tuple[str, ...]
    unexamined: int
    lists: tuple[tuple[str, int], ...]
    seconds: float
    drill: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a command that gave only this verdict."""
        if self.outcome is Outcome.ALLOW:
            return ExitCode.CLEAN
        return ExitCode.FINDINGS if self.reason in ("findings", "review") else ExitCode.UNEXAMINED

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-able values."""
        return {
            "dataset": self.dataset,
            "revision": self.revision,
            "verdict": self.outcome.value,
            "reason": self.reason,
            "items": self.items,
            "findings": self.findings,
            "new": list(self.new),
            "unexamined": self.unexamined,
            "lists": [{"name": name, "version": version} for name, version in self.lists],
            "seconds": round(self.seconds, 3),
            "drill": self.drill,
        }


class _Late(Exception):
    """The deadline has passed."""


def push(
    name: str,
    source: str,
    *,
    revision: str | None = None,
    deadline: float | None = None,
    lists: Sequence[str | Path] = (),
    settings: Settings | None = None,
    clock: Clock = system_clock,
    workers: int | None = None,
) -> Verdict:
    """Judge a dataset that was pushed; what earlier pushes had is not read again.

    Args:
        name: What the host calls it.
        source: Where it is.
        revision: The host's own name of this state.
        deadline: Seconds after which the verdict is `hold`; a later push or rescan goes on from there.
        lists: Lists to match; empty for every imported list.
        settings: Where seawall's state is; default: the environment's.
        clock: Source of time.
        workers: Processes; None for one per core.

    Raises:
        NothingToMatch: If there is no list to match against.
        SeawallError: If the source does not exist, or the state cannot be used.
    """
    settings = settings or Settings.from_env()
    hosted = Hosted(name, source, revision, to_iso(clock()))
    datasets = HostedDatasets(settings)
    datasets.put(hosted)
    return _judge(datasets, hosted, settings, clock, deadline=deadline, lists=lists, workers=workers)


def rescan(
    names: Sequence[str] = (),
    *,
    deadline: float | None = None,
    lists: Sequence[str | Path] = (),
    settings: Settings | None = None,
    clock: Clock = system_clock,
    workers: int | None = None,
) -> Iterator[Verdict]:
    """Judge hosted datasets again with the lists as they are now; media that were hashed before are not read.

    Args:
        names: Which; empty for all.
        deadline: Seconds for each.
        lists: Lists to match; empty for every imported list.
        settings: Where seawall's state is; default: the environment's.
        clock: Source of time.
        workers: Processes; None for one per core.

    Yields:
        A verdict for each; a dataset that cannot be scanned is held, and the others go on.

    Raises:
        NotFound: If a named dataset was never pushed.
    """
    settings = settings or Settings.from_env()
    datasets = HostedDatasets(settings)
    for hosted in [datasets.get(name) for name in names] if names else list(datasets):
        try:
            yield _judge(datasets, hosted, settings, clock, deadline=deadline, lists=lists, workers=workers)
        except SeawallError as error:
            yield _held(hosted, error.code, 0, 0.0)


def _judge(
    datasets: HostedDatasets,
    hosted: Hosted,
    settings: Settings,
    clock: Clock,
    *,
    deadline: float | None,
    lists: Sequence[str | Path],
    workers: int | None,
) -> Verdict:
    out = datasets.scan_folder(hosted.name)
    out.parent.mkdir(parents=True, exist_ok=True)
    before = _found(out)
    began = time.monotonic()
    seen = 0

    def watch(progress: Progress) -> None:
        nonlocal seen
        seen = progress.items
        if deadline is not None and time.monotonic() - began > deadline:
            raise _Late

    options = ScanOptions(out=out, lists=lists, workers=workers, fresh=_moved(out, hosted.source))
    try:
        summary = scan(hosted.source, options, settings=settings, clock=clock, progress=watch)
    except _Late:
        verdict = _held(hosted, "deadline", seen, time.monotonic() - began)
    else:
        verdict = _verdict(hosted, summary, out, before, time.monotonic() - began)
    _record(settings, verdict, clock)
    return verdict


def _verdict(hosted: Hosted, summary: dict[str, Any], out: Path, before: frozenset[str], seconds: float) -> Verdict:
    found = _found(out)
    outcome, reason = Outcome.ALLOW, "clean"
    if summary["unexamined"]:
        outcome, reason = Outcome.HOLD, "unexamined"
    elif summary["kept"] < summary["items"]:
        outcome, reason = Outcome.HOLD, "review"
    if any(Action(row["action"]).severity >= Action.BLOCK.severity for row in _rows(out)):
        outcome, reason = Outcome.BLOCK, "findings"
    return Verdict(
        dataset=hosted.name,
        revision=hosted.revision,
        outcome=outcome,
        reason=reason,
        items=summary["items"],
        findings=summary["findings"],
        new=tuple(sorted(found - before)),
        unexamined=summary["unexamined"],
        lists=tuple((each["name"], each["version"]) for each in summary["lists"]),
        seconds=seconds,
        drill=bool(summary["drill"]) and not summary["findings"],
    )


def _held(hosted: Hosted, reason: str, items: int, seconds: float) -> Verdict:
    return Verdict(hosted.name, hosted.revision, Outcome.HOLD, reason, items, 0, (), 0, (), seconds)


def _rows(out: Path) -> Iterator[dict[str, Any]]:
    try:
        with (out / "findings.jsonl").open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if row["action"] != Action.ALLOW:
                    yield row
    except FileNotFoundError:
        return


def _found(out: Path) -> frozenset[str]:
    return frozenset(row["item"] for row in _rows(out))


def _moved(out: Path, source: str) -> bool:
    """Whether an earlier push of this name came from elsewhere, so that nothing stored of it serves."""
    try:
        stored = json.loads((out / "state" / "scan.json").read_bytes())["sources"]
    except (FileNotFoundError, ValueError, KeyError):
        return False
    return bool(stored != [source])


def _record(settings: Settings, verdict: Verdict, clock: Clock) -> None:
    from seawall.ledger import KeyFile, Ledger, open_store

    facts = verdict.to_dict()
    folder = HostedDatasets(settings).folder(verdict.dataset).name
    body = {name: facts[name] for name in ("dataset", "revision", "verdict", "reason", "items", "findings", "drill")}
    with open_store(settings) as store:
        ledger = Ledger.open(store, KeyFile(settings.home / "keys"))
        with store.begin() as connection:
            ledger.record(connection, "hub.verdict", f"hub/{folder}/{to_iso(clock())}", body)
        ledger.append_pending()
