"""The twin of the compiled kernel in NumPy: the same tables byte for byte, the same results, slower.

Memory is bounded whatever the data: work is cut into pieces of a few million candidates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt
from seawall.matching.index._contract import (
    CODE_BYTES,
    STARTS,
    TABLES,
    Bytes,
    DigestArrays,
    DigestSearcher,
    HammingArrays,
    HammingSearcher,
    Hits,
)
from seawall.matching.index._numpy_digests import NumpyDigestSearcher, ascending_digests

_PIECE = 1 << 20
_PAIRS = TABLES // 2

Numbers = NDArray[np.int64]


class NumpyKernel:
    """Builds and searches with NumPy alone."""

    @property
    def name(self) -> str:
        """Its name, as `kernel_name` reports it."""
        return "numpy"

    def duplicates(self, codes: Bytes) -> NDArray[np.uint64]:
        """List codes that occur before; see `Kernel.duplicates`."""
        rows = codes.reshape(-1, CODE_BYTES)
        order = ascending_digests(rows)
        new = np.ones(len(rows), np.bool_)
        for start in range(0, len(rows), _PIECE):
            here = order[start : start + _PIECE + 1]
            new[start + 1 : start + len(here)] = np.any(rows[here[1:]] != rows[here[:-1]], axis=1)
        # Equal codes are in order of row, so the first of each run is the one that has the code first.
        heads = order[np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))]
        later = np.flatnonzero(~new)
        return np.sort(order[later].astype(np.uint64) << np.uint64(32) | heads[later].astype(np.uint64))

    def hamming_tables(self, codes: Bytes, skip: Bytes | None, arrays: HammingArrays) -> None:
        """Fill the tables; see `Kernel.hamming_tables`."""
        off, rows, partner = arrays.off, arrays.rows, arrays.partner
        if off is None or rows is None or partner is None:
            raise ValueError("tables without room to be filled")
        chunks = codes.view("<u2").reshape(-1, TABLES)
        kept = np.arange(len(chunks), dtype=np.uint32)
        if skip is not None:
            kept = kept[np.unpackbits(skip, count=len(chunks), bitorder="little") == 0]
        off_of, rows_of, partner_of = off.reshape(TABLES, STARTS), rows.reshape(TABLES, -1), partner.reshape(TABLES, -1)
        for table in range(TABLES):
            here = chunks[kept, table]
            order = np.argsort(here, kind="stable")
            rows_of[table] = kept[order]
            partner_of[table] = chunks[rows_of[table], table ^ 1]
            off_of[table, 0] = 0
            np.cumsum(np.bincount(here, minlength=STARTS - 1), out=off_of[table, 1:], dtype=np.uint32)

    def digest_tables(self, arrays: DigestArrays) -> None:
        """Fill the tables; see `Kernel.digest_tables`."""
        values = arrays.values.reshape(-1, arrays.width)
        arrays.order[:] = ascending_digests(values)
        prefixes = np.bincount(values[:, 0].astype(np.intp) << 8 | values[:, 1], minlength=STARTS - 1)
        arrays.prefix[0] = 0
        np.cumsum(prefixes, out=arrays.prefix[1:], dtype=np.uint32)
        keys = np.zeros((len(values), 4), np.uint8)
        keys[:, : min(arrays.width, 6) - 2] = values[:, 2:6]
        arrays.keys[:] = keys.view(">u4").ravel()[arrays.order]

    def hamming(self, arrays: HammingArrays) -> HammingSearcher:
        """Return what searches a segment of codes."""
        return _CodeSearcher(arrays)

    def digests(self, arrays: DigestArrays) -> DigestSearcher:
        """Return what searches a segment of digests."""
        return NumpyDigestSearcher(arrays)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a radius needs: how far each pair may differ, and for each table the changes of a chunk to probe."""

    limits: Numbers
    masks: tuple[NDArray[np.uint16], ...]

    @property
    def probes(self) -> int:
        return sum(len(masks) for masks in self.masks)


@lru_cache(maxsize=64)
def _plan(radius: int) -> _Plan:
    """Codes within `radius` have some pair within its limit, as the limits + 1 sum to radius + 1.

    A pair within p has its first chunk within p // 2, or else its second within (p - 1) // 2.
    """
    share, larger = radius // _PAIRS, radius % _PAIRS + 1
    limits = np.array([share if pair < larger else share - 1 for pair in range(_PAIRS)], np.int64)
    numbers = np.arange(STARTS - 1, dtype=np.uint16)
    bits = np.bitwise_count(numbers)
    halves = [
        (int(limit) - table % 2) // 2 if limit >= table % 2 else -1 for table, limit in enumerate(limits.repeat(2))
    ]
    return _Plan(limits, tuple(numbers[bits.astype(np.int64) <= half] for half in halves))


