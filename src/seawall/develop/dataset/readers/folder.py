"""Loose files: a shard is a run of files in the order of their names.

Runs end where a file's name says so, besides at the limits: a file that comes, goes or changes makes other shards of
its own neighbourhood alone, and the rest of a long folder resumes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from os import fsencode
from typing import Any

from seawall.content.item import Item, Problem
from seawall.content.origin import Origin
from seawall.develop.dataset.readers.entries import Entry, EntryKind
from seawall.develop.dataset.readers.names import printable
from seawall.develop.dataset.readers.places import Place, open_place
from seawall.develop.dataset.readers.problems import problem_item
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.develop.dataset.shards import ShardSpec

NAME = "files"


class FilesReader:
    """Reads loose files."""

    name = NAME
    suffixes: tuple[str, ...] = ()

    def plan(self, file: SourceFile, limits: PlanLimits) -> Iterator[ShardSpec]:
        """Yield one file as a shard of its own."""
        yield lone_file(file)

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield the files, and a problem item for each entry that is none."""
        place = open_place(spec.location)
        origin = Origin(dataset=spec.selector["dataset"])
        prefix = spec.selector["prefix"]
        for name, *facts in spec.selector["files"]:
            key = prefix + printable(name)
            if len(facts) == 2 and not isinstance(facts[0], str):
                yield Item(key, origin, partial(place.open, name), size=facts[0], path=place.path(name))
            else:
                yield problem_item(key, Problem(str(facts[0]), str(facts[1])), origin)


def lone_file(file: SourceFile) -> ShardSpec:
    """Return the shard that is one file, read as it is."""
    prefix = file.key.removesuffix(printable(file.name))
    files = [[file.name, file.size, file.stamp]]
    selector = {"dataset": file.dataset, "prefix": prefix, "files": files}
    return ShardSpec.of(NAME, file.location, selector, label=file.key, size_bytes=file.size, items=1)


@dataclass(slots=True)
class Run:
    """The files of a shard, as they are gathered.

    Args:
        place: Where they are.
        dataset: The dataset, as the operator gave it.
        prefix: What keys begin with.
        limits: When a shard is full.
    """

    place: Place
    dataset: str
    prefix: str
    limits: PlanLimits
    _files: list[list[Any]] = field(default_factory=list)
    _size: int = 0
    _duplicates: int = 0

    def add(self, entry: Entry) -> Iterator[ShardSpec]:
        """Take an entry in; yield the shard that it completes."""
        if entry.kind is EntryKind.DUPLICATE:
            self._duplicates += 1
            return
        if entry.problem is not None:
            self._files.append([entry.name, *entry.problem])
        else:
            self._files.append([entry.name, entry.size, entry.stamp])
            self._size += entry.size or 0
        if self._full(entry.name):
            yield from self.flush()

    def _full(self, name: str) -> bool:
        count, limit = len(self._files), self.limits.items
        if count >= limit or self._size >= self.limits.size_bytes:
            return True
        return 2 * count >= limit and zlib.crc32(fsencode(name)) % max(1, limit // 4) == 0

    def flush(self) -> Iterator[ShardSpec]:
        """Yield what is left as a shard."""
        if not self._files:
            return
        first = self.prefix + printable(self._files[0][0])
        label = f"{first} ({len(self._files)} files)" if len(self._files) > 1 else first
        if self._duplicates:
            label += f"; {self._duplicates} links to files of the dataset left out, which are read in their own place"
        selector = {"dataset": self.dataset, "prefix": self.prefix, "files": self._files}
        yield ShardSpec.of(
            NAME, self.place.location, selector, label=label, size_bytes=self._size, items=len(self._files)
        )
        self._files, self._size, self._duplicates = [], 0, 0
