"""What says which items go: findings, and the outputs of scans and separations, read once into tables.

A findings file names items to remove. A whole output directory says more: what may stay, so that all else goes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from seawall.errors import NotFound, UsageError
from seawall.policy import Action
from seawall.policy.separation import Partition

from .errors import BadFindings, PartitionsRefused
from .fates import WHYS, Why
from .removals import DIGESTS, KEPT, NAMED
from .tables import TableConflict, TableWriter, key_id

FINDINGS, ATTENTION, SUMMARY = "findings.jsonl", "attention.jsonl", "summary.json"
MANIFEST, PARTITIONS, ATTESTATION = "manifest.parquet", "partitions.parquet", "attestation.json"
SEPARATION = "separation"
DEFAULT_PARTITIONS = (Partition.NEITHER,)
_MOST_LINE = 1 << 20
_WHOLE = "run 'seawall separate' and give its --out directory to --remove"


class Sharing(Protocol):
    """The separation policy, as far as a clean asks it."""

    @property
    def hash(self) -> str:
        """Its hash."""

    @property
    def actions(self) -> Mapping[Partition, Action]:
        """What is done with the items of each partition."""

    def may_share(self, partitions: Sequence[Partition]) -> bool:
        """Whether the partitions may be in one training set."""


@dataclass(frozen=True, slots=True)
class Input:
    """One `--remove`.

    Attributes:
        findings: The findings file.
        folder: The output directory, if that was given, or the partitions beside the findings are used.
        whole: Whether the output directory was given, so that what it does not keep goes.
    """

    findings: Path
    folder: Path
    whole: bool

    @property
    def partitions(self) -> Path | None:
        """The table of partitions, if it is a separation's output."""
        path = self.folder / PARTITIONS
        return path if path.is_file() else None


@dataclass(slots=True)
class Gathered:
    """What was read.

    Attributes:
        kept: Number of tables of items that may stay.
        partitions: Partitions that are kept; empty if no separation was used.
        policy: Hash of the separation policy, if one was used.
        facts: What the manifest says of each input: digests, lists, detectors.
    """

    kept: int = 0
    partitions: tuple[Partition, ...] = ()
    policy: str | None = None
    facts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def identity(self) -> list[Any]:
        """What follows from the inputs: two cleans with the same identity remove the same."""
        return [self.partitions, self.policy, [each["sha256"] for each in self.facts]]


def locate(removals: Sequence[Path], partitions: Sequence[Partition]) -> list[Input]:
    """Say what each `--remove` is.

    Raises:
        NotFound: If there is no such file or directory.
        UsageError: If a directory holds no finished scan or separation, or partitions are wanted and there are none.
    """
    found = []
    for path in removals:
        if not path.exists():
            raise NotFound(f"{path} does not exist")
        if path.is_dir():
            if not (path / FINDINGS).is_file() or not any((path / name).is_file() for name in (MANIFEST, PARTITIONS)):
                raise UsageError(f"{path} holds no finished scan or separation", hint="give its --out directory")
            found.append(Input(path / FINDINGS, path, whole=True))
        else:
            found.append(Input(path, path.parent, whole=False))
    if partitions and not any(each.partitions for each in found):
        raise UsageError(
            "--partitions needs the output of a separation",
            hint=_WHOLE,
        )
    return found


def gather(inputs: Sequence[Input], partitions: Sequence[Partition], policy: Sharing | None, folder: Path) -> Gathered:
    """Read every input into tables in `folder`.

    Args:
        inputs: From `locate`.
        partitions: Partitions to keep; empty for `neither` alone, where a separation's output was given.
        policy: The separation policy; needed where a separation's partitions are used.
        folder: Where the tables go; exists.

    Raises:
        PartitionsRefused: If policy does not let the partitions share a training set.
        BadFindings: If a findings file cannot be read, or two inputs contradict each other.
    """
    separated = [each for each in inputs if each.partitions]
    gathered = Gathered()
    if separated:
        gathered.partitions = tuple(sorted(set(partitions or DEFAULT_PARTITIONS)))
        if policy is None or not policy.may_share(gathered.partitions):
            raise PartitionsRefused(f"policy does not let {' and '.join(gathered.partitions)} share a training set")
        gathered.policy = policy.hash
    try:
        with ExitStack() as stack:
            named = stack.enter_context(TableWriter(folder / NAMED))
            digests = stack.enter_context(TableWriter(folder / DIGESTS))
            for each in inputs:
                use = each in separated
                facts = _read_findings(each, named, digests)
                if each.whole or use:
                    kept = stack.enter_context(TableWriter(folder / KEPT.format(gathered.kept)))
                    gathered.kept += 1
                    _read_kept(each, kept, digests, gathered.partitions if use else (), policy)
                    facts |= _facts_of(each, gathered.policy if use else None)
                facts["sha256"] = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
                gathered.facts.append(facts)
    except TableConflict:
        raise BadFindings(
            "the findings state two digests for one item", hint="they are of different states of the data"
        ) from None
    return gathered


