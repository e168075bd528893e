"""One face for the three stores of values: the Hamming index, the digest table and the flat file.

The signal type decides which holds its values, and nothing above this module needs to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt, UsageError
from seawall.hashing.signal import Comparison, SignalType
from seawall.matching.index import DigestTable, HammingIndex
from seawall.matching.index.digests import MAX_WIDTH, MIN_WIDTH
from seawall.matching.lists.flat import FlatTable

Ids = NDArray[np.uint64]
Hits = tuple[NDArray[np.int64], Ids, NDArray[np.float64]]

CODE_BYTES = 32
"""Width of the values that the Hamming index holds."""

_DIGEST_WIDTHS = range(MIN_WIDTH, MAX_WIDTH + 1)


class Table(Protocol):
    """Values of one signal type under entry ids."""

    def __len__(self) -> int: ...
    @property
    def next_id(self) -> int:
        """Lowest id that has never been used here."""

    def add(self, values: NDArray[Any], ids: Ids) -> None:
        """Add values under ascending ids, none below `next_id`."""

    def remove(self, ids: Ids) -> None:
        """Remove entries; ids that are not here are ignored."""

    def find(self, values: NDArray[Any]) -> tuple[NDArray[np.int64], Ids]:
        """Return (query, entry) of all entries that equal a query."""

    def search(self, values: NDArray[Any], max_distance: int | None, min_entry: int) -> Hits:
        """Return (query, entry, distance) of all entries from `min_entry` on within the distance."""

    def entries(self) -> Ids:
        """Return the ids of all entries."""

    def values(self) -> tuple[Ids, list[bytes]]:
        """Return ids and values of all entries."""

    def save(self, folder: Path) -> None:
        """Write the table, replacing what was there at once."""

    def verify(self) -> None:
        """Read everything; raises IndexCorrupt if it is damaged."""


class DigestStore:
    """Exact digests of one width."""

    def __init__(self, table: DigestTable, width: int) -> None:
        self._table = table
        self._width = width

    @classmethod
    def new(cls, width: int) -> DigestStore:
        """Return an empty table of digests of `width` bytes."""
        return cls(DigestTable(width), width)

    @classmethod
    def open(cls, width: int, folder: Path) -> DigestStore:
        """Map a saved table; raises IndexCorrupt if it is damaged or of another width."""
        table = DigestTable.open(folder)
        if table.width != width:
            raise IndexCorrupt(f"{folder.parent.parent.name}/{folder.name} holds values of another length")
        return cls(table, width)

    def __len__(self) -> int:
        return len(self._table)

    @property
    def next_id(self) -> int:
        """Lowest id that has never been used here."""
        return self._table.next_id

    def add(self, values: NDArray[Any], ids: Ids) -> None:
        """Add digests under ascending ids."""
        self._table.add(values, ids)

    def remove(self, ids: Ids) -> None:
        """Remove entries."""
        self._table.remove(ids)

    def find(self, values: NDArray[Any]) -> tuple[NDArray[np.int64], Ids]:
        """Return (query, entry) of equal entries."""
        rows, entries = self._table.search(_of_width(values, self._width))
        return rows.astype(np.int64), entries

    def search(self, values: NDArray[Any], max_distance: int | None, min_entry: int) -> Hits:
        """Return (query, entry, 0) of equal entries; digests have no other distance."""
        rows, entries = self._table.search(_of_width(values, self._width), min_entry=min_entry)
        return rows.astype(np.int64), entries, np.zeros(len(rows))

    def entries(self) -> Ids:
        """Return the ids of all entries."""
        return self._table.entries()[0]

    def values(self) -> tuple[Ids, list[bytes]]:
        """Return ids and values of all entries."""
        ids, values = self._table.entries()
        return ids, [value.tobytes() for value in values]

    def save(self, folder: Path) -> None:
        """Write the table."""
        self._table.save(folder)

    def verify(self) -> None:
        """Read everything."""
        self._table.verify()


class CodeStore:
    """256-bit codes compared by Hamming distance."""

    def __init__(self, index: HammingIndex, signal_type: SignalType) -> None:
        self._index = index
        self._threshold = int(signal_type.threshold)

    def __len__(self) -> int:
        return len(self._index)

    @property
    def next_id(self) -> int:
        """Lowest id that has never been used here."""
        return self._index.next_id

    def add(self, values: NDArray[Any], ids: Ids) -> None:
        """Add codes under ascending ids."""
        self._index.add(values, ids)

    def remove(self, ids: Ids) -> None:
        """Remove entries."""
        self._index.remove(ids)

    def find(self, values: NDArray[Any]) -> tuple[NDArray[np.int64], Ids]:
        """Return (query, entry) of equal entries."""
        rows, entries, _ = self._index.search(_of_width(values, CODE_BYTES), 0)
        return rows.astype(np.int64), entries

    def search(self, values: NDArray[Any], max_distance: int | None, min_entry: int) -> Hits:
        """Return (query, entry, distance in bits)."""
        radius = self._threshold if max_distance is None else max_distance
        rows, entries, distances = self._index.search(_of_width(values, CODE_BYTES), radius, min_entry=min_entry)
        return rows.astype(np.int64), entries, distances.astype(np.float64)

    def entries(self) -> Ids:
        """Return the ids of all entries."""
        return self._index.entries()[0]

    def values(self) -> tuple[Ids, list[bytes]]:
        """Return ids and values of all entries."""
        ids, values = self._index.entries()
        return ids, [value.tobytes() for value in values]

    def save(self, folder: Path) -> None:
        """Write the index."""
        self._index.save(folder)

    def verify(self) -> None:
        """Read everything."""
        self._index.verify()


class FlatStore:
    """Values of any length, compared one by one by the signal type's own distance."""

    def __init__(self, table: FlatTable, signal_type: SignalType) -> None:
        self._table = table
        self._type = signal_type

    def __len__(self) -> int:
        return len(self._table)

    @property
    def next_id(self) -> int:
        """Lowest id that has never been used here."""
        return self._table.next_id

    def add(self, values: NDArray[Any], ids: Ids) -> None:
        """Add values under ascending ids."""
        self._table.add(self._each(values), ids)

    def remove(self, ids: Ids) -> None:
        """Remove entries."""
        self._table.remove(ids)

    def find(self, values: NDArray[Any]) -> tuple[NDArray[np.int64], Ids]:
        """Return (query, entry) of equal entries."""
        return self._table.find(self._each(values))

    def search(self, values: NDArray[Any], max_distance: int | None, min_entry: int) -> Hits:
        """Return (query, entry, distance) within the type's own threshold."""
        hits = self._table.search(self._each(values), self._type, min_entry=min_entry)
        return (
            np.array([row for row, _, _ in hits], np.int64),
            np.array([entry for _, entry, _ in hits], np.uint64),
            np.array([distance for _, _, distance in hits], np.float64),
        )

    def entries(self) -> Ids:
        """Return the ids of all entries."""
        return self._table.entries()

    def values(self) -> tuple[Ids, list[bytes]]:
        """Return ids and values of all entries."""
        return self._table.entries(), self._table.values()

    def save(self, folder: Path) -> None:
        """Write the table."""
        self._table.save(folder)

    def verify(self) -> None:
        """Nothing to do: the whole file was read and checked when it was opened."""

    def _each(self, values: NDArray[Any]) -> list[bytes]:
        if values.dtype == object:
            found: list[bytes] = values.tolist()
        else:
            found = [row.tobytes() for row in values]
        if self._type.width is not None and any(len(value) != self._type.width for value in found):
            raise UsageError(f"a {self._type.name} value has {self._type.width} bytes")
        return found


