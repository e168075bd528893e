"""One immutable segment: its image, what searches it, and which of its entries were removed.

Removing makes a new segment that shares everything but the bitmap, so a search under way keeps what it saw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from seawall.matching.index._format import FileKind, Image
from seawall.matching.index._ids import Ids, IdSpan

SearcherT = TypeVar("SearcherT")
SearcherT_co = TypeVar("SearcherT_co", covariant=True)
Values = NDArray[np.uint8]


class SegmentKind(Protocol[SearcherT_co]):
    """What makes and reads segments of one kind."""

    @property
    def kind(self) -> FileKind:
        """Kind of the files."""

    @property
    def width(self) -> int:
        """Bytes in a value."""

    def build(self, values: Values, ids: IdSpan) -> Image:
        """Make a segment of values, uint8 (n, width) with n >= 1, under ascending ids."""

    def searcher(self, image: Image, name: str) -> SearcherT_co:
        """Return what searches a segment.

        Raises:
            IndexCorrupt: If its arrays do not have the sizes that they must have.
        """


@dataclass(frozen=True, slots=True)
class SavedAs:
    """The files of a segment in the directory that it was last saved in or opened from.

    Attributes:
        file: Name of its file.
        dead_file: Name of the bitmap of its removed entries; None if it has not been written.
    """

    file: str
    dead_file: str | None = None


@dataclass(frozen=True, slots=True)
class Segment(Generic[SearcherT]):
    """Entries that were added together.

    Attributes:
        image: Their arrays.
        ids: Their ids.
        searcher: What searches them.
        dead: Bitmap of removed entries, bit i % 8 of byte i / 8; None if there are none.
        dead_count: Number of removed entries.
        saved: Where it is saved; None if it is only in memory.
    """

    image: Image
    ids: IdSpan
    searcher: SearcherT
    dead: NDArray[np.uint8] | None = None
    dead_count: int = 0
    saved: SavedAs | None = None

    @property
    def entries(self) -> int:
        """Number of entries, removed ones included."""
        return self.ids.count

    @property
    def live(self) -> int:
        """Number of entries that were not removed."""
        return self.ids.count - self.dead_count

    @property
    def values(self) -> Values:
        """All values, (entries, width)."""
        found: Values = self.image.arrays["values"].reshape(-1, self.image.facts.width)
        return found

    def alive(self, rows: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows were not removed."""
        if self.dead is None:
            return np.ones(len(rows), np.bool_)
        numbers = rows.astype(np.intp)
        bits = self.dead[numbers >> 3] >> (numbers & 7).astype(np.uint8)
        live: NDArray[np.bool_] = (bits & np.uint8(1)) == 0
        return live

    def without(self, rows: NDArray[np.intp]) -> Segment[SearcherT]:
        """Return this segment without some rows, which are different and not removed yet."""
        dead = np.zeros(-(-self.entries // 8), np.uint8) if self.dead is None else self.dead.copy()
        np.bitwise_or.at(dead, rows >> 3, np.left_shift(1, rows & 7).astype(np.uint8))
        saved = None if self.saved is None else SavedAs(self.saved.file)
        return replace(self, dead=dead, dead_count=self.dead_count + len(rows), saved=saved)

    def remaining(self) -> tuple[Ids, Values]:
        """Return ids and values of what was not removed."""
        if self.dead is None:
            return self.ids.all(), self.values
        removed = np.unpackbits(self.dead, count=self.entries, bitorder="little")
        rows = np.flatnonzero(removed == 0)
        return self.ids.at(rows.astype(np.uint64)), self.values[rows]
