"""`process(shard) -> SeparateResult`: hash, match, then show detectors what no list has; each step has its receipts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, zip_longest
from typing import Any

from seawall.content.item import Item
from seawall.develop.dataset.readers import read
from seawall.develop.dataset.scan.process import ShardProcessor, ShardResult, hashed_folder, matched_folder
from seawall.develop.dataset.scan.rows import Row, read_rows
from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import SourceError
from seawall.files import storage

from .config import SeparateConfig, observed_folder
from .held import real_match
from .observation import schema, to_batch
from .observe import Observer

_BATCH = 256


@dataclass(frozen=True, slots=True)
class SeparateResult:
    """What became of one shard.

    Attributes:
        scanned: What the scan made of it.
        observed: Receipt of the observe step.
        resumed: Whether an earlier run observed it.
    """

    scanned: ShardResult
    observed: dict[str, Any]
    resumed: bool


class SeparateProcessor:
    """Processes shards in one process; opens detectors and the decode process when they are first needed."""

    def __init__(self, config: SeparateConfig) -> None:
        self._config = config
        self._scan = ShardProcessor(config.scan)
        self._hashed, self._matched = hashed_folder(config.scan), matched_folder(config.scan)
        self._observed = observed_folder(config)

    def __call__(self, shard: ShardSpec) -> SeparateResult:
        """Process one shard, or return what an earlier attempt committed."""
        scanned = self._scan(shard)
        matched = self._matches(scanned)
        observed = self._observed.read(shard.id)
        if observed is not None and self._serves(observed, scanned, matched):
            return SeparateResult(scanned, observed, resumed=True)
        self._observed.discard(shard.id)
        return SeparateResult(scanned, self._observe(shard, scanned, matched), resumed=False)

    def close(self) -> None:
        """End every process that was started."""
        self._scan.close()
        if "_detectors" in self.__dict__:
            self._detectors.close()

    @cached_property
    def _detectors(self) -> Any:
        from seawall.detectors.host import open_detectors

        return open_detectors(self._config.detectors)

    def _matches(self, scanned: ShardResult) -> frozenset[int]:
        """Return the rows that hash lists have."""
        with (self._matched.path / scanned.matched["file"]).open(encoding="utf-8") as file:
            return frozenset(held["row"] for held in map(json.loads, file) if real_match(held))

    @staticmethod
    def _serves(observed: dict[str, Any], scanned: ShardResult, matched: frozenset[int]) -> bool:
        """Whether stored answers are of these rows, and only rows that lists still have went unanswered."""
        return observed["rows"] == scanned.hashed["sha256"] and matched.issuperset(observed["matched"])

    def _observe(self, shard: ShardSpec, scanned: ShardResult, matched: frozenset[int]) -> dict[str, Any]:
        """Show the shard's items to detectors and commit their answers, or what another attempt committed first."""
        import pyarrow.parquet as pq

        written = self._observed.temporary()
        observer = Observer(self._detectors, self._scan.examiner.pictures)
        items = 0
        try:
            with storage(written.parent), pq.ParquetWriter(written, schema(), compression="zstd") as writer:
                answers = observer.observe(self._items(shard, scanned, matched))
                while batch := list(islice(answers, _BATCH)):
                    writer.write_batch(to_batch(batch))
                    items += len(batch)
            facts = {"rows": scanned.hashed["sha256"], "items": items, "matched": sorted(matched)}
            return self._observed.commit(shard.id, written, facts)
        finally:
            written.unlink(missing_ok=True)

    def _items(
        self, shard: ShardSpec, scanned: ShardResult, matched: frozenset[int]
    ) -> Iterator[tuple[Item, Row, bool]]:
        """Yield each item with its stored row: a reader gives the same items in the same order every time."""
        rows = (row for batch in read_rows(self._hashed.path / scanned.hashed["file"]) for row in batch)
        for place, (item, row) in enumerate(zip_longest(read(shard), rows)):
            if item is None or row is None or item.key != row.item:
                raise SourceError(f"{shard.label} has other items than when it was hashed", hint="run with --fresh")
            yield item, row, place in matched
