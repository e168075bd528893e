"""The compiled kernel behind the `Kernel` protocol. It releases the GIL while it works."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt
from seawall.matching.index import _kernel
from seawall.matching.index._contract import (
    Bytes,
    DigestArrays,
    DigestSearcher,
    EqualHits,
    HammingArrays,
    HammingSearcher,
    Hits,
)


class CKernel:
    """One compiled variant."""

    def __init__(self, variant: str) -> None:
        self._variant = variant

    @property
    def name(self) -> str:
        """Its name, as `kernel_name` reports it."""
        return f"c/{self._variant}"

    def duplicates(self, codes: Bytes) -> NDArray[np.uint64]:
        """List codes that occur before; see `Kernel.duplicates`."""
        return np.frombuffer(_kernel.duplicates(codes, secrets.randbits(64)), np.uint64)

    def hamming_tables(self, codes: Bytes, skip: Bytes | None, arrays: HammingArrays) -> None:
        """Fill the tables; see `Kernel.hamming_tables`."""
        _kernel.hamming_tables(codes, skip, *map(_present, (arrays.off, arrays.rows, arrays.partner)))

    def digest_tables(self, arrays: DigestArrays) -> None:
        """Fill the tables; see `Kernel.digest_tables`."""
        _kernel.digest_tables(arrays.values, arrays.width, arrays.prefix, arrays.keys, arrays.order)

    def hamming(self, arrays: HammingArrays) -> HammingSearcher:
        """Return what searches a segment of codes."""
        return _CodeSearcher(self._variant, arrays)

    def digests(self, arrays: DigestArrays) -> DigestSearcher:
        """Return what searches a segment of digests."""
        return _DigestSearcher(arrays)


class _CodeSearcher:
    __slots__ = ("_search",)

    def __init__(self, variant: str, arrays: HammingArrays) -> None:
        self._search = _kernel.HammingTables(
            variant,
            arrays.codes,
            arrays.off,
            arrays.rows,
            arrays.partner,
            arrays.heads,
            arrays.copy_starts,
            arrays.copies,
        ).search

    def search(self, queries: Bytes, radius: int, first_row: int) -> Hits | None:
        """Search; see `HammingSearcher`."""
        try:
            found = self._search(queries, radius, first_row)
        except LookupError as problem:
            raise IndexCorrupt from problem
        if found is None:
            return None
        return np.frombuffer(found[0], np.int64), np.frombuffer(found[1], np.uint64), np.frombuffer(found[2], np.int32)


class _DigestSearcher:
    __slots__ = ("_arrays",)

    def __init__(self, arrays: DigestArrays) -> None:
        self._arrays = (arrays.values, arrays.width, arrays.prefix, arrays.keys, arrays.order)

    def search(self, queries: Bytes, first_row: int) -> EqualHits | None:
        """Search; see `DigestSearcher`."""
        try:
            found = _kernel.digest_search(*self._arrays, queries, first_row)
        except LookupError as problem:
            raise IndexCorrupt from problem
        return None if found is None else (np.frombuffer(found[0], np.int64), np.frombuffer(found[1], np.uint64))


def _present(array: NDArray[Any] | None) -> NDArray[Any]:
    if array is None:
        raise ValueError("tables without room to be filled")
    return array
