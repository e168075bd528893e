"""Near-duplicate groups: items that show the same thing share one partition.

Two items are one group if their bytes are equal, if any frame of one is within a radius of any frame of the other in
any of the eight orientations, or if they are members of one sample of a sharded archive; and so on through third items.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from seawall.develop.dataset.scan.rows import Row
from seawall.hashing.examined import LOW_QUALITY
from seawall.matching.index import HammingIndex

_QUERIES = 1 << 16
_CODE = 32


@dataclass(slots=True)
class Grouping:
    """Gathers items, then says which belong together. Items are numbered as they come, from 0."""

    radius: int
    _dihedral: list[bytes] = field(default_factory=list)
    _owners: list[int] = field(default_factory=list)
    _parents: list[int] = field(default_factory=list)
    _first_with: dict[bytes, int] = field(default_factory=dict)

    def add(self, row: Row, sample: str | None) -> None:
        """Take the next item in.

        Args:
            row: Its hashes.
            sample: Name of the sample that it is a part of, unique over the dataset; None if it stands alone.
        """
        number = len(self._parents)
        self._parents.append(number)
        if (sha256 := row.examined.digests.get("sha256")) is not None:
            self._unite(number, self._first_with.setdefault(sha256, number))
        if sample is not None:
            self._unite(number, self._first_with.setdefault(b"sample " + sample.encode(), number))
        for frame in row.examined.frames:
            if frame.quality >= LOW_QUALITY:
                self._dihedral.append(frame.dihedral)
                self._owners.append(number)

    def add_lost(self, items: int) -> None:
        """Take in items of which nothing is known; each is a group of its own."""
        for _ in range(items):
            self._parents.append(len(self._parents))

    def groups(self) -> npt.NDArray[np.int64]:
        """Return, for each item, the number of the first item of its group."""
        self._unite_near()
        return np.array([self._root(number) for number in range(len(self._parents))], np.int64)

    def _unite_near(self) -> None:
        if not self._dihedral:
            return
        turned = np.frombuffer(b"".join(self._dihedral), np.uint8).reshape(len(self._dihedral), -1, _CODE)
        owners = np.array(self._owners, np.int64)
        codes, place = np.unique(turned[:, 0], axis=0, return_inverse=True)
        place = place.reshape(-1)
        # Frames with equal codes are united here, so that the search below sees each code once.
        first = np.full(len(codes), -1, np.int64)
        for owner, code in zip(owners.tolist(), place.tolist(), strict=True):
            if first[code] < 0:
                first[code] = owner
            else:
                self._unite(owner, int(first[code]))
        index = HammingIndex.build(codes)
        _, kept = np.unique(place, return_index=True)
        queries = turned[kept].reshape(-1, _CODE)
        of_query = np.repeat(owners[kept], turned.shape[1])
        for start in range(0, len(queries), _QUERIES):
            query, entry, _ = index.search(queries[start : start + _QUERIES], self.radius)
            pairs = np.stack([of_query[start + query], first[entry.astype(np.int64)]], axis=1)
            for left, right in np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).tolist():
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
