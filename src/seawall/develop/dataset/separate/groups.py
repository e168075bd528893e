"""Near-duplicate groups: items that show the same thing share one partition.

Two items are one group if their bytes are equal, if any frame of one is within a radius of any frame of the other in
any of the eight orientations, or if they are members of one sample of a sharded archive; and so on through third items.
Turned hashes wait in an unnamed file, not in memory.
"""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from pathlib import Path
from typing import IO, Self

import numpy as np
import numpy.typing as npt

from seawall.develop.dataset.scan.rows import Row
from seawall.hashing.examined import LOW_QUALITY
from seawall.matching.index import HammingIndex

_FRAMES = 1 << 13
"""Frames that are searched for at a time."""

_CODE = 32
_DIHEDRAL = 8 * _CODE
_NAME = 16


class Grouping:
    """Gathers items, then says which belong together. Items are numbered as they come, from 0. A context manager.

    Args:
        radius: PDQ distance up to which two frames show the same thing.
        folder: Where the unnamed file is; None for the system's place for such files.
    """

    def __init__(self, radius: int, folder: Path | None = None) -> None:
        self._radius = radius
        self._dihedral: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by `__exit__`
        self._owners = array("q")
        self._parents = array("q")
        self._names = bytearray()
        self._named = array("q")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._dihedral.close()

    def add(self, row: Row, sample: str | None) -> None:
        """Take the next item in.

        Args:
            row: Its hashes.
            sample: Name of the sample that it is a part of, unique over the dataset; None if it stands alone.
        """
        number = len(self._parents)
        self._parents.append(number)
        if (sha256 := row.examined.digests.get("sha256")) is not None:
            self._name(number, sha256)
        if sample is not None:
            self._name(number, hashlib.sha256(b"sample " + sample.encode()).digest())
        for frame in row.examined.frames:
            if frame.quality >= LOW_QUALITY:
                self._dihedral.write(frame.dihedral)
                self._owners.append(number)

    def add_lost(self, items: int) -> None:
        """Take in items of which nothing is known; each is a group of its own."""
        self._parents.extend(range(len(self._parents), len(self._parents) + items))

    def groups(self) -> npt.NDArray[np.int64]:
        """Return, for each item, the number of the first item of its group."""
        self._unite_equal(np.frombuffer(self._names, f"S{_NAME}"), np.frombuffer(self._named, np.int64))
        self._unite_near()
        return np.fromiter(map(self._root, range(len(self._parents))), np.int64, len(self._parents))

    def _name(self, number: int, digest: bytes) -> None:
        self._names += digest[:_NAME]
        self._named.append(number)

    def _unite_near(self) -> None:
        if not self._owners:
            return
        self._dihedral.flush()
        turned = np.memmap(self._dihedral, np.uint8, "r").reshape(-1, _DIHEDRAL // _CODE, _CODE)
        owners = np.frombuffer(self._owners, np.int64)
        codes = np.ascontiguousarray(turned[:, 0])
        plain = codes.view(f"S{_CODE}").reshape(-1)
        self._unite_equal(plain, owners)
        # Frames with equal codes are united by now: each code is searched for, and found, once.
        kept = np.unique(plain, return_index=True)[1]
        index = HammingIndex.build(codes[kept])
        owners = owners[kept]
        for start in range(0, len(kept), _FRAMES):
            queries = turned[kept[start : start + _FRAMES]].reshape(-1, _CODE)
            query, entry, _ = index.search(queries, self._radius)
            pairs = np.stack([owners[start + query // turned.shape[1]], owners[entry.astype(np.int64)]], axis=1)
            for left, right in np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).tolist():
                self._unite(left, right)

    def _unite_equal(self, values: npt.NDArray[np.bytes_], owners: npt.NDArray[np.int64]) -> None:
        order = np.argsort(values, kind="stable")
        same = np.flatnonzero(values[order[1:]] == values[order[:-1]])
        for left, right in zip(owners[order[same]].tolist(), owners[order[same + 1]].tolist(), strict=True):
            self._unite(left, right)

    def _root(self, number: int) -> int:
        parents = self._parents
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    def _unite(self, left: int, right: int) -> None:
        """The smaller number is the root, so that a group is named by its first item."""
        low, high = sorted((self._root(left), self._root(right)))
        self._parents[high] = low
