"""Settling a scan: every output follows from the receipts that the plan names, and from nothing else.

Each output is written beside its place and moved there whole, `summary.json` last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from seawall.canary.selection import Selection
from seawall.files import storage, write_whole
from seawall.settings import PRIVATE_DIR, PRIVATE_FILE

from .config import ScanConfig
from .facts import RunFacts, Summary
from .manifest import FILE_NAME as MANIFEST
from .manifest import ManifestWriter
from .present import present
from .process import hashed_folder, matched_folder
from .record import ScanRecord

_OUTPUTS = (
    "findings.jsonl",
    "attention.jsonl",
    "report.html",
    "report-data.json",
    "card.md",
    "card.json",
    "summary.json",  # last: it says whether the others are of a full scan
)


def settle(
    facts: RunFacts, config: ScanConfig, selection: Selection, record: ScanRecord, *, since: str | None = None
) -> Summary:
    """Write every output of a scan; return the summary.

    Raises:
        StorageFull: If the disk is full; running the scan again settles it.
    """
    out = facts.state.out
    with storage(out):
        plan_digest, kept = _write_items(facts, config, delta=since is not None)
        summary = summarise(facts, config, selection, since) | {"kept": kept}
        closing = {key: summary[key] for key in ("items", "examined", "unexamined", "damaged", "findings", "drill")}
        summary["ledger_root"] = record.closed(closing | {"plan": plan_digest, "lists": selection.described})
        present(out, summary, facts, config, record)
        write_whole(out / "summary.json", json.dumps(summary, indent=2).encode())
    return summary


def summarise(facts: RunFacts, config: ScanConfig, selection: Selection, since: str | None = None) -> Summary:
    """Return the counts of one run, and what they were counted with."""
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
        "policy": config.policy_hash,
        "lists": selection.described,
        "seconds": round(facts.seconds, 3),
        "images_per_second": round(read / facts.seconds, 1) if facts.seconds else 0.0,
        "scan_id": facts.state.scan_id,
        "out": str(facts.state.out),
    }
    return summary | ({"since": since} if since else {})


def _write_items(facts: RunFacts, config: ScanConfig, *, delta: bool) -> tuple[str, int]:
    """Write findings, items that need attention, and the manifest.

    Args:
        facts: The run.
        config: The scan.
        delta: Whether only a list's delta was matched, so that the manifest can only lose items.

    Returns:
        The digest of all receipts, and the number of kept items.
    """
    out = facts.state.out
    hashed, matched = hashed_folder(config), matched_folder(config)
    digest = hashlib.sha256()
    names = {name: out / f".{name}.new" for name in ("findings.jsonl", "attention.jsonl", MANIFEST)}
    lost = {shard.id for shard in facts.lost}
    out_of_it: set[str] = set()
    with (
        names["findings.jsonl"].open("w", encoding="utf-8") as findings,
        names["attention.jsonl"].open("w", encoding="utf-8") as attention,
        ManifestWriter(names[MANIFEST]) as manifest,
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
                removed.add(item["row"])
                if delta:
                    out_of_it.add(item["item"])
            if not delta:
                manifest.keep(hashed.path / rows["file"], removed)
        if delta:
            manifest.narrow(out / MANIFEST, out_of_it)
    if delta:
        _set_aside(out)
    for name, temporary in names.items():
        temporary.chmod(PRIVATE_FILE)
        temporary.replace(out / name)
    return digest.hexdigest(), manifest.kept


def _set_aside(out: Path) -> None:
    """Move what the last full scan found into `full/`, before a delta's findings take its place."""
    try:
        if "since" in json.loads((out / "summary.json").read_bytes()):
            return
    except (FileNotFoundError, ValueError):
        return
    full = out / "full"
    full.mkdir(exist_ok=True, mode=PRIVATE_DIR)
    for name in _OUTPUTS:
        with suppress(FileNotFoundError):
            (out / name).replace(full / name)


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
