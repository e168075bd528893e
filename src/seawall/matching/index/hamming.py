"""The exact index of 256-bit codes such as PDQ: all entries within a Hamming distance of 0 to 63 bits, never fewer."""

from __future__ import annotations

import operator
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.errors import IndexCorrupt, UsageError
from seawall.matching.index._arrays import as_rows, joined
from seawall.matching.index._backend import load_kernel
from seawall.matching.index._contract import CODE_BYTES, HammingSearcher, Hits
from seawall.matching.index._format import FileKind
from seawall.matching.index._hamming_segment import HammingKind
from seawall.matching.index._ids import Ids
from seawall.matching.index._segmented import Segmented

MAX_RADIUS = 63


class HammingIndex(Segmented[HammingSearcher]):
    """256-bit codes under stable entry ids.

    Exact by the pigeonhole principle, applied twice (Norouzi, Punjani, Fleet: "Fast exact search in Hamming space with
    multi-index hashing"): see `native/hamming/search.c`. Searching is safe in several threads at once, also while one
    other thread adds and removes.
    """

    _FILES = FileKind.HAMMING

    def __init__(self) -> None:
        super().__init__(HammingKind(load_kernel()))

    @classmethod
    def _of_width(cls, width: int) -> HammingIndex:
        if width != CODE_BYTES:
            raise IndexCorrupt(f"an index of codes of {width} bytes is not one that seawall writes")
        return cls()

    @classmethod
    def build(cls, codes: NDArray[np.uint8], ids: ArrayLike | None = None) -> HammingIndex:
        """Index codes.

        Args:
            codes: uint8 (n, 32); n may be 0.
            ids: Their entry ids, whole numbers that differ; 0..n-1 by default.

        Raises:
            UsageError: If an argument has the wrong type or shape.
        """
        index = cls()
        index.add(codes, ids)
        return index

    def add(self, codes: NDArray[np.uint8], ids: ArrayLike | None = None) -> Ids:
        """Add codes; searches from now on find them.

        Args:
            codes: uint8 (n, 32), or one code (32,).
            ids: Their entry ids, which differ and are not below `next_id`; by default the next n.

        Returns:
            Their entry ids, uint64 (n,).

        Raises:
            UsageError: If an argument has the wrong type or shape, or an id was used before.
        """
        return self._add(as_rows(codes, CODE_BYTES, "codes"), ids)

    def search(self, queries: NDArray[np.uint8], radius: SupportsIndex, *, min_entry: SupportsIndex = 0) -> Hits:
        """Find all entries within a distance of each query.

        Args:
            queries: uint8 (q, 32), or one code (32,).
            radius: Largest distance, 0..63 bits.
            min_entry: Report only entries with this id or a higher one.

        Returns:
            Three arrays, by query, then entry: number of the query (int64), entry id (uint64), distance (int32).

        Raises:
            UsageError: If an argument has the wrong type or shape, or the radius is out of range.
            IndexCorrupt: If the files of the index are found damaged.
        """
        wanted = as_rows(queries, CODE_BYTES, "queries")
        try:
            bits, first = operator.index(radius), operator.index(min_entry)
        except TypeError as problem:
            raise UsageError("radius and min_entry are whole numbers") from problem
        if not 0 <= bits <= MAX_RADIUS:
            raise UsageError(f"the radius is between 0 and {MAX_RADIUS} bits, not {bits}")
        parts: list[tuple[NDArray[Any], ...]] = []
        for segment in self._segments:
            ids = segment.ids
            if ids.last < first:
                continue
            found = segment.searcher.search(wanted, bits, ids.start(first))
            if found is None:
                continue
            query, row, distance = found
            if segment.dead is not None:
                live = segment.alive(row)
                query, row, distance = query[live], row[live], distance[live]
            parts.append((query, ids.at(row), distance))
        query, entry, distance = joined(parts, _nothing())
        return query, entry, distance

    def codes_of(self, ids: ArrayLike) -> NDArray[np.uint8]:
        """Return the codes of entries, (n, 32) in the order of `ids`.

        Raises:
            NotFound: If an entry is not here, or was removed.
            UsageError: If the ids are not whole numbers.
        """
        return self._values_of(ids)


def _nothing() -> Hits:
    return np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.int32)
