"""What both kinds of index share: segments that change by addition, removal, saving and merging.

The segments are an immutable tuple that is replaced as a whole, so searches in other threads see one state or the next.
One thread changes an index at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from seawall.errors import IndexCorrupt, NotFound, UsageError
from seawall.matching.index import _directory as directory
from seawall.matching.index._directory import Manifest
from seawall.matching.index._format import FileKind
from seawall.matching.index._ids import MAX_ID, Ids, IdSpan, asked_ids, given_ids, run_starts
from seawall.matching.index._persistence import opened, published, record_of, verify_files, written
from seawall.matching.index._segment import Segment, SegmentKind, Values

SearcherT = TypeVar("SearcherT")

MAX_SEGMENTS = 16
"""Saved segments above which saving merges neighbours, down to half as many."""

SMALL = 4096
"""Entries up to which segments in memory are merged whenever entries are added."""

LARGE = 1 << 20
"""Entries above which they are not, so that adding stays far below a second."""

MAX_ENTRIES = 2**31
"""Entries that one segment holds at most."""


class Segmented(Generic[SearcherT]):
    """Entries under stable ids in segments. See `HammingIndex` and `DigestTable`."""

    _FILES: ClassVar[FileKind]

    def __init__(self, kind: SegmentKind[SearcherT]) -> None:
        self._kind = kind
        self._segments: tuple[Segment[SearcherT], ...] = ()
        self._next_id = 0
        self._folder: Path | None = None
        self._manifest: Manifest | None = None
        self._changed = False

    @classmethod
    def _of_width(cls, width: int) -> Self:
        raise NotImplementedError

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Map a saved index; its size does not matter, as only headers are read.

        Args:
            path: Its directory.

        Raises:
            IndexCorrupt: If there is none, or a header or size is wrong. `verify` reads everything.
        """
        folder = Path(path)
        manifest = published(folder)
        if manifest.kind is not cls._FILES:
            raise IndexCorrupt(f"the index {folder.name} holds values of another kind", hint="open it as what it is")
        index = cls._of_width(manifest.width)
        index._load(folder, manifest)
        return index

    def __len__(self) -> int:
        """Return the number of entries that were not removed."""
        return sum(segment.live for segment in self._segments)

    @property
    def next_id(self) -> int:
        """Lowest entry id that was never used; the next addition gets it."""
        return self._next_id

    @property
    def nbytes(self) -> int:
        """Bytes of all segments, whether in memory or mapped."""
        dead = sum(segment.dead.nbytes for segment in self._segments if segment.dead is not None)
        return dead + sum(segment.image.nbytes for segment in self._segments)

    @property
    def generation(self) -> int:
        """Number of the generation that was opened or saved last; 0 if there is none."""
        return self._manifest.generation if self._manifest else 0

    def remove(self, ids: ArrayLike) -> int:
        """Remove entries; searches from now on do not find them, and their ids are never used again.

        Args:
            ids: Entry ids; those that are not here are ignored.

        Returns:
            How many entries were removed.

        Raises:
            UsageError: If the ids are not whole numbers.
        """
        wanted = np.sort(asked_ids(ids))
        wanted = wanted[run_starts(wanted)]
        segments = list(self._segments)
        count = 0
        for place, segment in enumerate(segments):
            rows = segment.ids.rows(wanted)[1]
            rows = rows[segment.alive(rows)]
            if len(rows):
                segments[place] = segment.without(rows)
                count += len(rows)
        if count:
            self._segments = tuple(segments)
            self._changed = True
        return count

    def entries(self) -> tuple[Ids, Values]:
        """Return ids, ascending, and values of all entries, as (n,) and (n, width) arrays."""
        parts = [segment.remaining() for segment in self._segments if segment.live]
        if not parts:
            return np.empty(0, np.uint64), np.empty((0, self._kind.width), np.uint8)
        return np.concatenate([ids for ids, _ in parts]), np.concatenate([values for _, values in parts])

    def save(self, path: Path | str) -> None:
        """Publish the present state in a directory, at once; a crash leaves what was there or all of it.

        Only what that directory does not have yet is written. A directory has one writer at a time; readers may open
        it or `refresh` whenever they like.

        Args:
            path: The directory, created if it is missing. Whatever index it holds is replaced, a damaged one too.

        Raises:
            UsageError: If this index was opened from or saved in that directory, and another writer has saved there
                since.
            StorageFull: If there is no space left; the directory is as it was.
            IndexCorrupt: If the manifest of the directory that this index was opened from is damaged.
        """
        folder = Path(path).absolute()
        directory.make_folder(folder)
        at_home = folder == self._folder
        try:
            before = directory.read_manifest(folder)
        except IndexCorrupt:
            if at_home:
                raise
            before = None
        if at_home and before != self._manifest:
            raise UsageError(f"another writer has changed the index {folder.name}", hint="refresh, and change it again")
        if at_home and not self._changed:
            return
        segments = self._condensed()
        segments = tuple(written(segment, folder, at_home) for segment in segments)
        generation = before.generation + 1 if before else 1
        records = tuple(record_of(segment) for segment in segments)
        manifest = Manifest(self._kind.kind, self._kind.width, generation, self._next_id, records)
        directory.publish(folder, manifest, before)
        self._segments, self._manifest, self._folder, self._changed = segments, manifest, folder, False

    def refresh(self) -> bool:
        """See what another process has saved since.

        Returns:
            Whether there was anything new.

        Raises:
            UsageError: If this index has changes that are not saved, or is not saved anywhere.
            IndexCorrupt: If the directory is damaged; this index stays as it was.
        """
        if self._folder is None:
            raise UsageError("this index is not saved anywhere")
        manifest = published(self._folder)
        if manifest == self._manifest:
            return False
        if self._changed:
            raise UsageError(f"the index {self._folder.name} has changes that are not saved")
        if (manifest.kind, manifest.width) != (self._kind.kind, self._kind.width):
            raise IndexCorrupt(f"the index {self._folder.name} holds values of another kind now")
        self._load(self._folder, manifest)
        return True

    def compact(self) -> None:
        """Merge all segments into one and drop removed entries; ids stay. `save` publishes that."""
        if len(self._segments) > 1 or any(segment.dead_count for segment in self._segments):
            self._segments = self._merged(self._segments)
            self._changed = True

    def verify(self) -> None:
        """Read all saved files and compare their checksums.

        Raises:
            IndexCorrupt: If a file is damaged or missing; the message names it.
        """
        if self._folder is not None:
            verify_files(self._folder, self._segments, self._manifest)

    def _add(self, values: Values, ids: ArrayLike | None) -> Ids:
        if ids is None:
            if self._next_id + len(values) > MAX_ID:
                raise UsageError("there are no ids left")
            numbers = np.arange(self._next_id, self._next_id + len(values), dtype=np.uint64)
        else:
            numbers = given_ids(ids, len(values), self._next_id)
        if len(values) == 0:
            return numbers
        if len(values) > MAX_ENTRIES:
            raise UsageError(f"at most {MAX_ENTRIES} values can be added at once")
        ascending, ordered = numbers, values
        if ids is not None and np.any(numbers[1:] < numbers[:-1]):
            order = np.argsort(numbers)
            ascending, ordered = numbers[order], values[order]
        segments = [*self._segments, self._segment(ordered, IdSpan.of(ascending))]
        # Merged by size, so that adding one by one costs a logarithm and leaves few segments to search.
        while len(segments) > 1 and segments[-2].saved is None and _worth_merging(segments[-2], segments[-1]):
            segments[-2:] = self._merged(segments[-2:])
        self._segments = tuple(segments)
        self._next_id = int(ascending[-1]) + 1
        self._changed = True
        return numbers

    def _values_of(self, ids: ArrayLike) -> Values:
        wanted = asked_ids(ids)
        found = np.empty((len(wanted), self._kind.width), np.uint8)
        missing = np.ones(len(wanted), np.bool_)
        for segment in self._segments:
            places, rows = segment.ids.rows(wanted)
            live = segment.alive(rows)
            found[places[live]] = segment.values[rows[live]]
            missing[places[live]] = False
        if missing.any():
            raise NotFound(f"{int(missing.sum())} of {len(wanted)} entries are not in the index")
        return found

    def _segment(self, values: Values, ids: IdSpan) -> Segment[SearcherT]:
        image = self._kind.build(values, ids)
        # The image's own ids, not the caller's array.
        return Segment(image, IdSpan.read(image, "new"), self._kind.searcher(image, "new"))

    def _merged(self, segments: Sequence[Segment[SearcherT]]) -> tuple[Segment[SearcherT], ...]:
        parts = [segment.remaining() for segment in segments if segment.live]
        if not parts:
            return ()
        ids = np.concatenate([part for part, _ in parts])
        return (self._segment(np.concatenate([values for _, values in parts]), IdSpan.of(ids)),)

    def _condensed(self) -> tuple[Segment[SearcherT], ...]:
        """Return the segments without those that have no entries left, neighbours merged if there are too many."""
        segments = tuple(segment for segment in self._segments if segment.live)
        if len(segments) <= MAX_SEGMENTS:
            return segments
        groups = [[segment] for segment in segments]
        while len(groups) > MAX_SEGMENTS // 2:
            sizes = [sum(segment.live for segment in group) for group in groups]
            least = min(range(len(groups) - 1), key=lambda place: sizes[place] + sizes[place + 1])
            groups[least : least + 2] = [groups[least] + groups[least + 1]]
        return tuple(
            segment for group in groups for segment in (self._merged(group) if len(group) > 1 else tuple(group))
        )

    def _load(self, folder: Path, manifest: Manifest) -> None:
        """Take the state that a manifest describes, keeping what is open already."""
        segments, manifest = opened(self._kind, folder, manifest, self._segments)
        for left, right in pairwise(segments):
            if left.ids.last >= right.ids.first:
                raise IndexCorrupt(f"the segments of the index {folder.name} overlap")
        if segments and segments[-1].ids.last >= manifest.next_id:
            raise IndexCorrupt(f"the next id of the index {folder.name} is in use")
        self._segments, self._next_id = segments, manifest.next_id
        self._folder, self._manifest, self._changed = folder.absolute(), manifest, False


def _worth_merging(left: Segment[SearcherT], right: Segment[SearcherT]) -> bool:
    total = left.entries + right.entries
    return total <= SMALL or (left.entries <= right.entries and total <= LARGE)
