"""The table of exact digests: MD5, SHA-1, SHA-256, BLAKE3 and other values of one width that match only when equal."""

from __future__ import annotations

import operator
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.errors import IndexCorrupt, UsageError
from seawall.matching.index._arrays import as_rows, joined
from seawall.matching.index._backend import load_kernel
from seawall.matching.index._contract import DigestSearcher, EqualHits
from seawall.matching.index._digest_segment import DigestKind
from seawall.matching.index._format import FileKind
from seawall.matching.index._ids import Ids
from seawall.matching.index._segmented import Segmented

MIN_WIDTH = 4
MAX_WIDTH = 64


class DigestTable(Segmented[DigestSearcher]):
    """Digests of one width under stable entry ids. Threads may search it as they may a `HammingIndex`.

    Args:
        width: Bytes in a digest, 4..64.

    Raises:
        UsageError: If the width is out of range.
    """

    _FILES = FileKind.DIGEST

    def __init__(self, width: int) -> None:
        if not MIN_WIDTH <= width <= MAX_WIDTH:
            raise UsageError(f"a digest has {MIN_WIDTH} to {MAX_WIDTH} bytes, not {width}")
        super().__init__(DigestKind(load_kernel(), width))

    @classmethod
    def _of_width(cls, width: int) -> DigestTable:
        if not MIN_WIDTH <= width <= MAX_WIDTH:
            raise IndexCorrupt(f"a table of digests of {width} bytes is not one that seawall writes")
        return cls(width)

    @classmethod
    def build(cls, width: int, digests: NDArray[np.uint8], ids: ArrayLike | None = None) -> DigestTable:
        """Index digests.

        Args:
            width: Bytes in a digest, 4..64.
            digests: uint8 (n, width); n may be 0, and digests may repeat.
            ids: Their entry ids, whole numbers that differ; 0..n-1 by default.

        Raises:
            UsageError: If an argument has the wrong type or shape.
        """
        table = cls(width)
        table.add(digests, ids)
        return table

    @property
    def width(self) -> int:
        """Bytes in a digest."""
        return self._kind.width

    def add(self, digests: NDArray[np.uint8], ids: ArrayLike | None = None) -> Ids:
        """Add digests; searches from now on find them.

        Args:
            digests: uint8 (n, width), or one digest (width,).
            ids: Their entry ids, which differ and are not below `next_id`; by default the next n.

        Returns:
            Their entry ids, uint64 (n,).

        Raises:
            UsageError: If an argument has the wrong type or shape, or an id was used before.
        """
        return self._add(as_rows(digests, self.width, "digests"), ids)

    def search(self, queries: NDArray[np.uint8], *, min_entry: SupportsIndex = 0) -> EqualHits:
        """Find all entries that equal each query.

        Args:
            queries: uint8 (q, width), or one digest (width,).
            min_entry: Report only entries with this id or a higher one.

        Returns:
            Two arrays, by query, then entry: number of the query (int64), entry id (uint64).

        Raises:
            UsageError: If an argument has the wrong type or shape.
            IndexCorrupt: If the files of the table are found damaged.
        """
        wanted = as_rows(queries, self.width, "queries")
        try:
            first = operator.index(min_entry)
        except TypeError as problem:
            raise UsageError("min_entry is a whole number") from problem
        parts: list[tuple[NDArray[Any], ...]] = []
        for segment in self._segments:
            ids = segment.ids
            if ids.last < first:
                continue
            found = segment.searcher.search(wanted, ids.start(first))
            if found is None:
                continue
            query, row = found
            if segment.dead is not None:
                live = segment.alive(row)
                query, row = query[live], row[live]
            parts.append((query, ids.at(row)))
        query, entry = joined(parts, (np.empty(0, np.int64), np.empty(0, np.uint64)))
        return query, entry

    def digests_of(self, ids: ArrayLike) -> NDArray[np.uint8]:
        """Return the digests of entries, (n, width) in the order of `ids`.

        Raises:
            NotFound: If an entry is not here, or was removed.
            UsageError: If the ids are not whole numbers.
        """
        return self._values_of(ids)