def new_table(signal_type: SignalType) -> Table:
    """Return an empty table for values of a type."""
    if _is_code(signal_type):
        return CodeStore(HammingIndex(), signal_type)
    if (width := _digest_width(signal_type)) is not None:
        return DigestStore.new(width)
    return FlatStore(FlatTable(), signal_type)


def open_table(signal_type: SignalType, folder: Path) -> Table:
    """Open the saved table of values of a type.

    Raises:
        IndexCorrupt: If it is damaged or missing.
    """
    if _is_code(signal_type):
        return CodeStore(HammingIndex.open(folder), signal_type)
    if (width := _digest_width(signal_type)) is not None:
        return DigestStore.open(width, folder)
    return FlatStore(FlatTable.open(folder), signal_type)


def _is_code(signal_type: SignalType) -> bool:
    return signal_type.comparison is Comparison.HAMMING and signal_type.width == CODE_BYTES


def _digest_width(signal_type: SignalType) -> int | None:
    exact = signal_type.comparison is Comparison.EXACT and signal_type.width in _DIGEST_WIDTHS
    return signal_type.width if exact else None


def as_values(values: Sequence[bytes]) -> NDArray[Any]:
    """Return values as a uint8 array (n, bytes), or as an object array if their lengths differ."""
    widths = {len(value) for value in values}
    if len(widths) == 1 and (width := widths.pop()):
        return np.frombuffer(b"".join(values), np.uint8).reshape(-1, width)
    found = np.empty(len(values), object)
    found[:] = list(values)
    return found


def _of_width(values: NDArray[Any], width: int) -> NDArray[np.uint8]:
    if values.ndim != 2 or values.shape[1] != width:
        raise UsageError(f"a value of this signal type has {width} bytes")
    return values
