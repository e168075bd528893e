"""The scan's own record of itself: which sources, under which name, in which shards."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import UsageError
from seawall.files import storage

from .receipts import create_whole


@dataclass(frozen=True, slots=True)
class ScanState:
    """A scan's identity.

    Attributes:
        scan_id: Random name given at the first run, kept by every resumption.
        sources: Locations as given.
        out: Output directory.
    """

    scan_id: str
    sources: tuple[str, ...]
    out: Path

    @property
    def _plan(self) -> Path:
        return self.out / "state" / "plan.jsonl"

    @classmethod
    def open(cls, out: Path, sources: tuple[str, ...], *, fresh: bool) -> ScanState:
        """Open the record in `out`, or begin one. The caller holds the lock, alone if `fresh`.

        Args:
            out: Output directory.
            sources: Locations to scan; empty to take those of the record.
            fresh: Forget everything that an earlier scan in `out` stored.

        Raises:
            UsageError: If `out` holds a scan of other sources, or there are no sources.
        """
        record = out / "state" / "scan.json"
        if fresh:
            for name in ("hashed", "matched", "ranges"):
                shutil.rmtree(out / "state" / name, ignore_errors=True)
            record.unlink(missing_ok=True)
        if not record.exists():
            if not sources:
                raise UsageError("nothing to scan", hint="name a folder, archive, table, manifest or URL")
            body = {"scan_id": uuid.uuid4().hex, "sources": list(sources)}
            create_whole(record, json.dumps(body).encode())  # of several that begin at a time, one names the scan
        try:
            data = json.loads(record.read_text("utf-8"))
            state = cls(data["scan_id"], tuple(data["sources"]), out)
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"{record} is damaged", hint="pass --fresh to scan anew") from None
        if sources and state.sources != sources:
            raise UsageError(
                f"{out} holds a scan of other sources", hint="give another --out, or --fresh to replace it"
            )
        return state

    def write_plan(self, shards: Iterable[ShardSpec]) -> tuple[int, int | None]:
        """Write the plan; return the number of shards and their bytes (None if some are not known)."""
        count, size = 0, 0
        known = True
        temporary = self._plan.with_suffix(".new")
        with storage(self.out), temporary.open("w", encoding="utf-8") as file:
            for shard in shards:
                file.write(json.dumps(shard.to_dict()) + "\n")
                count += 1
                known = known and shard.size_bytes is not None
                size += shard.size_bytes or 0
        temporary.replace(self._plan)
        return count, size if known else None

    def plan(self) -> Iterator[ShardSpec]:
        """Read the plan."""
        if not self._plan.exists():
            raise UsageError(f"{self.out} holds no finished plan", hint="run the scan without --since first")
        with self._plan.open(encoding="utf-8") as file:
            for line in file:
                yield ShardSpec.from_dict(json.loads(line))
