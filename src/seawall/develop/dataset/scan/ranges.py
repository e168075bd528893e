"""A part of a scan, for schedulers that start processes themselves: Slurm arrays, Spark, Kubernetes jobs.

N processes share an output directory, and process I takes every shard whose place in the plan is I modulo N. They
agree on one plan, which the first of them makes; they commit receipts and nothing else. Outputs and ledger
are left to the scan without parts, which does what is missing and settles.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import UsageError
from seawall.files import storage

from .receipts import Folder

_NAME = "plan"


@dataclass(frozen=True, slots=True)
class ShardRange:
    """One part of a plan.

    Attributes:
        index: Which part, from 0.
        count: Of how many.
    """

    index: int
    count: int

    @classmethod
    def of(cls, index: int | None, count: int | None) -> Self | None:
        """Return the part that options name, or None if they name none.

        Raises:
            UsageError: If only one is given, or there is no such part.
        """
        if index is None and count is None:
            return None
        if index is None or count is None:
            raise UsageError("--shard-index and --shard-count go together")
        if not 0 <= index < count:
            raise UsageError(
                f"there is no part {index} of {count}",
                hint="--shard-index counts from 0 to one less than --shard-count",
            )
        return cls(index, count)

    def size(self, shards: int) -> int:
        """Return how many of a plan's shards are in this part."""
        return len(range(self.index, shards, self.count))

    def described(self, shards: int) -> dict[str, int | None]:
        """Return what a summary says of this part, besides its counts: it has `shards` shards, and no ledger."""
        return {"shard_index": self.index, "shard_count": self.count, "shards": shards, "ledger_root": None}

    def take(self, shards: Iterable[ShardSpec]) -> Iterator[ShardSpec]:
        """Yield the shards of this part."""
        return islice(shards, self.index, None, self.count)


@dataclass(frozen=True, slots=True)
class SharedPlan:
    """The plan that all parts of a scan follow; it stays until the scan is settled.

    Attributes:
        path: Its file.
        shards: How many shards it has.
    """

    path: Path
    shards: int

    @classmethod
    def agree(cls, out: Path, shards: Iterable[ShardSpec], *, shard_items: int) -> Self:
        """Return the plan that was agreed on, or make it. Of several that are made at a time, one holds for all.

        Args:
            out: Output directory of the scan.
            shards: The plan; drawn from only if there is none.
            shard_items: Loose files per shard, by which the plan is made.

        Raises:
            UsageError: If the plan that was agreed on has another number of files per shard.
        """
        folder = _folder(out)
        agreed = folder.read(_NAME)
        if agreed is None:
            written = folder.temporary()
            count = 0
            try:
                with storage(written), written.open("w", encoding="utf-8") as file:
                    for shard in shards:
                        file.write(json.dumps(shard.to_dict()) + "\n")
                        count += 1
                agreed = folder.commit(_NAME, written, {"shards": count, "shard_items": shard_items})
            finally:
                written.unlink(missing_ok=True)
        if agreed["shard_items"] != shard_items:
            raise UsageError(
                f"the other parts of this scan have {agreed['shard_items']} files per shard",
                hint="give every part the same --shard-items",
            )
        return cls(folder.path / agreed["file"], agreed["shards"])

    def __iter__(self) -> Iterator[ShardSpec]:
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                yield ShardSpec.from_dict(json.loads(line))


def forget_shared_plan(out: Path) -> None:
    """Remove the parts' plan: the next ones look at the dataset again. Only the owner of the scan's lock may."""
    shutil.rmtree(_folder(out).path, ignore_errors=True)


def _folder(out: Path) -> Folder:
    return Folder(out / "state" / "ranges", ".jsonl")
