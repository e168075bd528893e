"""A file of values that are compared one by one, for signal types whose distance no index understands.

Search time is proportional to the number of values, and the whole file is written at each change: meant for up to about
a million values. Values may vary in length.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt
from seawall.hashing.signal import SignalType
from seawall.matching.lists.storage import private_directory, replace_file, sync_directory

_FILE = "values.bin"
_MAGIC = b"SWFLAT01"
_HEADER = struct.Struct("<8sQQQI")


class FlatTable:
    """Values of one signal type with their entry ids, ascending."""

    def __init__(self, ids: NDArray[np.uint64] | None = None, values: Iterable[bytes] = (), next_id: int = 0) -> None:
        self._ids = np.empty(0, np.uint64) if ids is None else ids
        self._values = list(values)
        self._next_id = next_id

    def __len__(self) -> int:
        return len(self._values)

    @property
    def next_id(self) -> int:
        """Lowest id that has never been used."""
        return self._next_id

    def add(self, values: Sequence[bytes], ids: NDArray[np.uint64]) -> None:
        """Add values under ids that ascend from `next_id`."""
        if len(ids) == 0:
            return
        self._ids = np.concatenate([self._ids, ids])
        self._values.extend(values)
        self._next_id = int(ids[-1]) + 1

    def remove(self, ids: NDArray[np.uint64]) -> None:
        """Remove entries; ids that are not here are ignored."""
        keep = ~np.isin(self._ids, ids)
        self._values = [value for value, kept in zip(self._values, keep.tolist(), strict=True) if kept]
        self._ids = self._ids[keep]

    def entries(self) -> NDArray[np.uint64]:
        """Return the ids of all entries, ascending."""
        return self._ids.copy()

    def values(self) -> list[bytes]:
        """Return the values of all entries, in the order of `entries`."""
        return list(self._values)

    def find(self, queries: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Return (query, entry) of all entries that are equal to a query."""
        wanted: dict[bytes, list[int]] = {}
        for number, query in enumerate(queries):
            wanted.setdefault(query, []).append(number)
        items = zip(self._ids.tolist(), self._values, strict=True)
        hits = [(query, entry) for entry, value in items for query in wanted.get(value, ())]
        return (
            np.array([query for query, _ in hits], np.int64),
            np.array([entry for _, entry in hits], np.uint64),
        )

    def search(
        self, queries: Sequence[bytes], signal_type: SignalType, *, min_entry: int = 0
    ) -> list[tuple[int, int, float]]:
        """Return (query, entry, distance) of all entries within the type's own threshold, compared one by one."""
        start = int(np.searchsorted(self._ids, np.uint64(min_entry)))
        candidates = list(zip(self._ids[start:].tolist(), self._values[start:], strict=True))
        found = []
        for number, query in enumerate(queries):
            for entry, value in candidates:
                distance = signal_type.distance(query, value)
                if distance <= signal_type.threshold:
                    found.append((number, entry, float(distance)))
        return found

    def save(self, folder: Path) -> None:
        """Write the table, replacing what was there at once."""
        private_directory(folder)
        offsets = np.cumsum([0, *(len(value) for value in self._values)], dtype=np.uint64)
        body = self._ids.astype("<u8").tobytes() + offsets.astype("<u8").tobytes() + b"".join(self._values)
        header = _HEADER.pack(_MAGIC, len(self._values), self._next_id, len(body), zlib.crc32(body))
        replace_file(folder / _FILE, header + body)
        sync_directory(folder)

    @classmethod
    def open(cls, folder: Path) -> FlatTable:
        """Read a table.

        Raises:
            IndexCorrupt: If it is damaged.
        """
        damaged = f"{folder.parent.parent.name}/{folder.name} is damaged"
        try:
            data = (folder / _FILE).read_bytes()
            magic, count, next_id, length, checksum = _HEADER.unpack_from(data)
        except (OSError, struct.error) as problem:
            raise IndexCorrupt(damaged) from problem
        body = memoryview(data)[_HEADER.size :]
        if magic != _MAGIC or len(body) != length or zlib.crc32(body) != checksum or length < 16 * count + 8:
            raise IndexCorrupt(damaged)
        ids = np.frombuffer(body, "<u8", count).astype(np.uint64)
        offsets = np.frombuffer(body, "<u8", count + 1, 8 * count).tolist()
        blob = bytes(body[16 * count + 8 :])
        return cls(ids, (blob[start:end] for start, end in itertools.pairwise(offsets)), next_id)
