"""What a kernel of the indexes does, compiled or not, and the arrays that it works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

CODE_BYTES = 32
TABLES = 16
STARTS = 65537
"""Starts of the buckets of a table: one for each value of 16 bits, and the end."""

Bytes: TypeAlias = NDArray[np.uint8]
Hits: TypeAlias = tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int32]]
EqualHits: TypeAlias = tuple[NDArray[np.int64], NDArray[np.uint64]]


@dataclass(frozen=True, slots=True)
class HammingArrays:
    """The arrays of a segment of codes; the file format's names. Without tables every code is compared.

    Attributes:
        codes: uint8, all codes, row by row.
        off: uint32, 16 x 65,537 starts of buckets.
        rows: uint32, 16 x distinct codes, by chunk.
        partner: uint16, the other chunk of the pair of each.
        heads: uint32, rows whose code occurs again, ascending.
        copy_starts: uint32, for each head where its later rows begin in `copies`, and the end.
        copies: uint32, later rows.
    """

    codes: Bytes
    off: NDArray[np.uint32] | None = None
    rows: NDArray[np.uint32] | None = None
    partner: NDArray[np.uint16] | None = None
    heads: NDArray[np.uint32] | None = None
    copy_starts: NDArray[np.uint32] | None = None
    copies: NDArray[np.uint32] | None = None


@dataclass(frozen=True, slots=True)
class DigestArrays:
    """The arrays of a segment of digests.

    Attributes:
        values: uint8, all digests, row by row.
        width: Bytes in a digest.
        prefix: uint32, 65,537 starts by the first two bytes, big-endian.
        keys: uint32, the next bytes (up to four, big-endian, zero-padded) of each, in order.
        order: uint32, rows in order of their digests.
    """

    values: Bytes
    width: int
    prefix: NDArray[np.uint32]
    keys: NDArray[np.uint32]
    order: NDArray[np.uint32]


class HammingSearcher(Protocol):
    """Searches one segment of codes."""

    def search(self, queries: Bytes, radius: int, first_row: int) -> Hits | None:
        """Return (query, row, distance) from `first_row` on, by query, then row; None if there are none.

        Args:
            queries: uint8, contiguous; 32 bytes each.
            radius: 0..63 bits.
            first_row: First row that may be reported.

        Raises:
            IndexCorrupt: If the tables are found damaged.
        """


class DigestSearcher(Protocol):
    """Searches one segment of digests."""

    def search(self, queries: Bytes, first_row: int) -> EqualHits | None:
        """Return (query, row) from `first_row` on, by query, then row; None if there are none.

        Raises:
            IndexCorrupt: If the tables are found damaged.
        """


class Kernel(Protocol):
    """One implementation of building and searching segments."""

    @property
    def name(self) -> str:
        """Its name, as `kernel_name` reports it."""

    def duplicates(self, codes: Bytes) -> NDArray[np.uint64]:
        """Return row << 32 | first row with that code, for each row whose code occurs before, ascending."""

    def hamming_tables(self, codes: Bytes, skip: Bytes | None, arrays: HammingArrays) -> None:
        """Fill off, rows and partner with the rows that the bitmap `skip` (bit i % 8 of byte i / 8) leaves out."""

    def digest_tables(self, arrays: DigestArrays) -> None:
        """Fill prefix, keys and order."""

    def hamming(self, arrays: HammingArrays) -> HammingSearcher:
        """Return what searches a segment of codes whose arrays have consistent sizes."""

    def digests(self, arrays: DigestArrays) -> DigestSearcher:
        """Return what searches a segment of digests whose arrays have consistent sizes."""
