"""Exact digests in NumPy: sorting them, and a binary search of all queries at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt
from seawall.matching.index._contract import Bytes, DigestArrays, EqualHits


def ascending_digests(values: Bytes) -> NDArray[np.intp]:
    """Return rows of (n, width) in ascending order of their bytes; equal ones in order of row."""
    width = values.shape[1]
    words = np.zeros((len(values), -(-width // 8) * 8), np.uint8)
    words[:, :width] = values
    columns = words.view(">u8").astype(np.uint64)
    order = np.argsort(columns[:, 0], kind="stable")
    ordered = columns[order, 0]
    if columns.shape[1] > 1 and np.any(ordered[1:] == ordered[:-1]):
        return np.lexsort(columns.T[::-1])
    return order


class NumpyDigestSearcher:
    """Searches one segment of digests."""

    def __init__(self, arrays: DigestArrays) -> None:
        # NumPy compares fixed-width byte strings as padded with zeros, which is exact as all have one width.
        self._text = np.dtype(f"S{arrays.width}")
        self._values = arrays.values.view(self._text)
        self._arrays = arrays

    def search(self, queries: Bytes, first_row: int) -> EqualHits | None:
        """Search; see `DigestSearcher`."""
        wanted = np.frombuffer(queries.tobytes(), self._text)
        pairs = np.frombuffer(queries.tobytes(), np.uint8).reshape(-1, self._arrays.width)[:, :2].astype(np.intp)
        prefixes = pairs[:, 0] << 8 | pairs[:, 1]
        begin, end = (self._arrays.prefix[prefixes + step].astype(np.int64) for step in (0, 1))
        if np.any(begin > end) or np.any(end > len(self._values)):
            raise IndexCorrupt
        low = self._bound(wanted, begin, end, after_equal=False)
        high = self._bound(wanted, low, end, after_equal=True)
        counts = high - low
        if not counts.any():
            return None
        query = np.repeat(np.arange(len(wanted)), counts)
        inside = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
        row = self._rows(np.repeat(low, counts) + inside)
        kept = row >= first_row
        return (query[kept], row[kept].astype(np.uint64)) if kept.any() else None

    def _bound(
        self, wanted: NDArray[np.bytes_], low: NDArray[np.int64], high: NDArray[np.int64], *, after_equal: bool
    ) -> NDArray[np.int64]:
        low, high = low.copy(), high.copy()
        while len(open_ := np.flatnonzero(low < high)):
            middle = (low[open_] + high[open_]) // 2
            value = self._values[self._rows(middle)]
            go_up = value <= wanted[open_] if after_equal else value < wanted[open_]
            low[open_[go_up]] = middle[go_up] + 1
            high[open_[~go_up]] = middle[~go_up]
        return low

    def _rows(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        rows = self._arrays.order[positions].astype(np.int64)
        if np.any(rows >= len(self._values)):
            raise IndexCorrupt
        return rows
