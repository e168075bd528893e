"""`manifest.parquet`: the items that policy keeps, with digest and source chain.

A full scan writes it anew. A scan of a list's delta can only take items out of it: what earlier lists held back
stays held back.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from .rows import schema

FILE_NAME = "manifest.parquet"
_BATCH = 8192


class ManifestWriter:
    """Writes a manifest; a context manager.

    Attributes:
        kept: Items written so far.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = pa.schema([schema().field(name) for name in ("item", "sha256", "size", "medium", "origin")])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self.kept = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def keep(self, rows: Path, removed: Collection[int]) -> None:
        """Add a shard's stored rows, except those whose numbers are in `removed`."""
        start = 0
        for batch in self._batches(rows):
            keep = np.ones(batch.num_rows, dtype=bool)
            keep[[row - start for row in removed if start <= row < start + batch.num_rows]] = False
            start += batch.num_rows
            self._write(batch, keep)

    def narrow(self, earlier: Path, removed: Collection[str]) -> None:
        """Add an earlier manifest's items, except those whose keys are in `removed`."""
        for batch in self._batches(earlier):
            self._write(batch, np.array([item not in removed for item in batch.column("item").to_pylist()], dtype=bool))

    def _batches(self, path: Path) -> Any:
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_BATCH, columns=self._schema.names)

    def _write(self, batch: Any, keep: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        import pyarrow as pa

        self._writer.write_batch(batch.filter(pa.array(keep)).select(self._schema.names))
        self.kept += int(keep.sum())
