"""What a caller of a clean may choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CleanOptions:
    """What a caller may choose.

    Attributes:
        out: Where cleaned data go: a directory or an fsspec URL.
        remove: Findings, or output directories of scans and separations.
        partitions: Partitions to keep; empty for `neither` alone, where a separation is given.
        policy: Separation policy file; None for the one that ships.
        workers: Processes; None for one per core.
        fresh: Empty `out`, and forget what an earlier clean wrote there.
        discard: Why removed bytes are not kept in the vault; None to keep them.
        shard_items: Loose files per shard.
    """

    out: Path | str
    remove: Sequence[Path | str] = ()
    partitions: Sequence[str] = ()
    policy: Path | None = None
    workers: int | None = None
    fresh: bool = False
    discard: str | None = None
    shard_items: int = 256
