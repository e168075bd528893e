"""What a separation leaves behind, made without one, and a review of it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from seawall.develop.dataset.audit import (
    Verdict,
    open_sample,
    record,
)
from seawall.policy.separation import Partition

P = Partition
KEPT = [P.NEITHER, P.CHILD_DEPICTION]


def stopped_clock() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)


def separated(out: Path, sides: list[Partition], *, root: str = "ab" * 32, group: int = 50) -> Path:
    """Write what a separation writes, as far as an audit reads it."""
    out.mkdir(parents=True, exist_ok=True)
    digests = [hashlib.sha256(str(number).encode()).digest() for number in range(len(sides))]
    origin = pa.struct([("dataset", pa.string()), ("offset", pa.int64())])
    table = pa.table(
        {
            "item": [f"photos/{number}.jpg" for number in range(len(sides))],
            "sha256": pa.array(digests, pa.binary()),
            "partition": [side.value for side in sides],
            "cluster": pa.array(range(len(sides)), pa.int64()),
            "origin": pa.array([{"dataset": "made", "offset": number} for number in range(len(sides))], origin),
        }
    )
    pq.write_table(table, out / "partitions.parquet", row_group_size=group)
    (out / "summary.json").write_text(json.dumps({"ledger_root": root}))
    return out


def review(out: Path, leaks: frozenset[int] = frozenset(), by: str = "ann") -> None:
    for entry in open_sample(out).entries:
        record(out, entry.number, Verdict.LEAK if entry.row in leaks else Verdict.OK, by=by, clock=stopped_clock)