def _read_findings(each: Input, named: TableWriter, digests: TableWriter) -> dict[str, Any]:
    """Add the items that findings name; the table of partitions speaks for a separation's own rows.

    Raises:
        UsageError: If they are of a separation whose table is not there: what may share a training set is not known.
    """
    rows, whole = 0, hashlib.sha256()
    mark = WHYS.index(Why.LIST) + 1
    for row in _rows(each.findings, whole):
        if row.get("type") == SEPARATION and not each.partitions:
            raise UsageError(f"{each.findings} is of a separation, and {PARTITIONS} is not beside it", hint=_WHOLE)
        if not _names(row):
            continue
        rows += 1
        sha256 = _digest(row.get("sha256"), each.findings)
        named.add(key_id(row["item"]), sha256, mark)
        if sha256 is not None:
            digests.add(sha256, sha256, mark)
    return {"findings": whole.hexdigest(), "rows": rows}


def _names(row: Mapping[str, Any]) -> bool:
    """Whether a finding names an item to remove."""
    return bool(row["action"] != Action.ALLOW) and row.get("type") != SEPARATION


def named_items(inputs: Sequence[Input]) -> Iterator[str]:
    """Yield the key of every item that findings name, again."""
    for each in inputs:
        for row in _rows(each.findings, hashlib.sha256()):
            if _names(row):
                yield row["item"]


def _rows(path: Path, whole: Any) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MOST_LINE):
            number += 1
            whole.update(line)
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise BadFindings(f"{path}: line {number} is not JSON") from None
            if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("item", "action")):
                raise BadFindings(f"{path}: line {number} is not a finding: it names no item or no action")
            yield row


def _digest(value: Any, path: Path) -> bytes | None:
    if value is None:
        return None
    try:
        digest = bytes.fromhex(value)
    except (ValueError, TypeError):
        digest = b""
    if len(digest) != 32:
        raise BadFindings(f"{path} states a SHA-256 that is none")
    return digest


def _read_kept(
    each: Input, kept: TableWriter, digests: TableWriter, partitions: Sequence[Partition], policy: Sharing | None
) -> None:
    """Add the items that may stay; those of other partitions are marked, and their digests are removed ones."""
    import pyarrow.parquet as pq

    path = each.partitions if partitions else each.folder / MANIFEST
    if path is None or not path.is_file():
        raise UsageError(f"{each.folder} holds no list of the items that may stay")
    columns = ["item", "sha256", *(("partition", "action") if partitions else ())]
    heaviest = {side: policy.actions[side].severity for side in partitions} if policy is not None else {}
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=8192, columns=columns):
            data = batch.to_pydict()
            for place, key in enumerate(data["item"]):
                sha256 = data["sha256"][place]
                why = _why(data["partition"][place], data["action"][place], heaviest) if partitions else None
                mark = 0 if why is None else WHYS.index(why) + 1
                kept.add(key_id(key), sha256, mark)
                if mark and sha256 is not None:
                    digests.add(sha256, sha256, mark)
    if each.whole and (each.folder / ATTENTION).is_file() and not partitions:
        for key, sha256 in _attention(each.folder / ATTENTION):
            if key and sha256 is not None:
                digests.add(sha256, sha256, WHYS.index(Why.NOT_KEPT) + 1)


def _why(partition: str, action: str, heaviest: Mapping[Partition, int]) -> Why | None:
    """Say why an item of a separation may not stay: its partition, or a scan that holds it back besides."""
    try:
        side, done = Partition(partition), Action(action)
    except ValueError:
        return Why.NOT_KEPT
    if side not in heaviest:
        return Why.PARTITION
    return None if done.severity <= heaviest[side] else Why.NOT_KEPT


def _attention(path: Path) -> Iterator[tuple[str, bytes | None]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield row["item"], _digest(row.get("sha256"), path)


def _facts_of(each: Input, policy: str | None) -> dict[str, Any]:
    """Return what the manifest says of a scan's or separation's output.

    Raises:
        PartitionsRefused: If the separation was made with another policy than the one that is asked.
    """
    facts: dict[str, Any] = {}
    try:
        summary = json.loads((each.folder / SUMMARY).read_bytes())
    except (OSError, ValueError):
        summary = {}
    if policy is not None and summary.get("policy", policy) != policy:
        raise PartitionsRefused(
            f"{each.folder} was separated with another policy", hint="give that policy with --policy, or separate again"
        )
    lists = summary.get("lists") or []
    names = ("name", "version", "entries", "purpose")
    facts["lists"] = [{name: each_list.get(name) for name in names} for each_list in lists]
    facts["policy"] = summary.get("policy")
    detectors = summary.get("detectors") or []
    facts["detectors"] = [{name: one.get(name) for name in ("id", "version", "model_digest")} for one in detectors]
    table = each.partitions if policy is not None else each.folder / MANIFEST
    for name, path in (("kept", table), ("attestation", each.folder / ATTESTATION)):
        if path is not None and path.is_file():
            with path.open("rb") as file:
                facts[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return facts
