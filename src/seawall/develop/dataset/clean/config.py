"""What a clean does, as a value that can be handed to another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seawall.develop.dataset.scan.receipts import Folder

VERSION = 1
"""Raised when what a shard's receipt commits changes its meaning."""

MANIFEST = "clean-manifest.jsonl"
"""Name of the signed manifest at the root of the output."""


@dataclass(frozen=True, slots=True)
class CleanConfig:
    """Settings of one clean.

    Attributes:
        out: Where cleaned data go, absolute.
        state: Directory of this clean's own records; never within the output.
        job: Name of the clean, kept by every resumption.
        kept: Number of tables of items that may stay.
        given: Keys of files that are cleaned line by line, so that no other shard copies them whole.
    """

    out: str
    state: Path
    job: str
    kept: int
    given: frozenset[str]

    @property
    def tables(self) -> Path:
        """Directory of the tables."""
        return self.state / "tables"

    def evidence_key(self, sha256: str) -> str:
        """Return the key under which removed bytes are kept: the same bytes are kept once."""
        return f"clean/{self.job}/{sha256}"


def done_folder(config: CleanConfig) -> Folder:
    """Return where receipts are, and the lines of the manifest that they commit."""
    return Folder(config.state / "done", ".jsonl")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a clean is.

    Attributes:
        shards: Shards done.
        of_shards: Shards in the plan.
        items: Items done.
        removed: Items removed so far.
        size: Bytes of the shards done.
        seconds: Time since the run began.
    """

    shards: int
    of_shards: int
    items: int
    removed: int
    size: int
    seconds: float


Report = Callable[[Progress], None]
