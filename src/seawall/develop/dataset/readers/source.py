"""One file of a dataset, as readers take it: where it is, what it was when the scan was planned, how it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self

from seawall.content.origin import Origin
from seawall.develop.dataset.readers.columns import Columns
from seawall.develop.dataset.readers.names import printable
from seawall.develop.dataset.readers.places import Place
from seawall.develop.dataset.shards import ShardSpec

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """How a dataset is divided.

    Attributes:
        items: Loose files or manifest rows per shard, at most.
        size_bytes: Bytes per shard, where a source can be divided.
        columns: Names of columns that the operator gave.
    """

    items: int = 256
    size_bytes: int = 256 * MIB
    columns: Columns = field(default_factory=Columns)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that holds items.

    Attributes:
        place: Where it is.
        name: Its name there.
        key: Its key within the scan; the keys of its items begin with it.
        dataset: The dataset, as the operator gave it.
        size: Length in bytes, if known.
        stamp: Changes when the file does.
    """

    place: Place
    name: str
    key: str
    dataset: str
    size: int | None = None
    stamp: str = ""

    @classmethod
    def of(cls, spec: ShardSpec, place: Place) -> Self:
        """Rebuild the file from what `selector` wrote into a shard."""
        chosen = spec.selector
        return cls(place, chosen["file"], chosen["key"], chosen["dataset"], chosen["size"], chosen["stamp"])

    @property
    def location(self) -> str:
        """Location of the place."""
        return self.place.location

    @property
    def folder(self) -> str:
        """Folder of the file, under the place's root."""
        return self.name.rpartition("/")[0]

    @property
    def origin(self) -> Origin:
        """The part of the source chain that all items of the file share."""
        return Origin(dataset=self.dataset, shard=printable(self.name))

    def selector(self) -> dict[str, Any]:
        """Return what identifies the file and its present state."""
        return {
            "file": self.name,
            "key": self.key,
            "dataset": self.dataset,
            "size": self.size,
            "stamp": self.stamp,
        }

    def shard(
        self,
        reader: str,
        more: Mapping[str, Any],
        *,
        part: str = "",
        size_bytes: int | None = None,
        items: int | None = None,
    ) -> ShardSpec:
        """Return a shard of the file.

        Args:
            reader: Name of the reader.
            more: What the selector says besides which file it is.
            part: Which part of the file, for people.
            size_bytes: Bytes to read; default: the whole file.
            items: Number of items, if known.
        """
        size = self.size if size_bytes is None else size_bytes
        label = f"{self.key} {part}".rstrip()
        return ShardSpec.of(
            reader, self.location, self.selector() | dict(more), label=label, size_bytes=size, items=items
        )

    def open(self) -> BinaryIO:
        """Open the file."""
        return self.place.open(self.name)
