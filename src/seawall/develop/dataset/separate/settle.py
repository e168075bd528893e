"""Settling a separation: groups over all shards, one partition for each, and every output from the receipts alone.

Each output is written beside its place and moved there whole, `summary.json` last.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seawall.canary.selection import Selection
from seawall.detectors.contract import Info
from seawall.develop.dataset.readers.tar import sample_of
from seawall.develop.dataset.scan.facts import RunFacts, Summary
from seawall.develop.dataset.scan.process import hashed_folder, matched_folder
from seawall.develop.dataset.scan.rows import Row, read_rows
from seawall.develop.dataset.shards import ShardSpec
from seawall.files import storage, write_whole
from seawall.policy.separation import SeparationPolicy

from .attestation import write_attestation
from .config import SeparateConfig, observed_folder
from .counts import Counts
from .evidence import Evidence, Placed, Reader
from .groups import Grouping
from .observation import Modality, Observation, read_observations
from .outputs import ItemWriter
from .record import SeparateRecord
from .report import write_report

_CLOSING = (
    "items",
    "partitions",
    "clusters",
    "abstentions",
    "skipped",
    "errors",
    "unexamined",
    "matched",
    "findings",
    "drill",
    "modalities",
    "categories",
)
"""Counts that the ledger keeps."""

_SAMPLED = (Modality.IMAGE, Modality.VIDEO, Modality.TEXT)
"""Members of a tar archive that are parts of a sample."""


def settle(
    facts: RunFacts,
    config: SeparateConfig,
    policy: SeparationPolicy,
    selection: Selection,
    infos: Mapping[str, Info],
    described: list[dict[str, Any]],
    record: SeparateRecord,
) -> Summary:
    """Write every output of a separation; return the summary.

    Args:
        facts: The run.
        config: What it did.
        policy: The separation policy.
        selection: The lists that were matched.
        infos: What each detector says of itself, by id.
        described: The same, as it is reported.
        record: Writes the ledger.

    Raises:
        StorageFull: If the disk is full; running the same again settles it.
    """
    out = facts.state.out
    with storage(out):
        groups = _Groups.of(facts, config, policy)
        counts = Counts(clusters=groups.clusters, largest=groups.largest, csem=policy.thresholds.csem)
        reader = Reader(infos, policy)
        placed = _place_groups(facts, config, groups, reader)
        with ItemWriter(out, policy) as writer:
            for entry in _entries(facts, config, groups):
                where = placed.get(entry.group) or reader.place([_evidence(reader, entry)])
                action = writer.write(entry, where)
                counts.add(entry, where, action)
        record.placed(writer.decisions())
        receipts = _receipts_digest(facts, config)
        summary = _summary(facts, config, policy, selection, described, counts)
        ledger = record.closed(receipts, {name: summary[name] for name in _CLOSING})
        summary["ledger_root"] = ledger["root"]
        summary["attestation"] = write_attestation(out, summary, policy, described, receipts, ledger, record)
        write_report(out, summary, policy, facts)
        write_whole(out / "summary.json", json.dumps(summary, indent=2).encode())
    return summary


@dataclass(frozen=True, slots=True)
class Entry:
    """One item with everything that is stored of it.

    Attributes:
        number: Its number in the run, from 0.
        shard: The shard that it is in.
        place: Its number in the shard.
        row: Its hashes and source chain; None if its shard was lost before they were stored.
        observation: What detectors answered; None if its shard was lost.
        held: What the scan held of it, if anything.
        group: Number of the first item of its group.
        grouped: Whether the group has other members.
        pictured: Whether there is a picture in the group.
    """

    number: int
    shard: ShardSpec
    place: int
    row: Row | None
    observation: Observation | None
    held: Mapping[str, Any] | None
    group: int
    grouped: bool
    pictured: bool


@dataclass(slots=True)
class _Groups:
    """Which items belong together.

    Attributes:
        of_item: For each item, the number of the first item of its group.
        sizes: Number of members of each group that has several.
        pictured: Those of them that have a picture.
    """

    of_item: np.ndarray[Any, Any]
    sizes: Mapping[int, int]
    pictured: frozenset[int]

    @property
    def clusters(self) -> int:
        return len(self.sizes)

    @property
    def largest(self) -> int:
        return max(self.sizes.values(), default=1 if len(self.of_item) else 0)

    @classmethod
    def of(cls, facts: RunFacts, config: SeparateConfig, policy: SeparationPolicy) -> _Groups:
        pictures = array("q")
        number = 0
        with Grouping(policy.radius, facts.state.out / "state") as grouping:
            for shard, rows in _shard_rows(facts, config):
                if rows is None:
                    number += _lost_items(shard)
                    grouping.add_lost(_lost_items(shard))
                    continue
                for row, observation in rows:
                    grouping.add(row, _sample(shard, row, observation))
                    if observation is not None and observation.modality in (Modality.IMAGE, Modality.VIDEO):
                        pictures.append(number)
                    number += 1
            of_item = grouping.groups()
        roots, sizes = np.unique(of_item, return_counts=True)
        many = {int(root): int(size) for root, size in zip(roots, sizes, strict=True) if size > 1}
        shown = np.unique(of_item[np.frombuffer(pictures, np.int64)])
        return cls(of_item, many, frozenset(root for root in shown.tolist() if root in many))


def _place_groups(facts: RunFacts, config: SeparateConfig, groups: _Groups, reader: Reader) -> dict[int, Placed]:
    """Place every group that has more than one member, as soon as the last of them is known."""
    placed: dict[int, Placed] = {}
    if not groups.sizes:
        return placed
    members: dict[int, dict[Evidence, None]] = defaultdict(dict)  # the same evidence twice says no more than once
    missing = dict(groups.sizes)
    alike: dict[Placed, Placed] = {}
    for entry in _entries(facts, config, groups):
        if entry.grouped:
            members[entry.group][_evidence(reader, entry)] = None
            missing[entry.group] -= 1
            if not missing[entry.group]:
                where = reader.place(members.pop(entry.group))
                placed[entry.group] = alike.setdefault(where, where)
    return placed


def _evidence(reader: Reader, entry: Entry) -> Evidence:
    return reader.evidence(entry.observation, entry.held, pictured=entry.pictured)


def _entries(facts: RunFacts, config: SeparateConfig, groups: _Groups) -> Iterator[Entry]:
    matched = matched_folder(config.scan)
    number = 0
    for shard, rows in _shard_rows(facts, config):
        if rows is None:
            for place in range(_lost_items(shard)):
                yield Entry(number, shard, place, None, None, None, number, grouped=False, pictured=False)
                number += 1
            continue
        findings = matched.read(shard.id)
        if findings is None:
            raise RuntimeError(f"shard {shard.id} lost its receipts while it was settled")
        held = _held(matched.path / findings["file"])
        for place, (row, observation) in enumerate(rows):
            group = int(groups.of_item[number])
            grouped, pictured = group in groups.sizes, group in groups.pictured
            yield Entry(number, shard, place, row, observation, held.get(place), group, grouped, pictured)
            number += 1


def _shard_rows(
    facts: RunFacts, config: SeparateConfig
) -> Iterator[tuple[ShardSpec, Iterator[tuple[Row, Observation | None]] | None]]:
    """Yield each shard of the plan with its rows and their answers.

    A shard that was lost has no answers; no rows either, if it was lost before they were matched: what a list has
    stays on its side.
    """
    hashed, matched, observed = hashed_folder(config.scan), matched_folder(config.scan), observed_folder(config)
    lost = {shard.id for shard in facts.lost}
    for shard in facts.state.plan():
        receipt, found, answers = (folder.read(shard.id) for folder in (hashed, matched, observed))
        if receipt is None or found is None or found["rows"] != receipt["sha256"]:
            yield shard, None
            continue
        rows = (row for batch in read_rows(hashed.path / receipt["file"]) for row in batch)
        if shard.id in lost or answers is None:
            yield shard, ((row, None) for row in rows)
        else:
            yield shard, zip(rows, read_observations(observed.path / answers["file"]), strict=True)


def _lost_items(shard: ShardSpec) -> int:
    return shard.items or 1


def _sample(shard: ShardSpec, row: Row, observation: Observation | None) -> str | None:
    """Return the name of the sample that a picture or a text in a tar archive is a part of.

    A member that nobody can look at says nothing of the others, and stands alone.
    """
    if shard.reader != "tar" or observation is None or observation.modality not in _SAMPLED:
        return None
    archive, _, member = row.item.partition("::")
    return f"{archive}::{sample_of(member)}"


def _held(path: Path) -> dict[int, dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return {item["row"]: item for item in map(json.loads, file)}


def _receipts_digest(facts: RunFacts, config: SeparateConfig) -> str:
    """Return one digest over everything that the outputs follow from."""
    digest = hashlib.sha256()
    folders = (hashed_folder(config.scan), matched_folder(config.scan), observed_folder(config))
    lost = {shard.id for shard in facts.lost}
    for shard in facts.state.plan():
        receipts = [folder.read(shard.id) for folder in folders]
        digests = " ".join(str(receipt["sha256"]) if receipt else "lost" for receipt in receipts)
        digests += " given up" if shard.id in lost else ""
        digest.update(f"{shard.id} {digests}\n".encode())
    return digest.hexdigest()


def _summary(
    facts: RunFacts,
    config: SeparateConfig,
    policy: SeparationPolicy,
    selection: Selection,
    described: list[dict[str, Any]],
    counts: Counts,
) -> Summary:
    read = facts.tally.items - facts.resumed
    return {
        **counts.to_dict(),
        "resumed": facts.resumed,
        "policy": policy.hash,
        "scan_policy": config.scan.policy_hash,
        "detectors": described,
        "lists": selection.described,
        "seconds": round(facts.seconds, 3),
        "items_per_second": round(read / facts.seconds, 1) if facts.seconds else 0.0,
        "run_id": facts.state.scan_id,
        "out": str(facts.state.out),
    }
