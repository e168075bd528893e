"""The end of a clean: everything that was to go was there and is gone, and what is left is signed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from typing import Any

from seawall.files import storage
from seawall.ledger.manifests import Seal, write_body, write_seal

from .config import MANIFEST
from .errors import DataChanged, ItemsMissing
from .inputs import Gathered, Input, named_items
from .options import CleanOptions
from .outlet import Outlet
from .process import receipts
from .record import CleanRecord
from .removals import NAMED
from .run import Run
from .tables import Table, key_id

Summary = dict[str, Any]
"""The counts of a clean, and where its manifest is."""

_NAMES_SHOWN = 10


def expect_all(run: Run, inputs: Sequence[Input]) -> None:
    """Make sure that every named item was there, and that no copy of one named without a digest stays.

    Raises:
        ItemsMissing: If one was not.
        DataChanged: If a copy stays.
    """
    named = Table(run.config.tables / NAMED)
    found, late = set[int](), set[str]()
    for receipt, _ in receipts(run.config, run.job.units()):
        found.update(receipt["found"])
        late.update(receipt["late"])
    if len(found) < len(named):
        shown: list[str] = []
        for key in named_items(inputs):
            row = named.find(key_id(key))
            if row is not None and row.row not in found and key not in shown and len(shown) < _NAMES_SHOWN:
                shown.append(key)
        missing = len(named) - len(found)
        raise ItemsMissing(f"{missing} items that are to be removed are not in the data, such as {', '.join(shown)}")
    if late:
        _expect_no_copy(run, late)


def _expect_no_copy(run: Run, late: set[str]) -> None:
    for _, path in receipts(run.config, run.job.units()):
        with path.open(encoding="utf-8") as file:
            for text in file:
                row = json.loads(text)
                if "item" in row and row["sha256"] in late:
                    raise DataChanged(f"{row['item']} is a copy of an item that could not be read when it was examined")


def sign(
    run: Run,
    sources: Sequence[str],
    gathered: Gathered,
    options: CleanOptions,
    outlet: Outlet,
    record: CleanRecord,
) -> Summary:
    """Write the manifest and sign it, as the last thing of a clean; return the summary."""
    job, counts = run.job, run.tally.to_dict()
    facts = {key: counts[key] for key in ("items", "kept", "removed", "dropped", "files")}
    header = {
        "job": job.id,
        "at": job.at,
        "sources": list(sources),
        "partitions": list(gathered.partitions),
        "policy": gathered.policy,
        "inputs": gathered.facts,
        "counts": facts,
        "evidence": "vault" if options.discard is None else "discarded",
        "plan": job.plan,
    }
    path = job.state / "manifest.new"
    with storage(job.state):
        digest, lines = write_body(path, header, (part for _, part in receipts(run.config, job.units())))
        event = record.closed(digest, facts | {"plan": job.plan})
        write_seal(path, Seal(digest, lines, event, record.key_id), record.sign)
        temporary = f".seawall-{job.id[:16]}"
        with path.open("rb") as raw, outlet.writing(temporary) as file:
            shutil.copyfileobj(raw, file)
        outlet.publish(temporary, MANIFEST)
        path.unlink()
    seconds = run.seconds
    return {
        "job": job.id,
        "out": run.config.out,
        **counts,
        "resumed": run.resumed,
        "partitions": list(gathered.partitions),
        "policy": gathered.policy,
        "evidence": header["evidence"],
        "manifest": f"{run.config.out.rstrip('/')}/{MANIFEST}",
        "manifest_sha256": digest,
        "event": event,
        "key": record.key_id,
        "seconds": round(seconds, 3),
        "mb_per_second": round(run.tally.read / seconds / 1e6, 1) if seconds else 0.0,
    }