class _CodeSearcher:
    def __init__(self, arrays: HammingArrays) -> None:
        self._codes = arrays.codes.view("<u8").reshape(-1, 4)
        self._arrays = arrays

    def search(self, queries: Bytes, radius: int, first_row: int) -> Hits | None:
        """Search; see `HammingSearcher`."""
        wanted = np.frombuffer(queries.tobytes(), "<u8").reshape(-1, 4)
        parts = list(self._in_tables(wanted, radius) if self._arrays.off is not None else self._in_all(wanted, radius))
        query, row, distance = (np.concatenate(column) for column in zip(*parts, strict=True))
        kept = row >= first_row
        if not kept.any():
            return None
        order = np.lexsort((row[kept], query[kept]))
        return query[kept][order], row[kept][order].astype(np.uint64), distance[kept][order]

    def _in_all(self, queries: NDArray[np.uint64], radius: int) -> Iterator[tuple[Numbers, Numbers, NDArray[np.int32]]]:
        yield _nothing()
        for number, query in enumerate(queries):
            for start in range(0, len(self._codes), _PIECE):
                bits = np.bitwise_count(self._codes[start : start + _PIECE] ^ query).sum(axis=1, dtype=np.int32)
                rows = np.flatnonzero(bits <= radius)
                yield np.full(len(rows), number, np.int64), rows + start, bits[rows]

    def _in_tables(
        self, queries: NDArray[np.uint64], radius: int
    ) -> Iterator[tuple[Numbers, Numbers, NDArray[np.int32]]]:
        yield _nothing()
        plan = _plan(radius)
        block = max(1, _PIECE // plan.probes)
        for start in range(0, len(queries), block):
            yield from self._block(plan, queries[start : start + block], start, radius)

    def _block(
        self, plan: _Plan, queries: NDArray[np.uint64], number: int, radius: int
    ) -> Iterator[tuple[Numbers, Numbers, NDArray[np.int32]]]:
        off, rows, partner = self._arrays.off, self._arrays.rows, self._arrays.partner
        if off is None or rows is None or partner is None:
            raise IndexCorrupt
        distinct = len(rows) // TABLES
        chunks = queries.view("<u2").reshape(-1, TABLES)
        begins, ends, tables, limits = [], [], [], []
        for table, masks in enumerate(plan.masks):
            at = chunks[:, table, None].astype(np.int64) ^ masks
            begins.append(off[table * STARTS + at].astype(np.int64))
            ends.append(off[table * STARTS + at + 1].astype(np.int64))
            tables.append(np.full(len(masks), table))
            limits.append(plan.limits[table // 2] - np.bitwise_count(masks))
        begin, end = np.concatenate(begins, axis=1), np.concatenate(ends, axis=1)
        table_of, limit_of = np.concatenate(tables), np.concatenate(limits)
        if np.any(begin > end) or np.any(end > distinct):
            raise IndexCorrupt
        totals = (end - begin).sum(axis=1)
        crowded = totals > distinct // 4 + _PIECE // 16
        for index in np.flatnonzero(crowded).tolist():
            for query, row, distance in self._in_all(queries[index : index + 1], radius):
                yield query + number + index, row, distance
        calm = np.flatnonzero(~crowded)
        pieces = np.cumsum(totals[calm]) // (4 * _PIECE)
        for piece in range(int(pieces[-1]) + 1 if len(pieces) else 0):
            mine = calm[pieces == piece]
            counts = (end - begin)[mine]
            bucket = np.repeat(np.arange(counts.size), counts.ravel())
            inside = np.arange(len(bucket)) - np.repeat(np.cumsum(counts) - counts.ravel(), counts.ravel())
            owner, probe = mine[bucket // counts.shape[1]], bucket % counts.shape[1]
            position = table_of[probe] * distinct + begin[mine].ravel()[bucket] + inside
            differs = np.bitwise_count(partner[position] ^ chunks[owner, table_of[probe] ^ 1])
            kept = differs <= limit_of[probe]
            found = rows[position[kept]].astype(np.int64)
            query, row, distance = self._verified(plan, queries, owner[kept], found, table_of[probe[kept]], radius)
            yield query + number, row, distance

    def _verified(
        self,
        plan: _Plan,
        queries: NDArray[np.uint64],
        owner: NDArray[np.intp],
        rows: Numbers,
        table: Numbers,
        radius: int,
    ) -> tuple[Numbers, Numbers, NDArray[np.int32]]:
        """Keep candidates within the radius, each from the first table that finds it, and add its duplicates."""
        if np.any(rows >= len(self._codes)):
            raise IndexCorrupt
        differing = np.bitwise_count((self._codes[rows] ^ queries[owner]).view("<u2")).reshape(-1, _PAIRS, 2)
        distance = differing.sum(axis=(1, 2), dtype=np.int32)
        pair = np.argmax(differing.sum(axis=2) <= plan.limits, axis=1)
        first_half = differing[np.arange(len(rows)), pair, 0] <= plan.limits[pair] // 2
        kept = np.flatnonzero((distance <= radius) & (table == 2 * pair + ~first_half))
        query, row, distance = owner[kept].astype(np.int64), rows[kept], distance[kept]
        copy_of, copies = self._copies(row)
        return (
            np.concatenate([query, query[copy_of]]),
            np.concatenate([row, copies]),
            np.concatenate([distance, distance[copy_of]]),
        )

    def _copies(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return which of `rows` have duplicates, once for each, and those."""
        heads, starts, copies = self._arrays.heads, self._arrays.copy_starts, self._arrays.copies
        if heads is None or starts is None or copies is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        at = np.minimum(np.searchsorted(heads, rows.astype(np.uint32)), len(heads) - 1)
        which = np.flatnonzero(heads[at] == rows)
        begin, end = starts[at[which]].astype(np.int64), starts[at[which] + 1].astype(np.int64)
        if np.any(begin > end) or np.any(end > len(copies)):
            raise IndexCorrupt
        counts = end - begin
        inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        found = copies[np.repeat(begin, counts) + inside].astype(np.int64)
        if np.any(found >= len(self._codes)):
            raise IndexCorrupt
        return np.repeat(which, counts), found


def _nothing() -> tuple[Numbers, Numbers, NDArray[np.int32]]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32)
