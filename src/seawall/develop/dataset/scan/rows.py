"""Stored hashes: one row per item, in Parquet, enough to match again without reading the media.

Rows hold digests, hashes, the source chain and what went wrong; never content, captions or thumbnails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seawall.content.item import Item, Problem
from seawall.content.media import Medium, Sniffed
from seawall.content.origin import Origin
from seawall.hashing.digests import DIGESTS
from seawall.hashing.examined import Examined
from seawall.hashing.replies import FrameHash
from seawall.hashing.signal import Signal


@dataclass(frozen=True, slots=True)
class Row:
    """One item with its source chain and everything that was found out about its bytes."""

    item: str
    origin: Origin
    examined: Examined

    @classmethod
    def of(cls, item: Item, examined: Examined) -> Row:
        """Join an item and its examination."""
        return cls(item.key, item.origin, examined)

    @property
    def states(self) -> tuple[str, ...]:
        """Which of `unexamined`, `damaged`, `abstained` hold."""
        if self.examined.problem is not None:
            return ("unexamined",)
        found = (("damaged", self.examined.damaged), ("abstained", self.examined.abstained is not None))
        return tuple(state for state, holds in found if holds)


def schema() -> Any:
    """Return the Arrow schema of stored rows."""
    import pyarrow as pa

    origin = [(name, pa.int64() if name == "offset" else pa.string()) for name in Origin.__slots__]
    frame = [
        ("frame", pa.int32()),
        ("variant", pa.string()),
        ("quality", pa.uint8()),
        ("dihedral", pa.binary()),
        ("time_s", pa.float64()),
    ]
    return pa.schema(
        [
            ("item", pa.string()),
            *((name, pa.binary()) for name in DIGESTS),
            ("size", pa.int64()),
            ("medium", pa.string()),
            ("format", pa.string()),
            ("problem_code", pa.string()),
            ("problem", pa.string()),
            ("abstained", pa.string()),
            ("flags", pa.list_(pa.string())),
            ("frames", pa.list_(pa.struct(frame))),
            ("signals", pa.list_(pa.struct([("type", pa.string()), ("value", pa.binary())]))),
            ("origin", pa.struct(origin)),
        ]
    )


def to_batch(rows: Iterable[Row]) -> Any:
    """Return rows as one Arrow record batch."""
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([_to_dict(row) for row in rows], schema=schema())


def read_rows(path: Path) -> Iterator[list[Row]]:
    """Read stored rows, a bounded number at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1024):
            yield [_from_dict(row) for row in batch.to_pylist()]


def _to_dict(row: Row) -> dict[str, Any]:
    examined = row.examined
    return {
        "item": row.item,
        **{name: examined.digests.get(name) for name in DIGESTS},
        "size": examined.size,
        "medium": examined.kind.medium.value,
        "format": examined.kind.format,
        "problem_code": examined.problem.code if examined.problem else None,
        "problem": examined.problem.message if examined.problem else None,
        "abstained": examined.abstained,
        "flags": sorted(examined.flags),
        "frames": [
            {
                "frame": frame.frame,
                "variant": frame.variant,
                "quality": frame.quality,
                "dihedral": frame.dihedral,
                "time_s": frame.time_s,
            }
            for frame in examined.frames
        ],
        "signals": [{"type": signal.type, "value": signal.value} for signal in examined.signals],
        "origin": row.origin.to_dict(),
    }


def _from_dict(data: dict[str, Any]) -> Row:
    problem = Problem(data["problem_code"], data["problem"]) if data["problem_code"] else None
    examined = Examined(
        digests={name: data[name] for name in DIGESTS if data[name] is not None},
        size=data["size"],
        kind=Sniffed(Medium(data["medium"]), data["format"]),
        frames=tuple(FrameHash(**frame) for frame in data["frames"]),
        signals=tuple(Signal(**signal) for signal in data["signals"]),
        flags=frozenset(data["flags"]),
        problem=problem,
        abstained=data["abstained"],
    )
    return Row(data["item"], Origin.from_dict(data["origin"]), examined)
