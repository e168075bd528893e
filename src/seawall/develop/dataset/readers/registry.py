"""Which reader reads what: by the end of a file's name, or by its first bytes where a name has no end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from seawall.content.item import Item
from seawall.develop.dataset.readers.arrow import ArrowReader
from seawall.develop.dataset.readers.folder import FilesReader
from seawall.develop.dataset.readers.lines import LinesReader
from seawall.develop.dataset.readers.manifest import ManifestReader
from seawall.develop.dataset.readers.parquet import ParquetReader
from seawall.develop.dataset.readers.problems import EXPECTED, ProblemReader
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.develop.dataset.readers.tar import TarReader
from seawall.develop.dataset.readers.zip import ZipReader
from seawall.develop.dataset.shards import ShardSpec
from seawall.errors import SourceError


class Reader(Protocol):
    """Reads one kind of source."""

    @property
    def name(self) -> str:
        """What shards call it."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of the names of files that it reads, in lower case."""

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield the items of a shard, in an order that never changes.

        Args:
            spec: The shard.
            media: Whether bytes are wanted; without them a reader may leave media unread.
        """


class ContainerReader(Reader, Protocol):
    """Reads files that hold items."""

    def plan(self, file: SourceFile, limits: PlanLimits) -> Iterator[ShardSpec]:
        """Divide a file into shards; raises OSError and SourceError if it cannot be read."""


FILES = FilesReader()
PROBLEM = ProblemReader()
CONTAINERS: tuple[ContainerReader, ...] = (TarReader(), ZipReader(), ParquetReader(), ArrowReader())
"""Readers of files that are opened wherever they are found."""
MANIFEST: ContainerReader = ManifestReader()
LINES: ContainerReader = LinesReader()
GIVEN: tuple[ContainerReader, ...] = (MANIFEST, LINES)
"""Readers of files that are opened where they are given as a location, and are documents elsewhere."""

_ALL: tuple[Reader, ...] = (FILES, PROBLEM, *GIVEN, *CONTAINERS)
_READERS: Mapping[str, Reader] = {reader.name: reader for reader in _ALL}
_HOLDERS: Mapping[str, ContainerReader] = {reader.name: reader for reader in (*GIVEN, *CONTAINERS)}
_HEAD = 265
_MAGIC = ((b"PAR1", "parquet"), (b"ARROW1", "arrow"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"))


def reader_named(name: str) -> Reader:
    """Return the reader that a shard names.

    Raises:
        SourceError: If there is none.
    """
    try:
        return _READERS[name]
    except KeyError:
        raise SourceError("a shard of the plan names a reader that this version does not have") from None


def container_named(name: str) -> ContainerReader:
    """Return the reader of files that hold items which a shard names.

    Raises:
        SourceError: If there is none.
    """
    try:
        return _HOLDERS[name]
    except KeyError:
        raise SourceError("a shard of the plan names a reader that this version does not have") from None


def container_of(file: SourceFile) -> ContainerReader | None:
    """Return the reader that opens a file, or None if it is a loose file."""
    base = file.name.rpartition("/")[2].lower()
    for reader in CONTAINERS:
        if base.endswith(reader.suffixes):
            return reader
    return None if "." in base else _by_content(file)


def is_manifest(name: str) -> bool:
    """Say whether a location is a manifest by its name."""
    return name.lower().endswith(MANIFEST.suffixes)


def reader_of_location(name: str) -> ContainerReader | None:
    """Return the reader of a file that is given as a location, if there is one for such files alone."""
    return next((reader for reader in GIVEN if name.lower().endswith(reader.suffixes)), None)


def _by_content(file: SourceFile) -> ContainerReader | None:
    """Look into a local file whose name has no end, as in the caches of model hubs."""
    if file.place.path(file.name) is None or (file.size or 0) < len(_MAGIC[0][0]):
        return None
    try:
        with file.open() as raw:
            head = raw.read(_HEAD)
    except EXPECTED:
        return None
    name = next((name for magic, name in _MAGIC if head.startswith(magic)), None)
    if name is None and head[257:262] == b"ustar":
        name = "tar"
    return next((reader for reader in CONTAINERS if reader.name == name), None)
