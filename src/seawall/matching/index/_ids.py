"""Entry ids of a segment: consecutive, or listed as distances from the first. Always ascending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seawall.errors import IndexCorrupt, UsageError
from seawall.matching.index._format import Image

Ids = NDArray[np.uint64]

MAX_ID = 2**63 - 1
"""Highest entry id: ids stay whole numbers in every database and in JSON readers of 64 bits."""


@dataclass(frozen=True, slots=True)
class IdSpan:
    """Ascending ids.

    Attributes:
        first: Lowest id.
        last: Highest id.
        count: Number of ids.
        offsets: Ids minus `first`, uint32 or uint64; None if they are consecutive.
    """

    first: int
    last: int
    count: int
    offsets: NDArray[Any] | None = None

    @classmethod
    def of(cls, ids: Ids) -> IdSpan:
        """Describe ascending ids, at least one."""
        first, last = int(ids[0]), int(ids[-1])
        if last - first + 1 == len(ids):
            return cls(first, last, len(ids))
        offsets = ids - np.uint64(first)
        return cls(first, last, len(ids), offsets.astype(np.uint32) if last - first < 2**32 else offsets)

    @classmethod
    def run(cls, first: int, count: int) -> IdSpan:
        """Describe `count` >= 1 consecutive ids."""
        return cls(first, first + count - 1, count)

    @classmethod
    def read(cls, image: Image, name: str) -> IdSpan:
        """Take the ids of a segment.

        Raises:
            IndexCorrupt: If their number is not that of the entries.
        """
        facts = image.facts
        offsets = image.arrays.get("ids")
        consecutive = facts.last_id - facts.first_id + 1 == facts.entries
        if (offsets is None) != consecutive or (offsets is not None and len(offsets) != facts.entries):
            raise IndexCorrupt(f"the ids of {name} are damaged")
        return cls(facts.first_id, facts.last_id, facts.entries, offsets)

    def at(self, rows: Ids) -> Ids:
        """Return the ids of rows (any integer type); rows that do not exist are not asked for."""
        numbers = rows if self.offsets is None else self.offsets[rows].astype(np.uint64)
        return numbers + np.uint64(self.first) if self.first else numbers

    def all(self) -> Ids:
        """Return all ids."""
        if self.offsets is None:
            return np.arange(self.first, self.first + self.count, dtype=np.uint64)
        return self.offsets.astype(np.uint64) + np.uint64(self.first)

    def rows(self, ids: Ids) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return which of `ids` are here (positions in `ids`), and in which rows."""
        inside = np.flatnonzero((ids >= np.uint64(self.first)) & (ids <= np.uint64(self.last)))
        offsets = ids[inside] - np.uint64(self.first)
        if self.offsets is None:
            return inside, offsets.astype(np.intp)
        rows = np.searchsorted(self.offsets, offsets.astype(self.offsets.dtype))
        rows = np.minimum(rows, self.count - 1)
        here = self.offsets[rows] == offsets
        return inside[here], rows[here]

    def start(self, min_entry: int) -> int:
        """Return the first row whose id is at least `min_entry`."""
        if min_entry <= self.first:
            return 0
        if min_entry > self.last:
            return self.count
        if self.offsets is None:
            return min_entry - self.first
        return int(np.searchsorted(self.offsets, np.asarray(min_entry - self.first, self.offsets.dtype)))


def run_starts(ordered: NDArray[Any]) -> NDArray[np.intp]:
    """Return where each run of equal numbers begins."""
    # np.unique would import numpy.ma, a tenth of a second, for this.
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return np.concatenate([np.zeros(min(len(ordered), 1), np.intp), changes])


def given_ids(ids: ArrayLike, count: int, next_id: int) -> Ids:
    """Check ids that a caller chose for `count` new entries.

    Raises:
        UsageError: If they are not `count` different whole numbers from `next_id` on.
    """
    found = np.asarray(ids)
    if found.ndim != 1 or len(found) != count:
        raise UsageError(f"{count} values need as many ids, not an array of shape {found.shape}")
    if found.dtype.kind not in "iu" and count:
        raise UsageError(f"ids are whole numbers, not {found.dtype}")
    if count and not next_id <= int(found.min()) <= int(found.max()) <= MAX_ID:
        raise UsageError(f"new ids must lie between {next_id}, the first that was never used, and 2^63 - 1")
    found = found.astype(np.uint64)
    if len(run_starts(np.sort(found))) < count:
        raise UsageError("an id is given twice")
    return found


def asked_ids(ids: ArrayLike) -> Ids:
    """Return ids that a caller asks about, in their order.

    Raises:
        UsageError: If they are not a list of whole numbers, or one of them is negative.
    """
    found = np.atleast_1d(np.asarray(ids))
    if found.size == 0:
        return np.empty(0, np.uint64)
    if found.ndim != 1 or found.dtype.kind not in "iu" or (found.dtype.kind == "i" and int(found.min()) < 0):
        raise UsageError("entry ids are a list of whole numbers from 0 on")
    return found.astype(np.uint64)
