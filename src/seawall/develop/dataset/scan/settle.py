"""Settling a scan: every output follows from the receipts that the plan names, and from nothing else.

Each output is written beside its place and moved there whole, `summary.json` last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from seawall.canary.selection import Selection
from seawall.files import storage, write_whole
from seawall.settings import PRIVATE_FILE

from .config import ScanConfig
from .facts import RunFacts, Summary
from .present import present
from .process import hashed_folder, matched_folder
from .record import ScanRecord
from .rows import schema


def settle(
    facts: RunFacts, config: ScanConfig, selection: Selection, record: ScanRecord, *, since: str | None = None
) -> Summary:
    """Write every output of a scan; return the summary.

    Raises:
        StorageFull: If the disk is full; running the scan again settles it.
    """
    out = facts.state.out
    with storage(out):
        plan_digest = _write_items(facts, config)
        summary = _summary(facts, config, selection, since)
        closing = {key: summary[key] for key in ("items", "examined", "unexamined", "damaged", "findings", "drill")}
        summary["ledger_root"] = record.closed(closing | {"plan": plan_digest, "lists": selection.described})
        present(out, summary, facts, config, record)
        write_whole(out / "summary.json", json.dumps(summary, indent=2).encode())
    return summary


def _summary(facts: RunFacts, config: ScanConfig, selection: Selection, since: str | None) -> Summary:
    tally = facts.tally
    read = tally.items - facts.resumed
    summary = {
        "items": tally.items,
        "examined": tally.examined,
        "unexamined": tally.unexamined,
        "damaged": tally.damaged,
        "abstained": dict(tally.abstained),
        "resumed": facts.resumed,
        "findings": tally.findings,
        "drill": tally.drill,
        "known_fine": tally.known_fine,
        "kept": tally.kept,
        "policy": config.policy_hash,
        "lists": selection.described,
        "seconds": round(facts.seconds, 3),
        "images_per_second": round(read / facts.seconds, 1) if facts.seconds else 0.0,
        "scan_id": facts.state.scan_id,
        "out": str(facts.state.out),
    }
    return summary | ({"since": since} if since else {})


def _write_items(facts: RunFacts, config: ScanConfig) -> str:
    """Write findings, items that need attention, and the manifest of kept items; return the digest of all receipts."""
    import pyarrow.parquet as pq

    out = facts.state.out
    hashed, matched = hashed_folder(config), matched_folder(config)
    digest = hashlib.sha256()
    names = {name: out / f".{name}.new" for name in ("findings.jsonl", "attention.jsonl", "manifest.parquet")}
    lost = {shard.id for shard in facts.lost}
    with (
        names["findings.jsonl"].open("w", encoding="utf-8") as findings,
        names["attention.jsonl"].open("w", encoding="utf-8") as attention,
        pq.ParquetWriter(names["manifest.parquet"], _manifest_schema(), compression="zstd") as manifest,
    ):
        for shard in facts.state.plan():
            rows, held = hashed.read(shard.id), matched.read(shard.id)
            if shard.id in lost or rows is None or held is None:
                _attend(attention, {"item": shard.label, "states": ["unexamined"], "code": "shard_lost"})
                continue
            digest.update(f"{shard.id} {rows['sha256']} {held['sha256']}\n".encode())
            removed = set()
            for item in _held_items(matched.path / held["file"]):
                for finding in item["findings"]:
                    findings.write(json.dumps(finding) + "\n")
                if item["states"]:
                    _attend(attention, item)
                if item["action"] != "allow":
                    removed.add(item["row"])
            _write_kept(manifest, hashed.path / rows["file"], removed)
    for name, temporary in names.items():
        temporary.chmod(PRIVATE_FILE)
        temporary.replace(out / name)
    return digest.hexdigest()


def _held_items(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _attend(file: IO[str], item: dict[str, Any]) -> None:
    row = {
        "item": item["item"],
        "sha256": item.get("sha256"),
        "status": item["states"][0],
        "code": item.get("code"),
        "message": item.get("message"),
    }
    file.write(json.dumps(row) + "\n")


def _manifest_schema() -> Any:
    import pyarrow as pa

    return pa.schema([schema().field(name) for name in ("item", "sha256", "size", "medium", "origin")])


def _write_kept(manifest: Any, rows: Path, removed: set[int]) -> None:
    """Copy the rows that policy keeps, column by column."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    start = 0
    with pq.ParquetFile(rows) as file:
        columns = _manifest_schema().names
        for batch in file.iter_batches(batch_size=8192, columns=columns):
            keep = np.ones(batch.num_rows, dtype=bool)
            keep[[row - start for row in removed if start <= row < start + batch.num_rows]] = False
            start += batch.num_rows
            manifest.write_batch(batch.filter(pa.array(keep)).select(columns))
