"""A list as a reader sees it: one published version, whole, whatever a writer is doing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.errors import IndexCorrupt, ListConflict, UsageError
from seawall.hashing.registry import SignalTypes
from seawall.matching.lists.entries import ENTRIES_FILE, ENTRY_ID, RECORD, WITHDRAWN_FILE, mapped
from seawall.matching.lists.keys import DIGEST_BYTES, KeyProvider, derived
from seawall.matching.lists.labels import Labels, LabelSets
from seawall.matching.lists.manifest import Manifest, Version
from seawall.matching.lists.purpose import Provenance, Purpose
from seawall.matching.lists.storage import checksum_of
from seawall.matching.lists.tables import DigestStore, Hits, Ids, Table, as_values, open_table
from seawall.matching.lists.writer import KEYS_FOLDER, TABLES_FOLDER

_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class HashList:
    """One version of a list, opened for matching. Immutable: open the list again to see a later version.

    Attributes:
        folder: Directory of the list.
        manifest: What was published when it was opened.
        version: The version that it shows: entries added later are left out. Entries withdrawn later never match.
    """

    folder: Path
    manifest: Manifest
    version: Version
    _tables: dict[str, Table]
    _records: NDArray[Any]
    _labels: LabelSets
    _gone: Ids

    @classmethod
    def open(cls, folder: Path, types: SignalTypes, keys: KeyProvider, version: int | None = None) -> HashList:
        """Open a list.

        Args:
            folder: Directory of the list.
            types: Known signal types.
            keys: Secret of the home.
            version: Version to show; None for the newest.

        Raises:
            NotFound: If there is no such list or version.
            IndexCorrupt: If it is damaged.
            UsageError: If it holds values of a signal type that is not installed.
        """
        for _ in range(_ATTEMPTS):
            manifest = Manifest.read(folder)
            try:
                found = cls._open(folder, manifest, types, keys, version)
            except IndexCorrupt:
                if _unchanged(folder, manifest):
                    raise
                continue
            if _unchanged(folder, manifest):
                return found
        raise ListConflict(f"the list {folder.name} changes faster than it can be opened")

    @classmethod
    def _open(
        cls, folder: Path, manifest: Manifest, types: SignalTypes, keys: KeyProvider, version: int | None
    ) -> HashList:
        missing = [name for name in manifest.types if name not in types]
        if missing:
            raise UsageError(
                f"the list {manifest.name} holds values of a signal type that is not installed: {', '.join(missing)}",
                hint="install the plug-in that defines it",
            )
        current = manifest.current
        log = mapped(folder / WITHDRAWN_FILE, ENTRY_ID, current.withdrawals)
        labels = LabelSets()
        if manifest.labels:
            try:
                sealed = (folder / manifest.labels).read_bytes()
            except OSError as problem:
                raise IndexCorrupt(f"{folder.name}/{manifest.labels} cannot be read") from problem
            labels = LabelSets.opened(sealed, derived(keys, b"seawall-labels", manifest.id), manifest.name)
        return cls(
            folder,
            manifest,
            current if version is None else manifest.version(version),
            {name: open_table(types[name], folder / TABLES_FOLDER / name) for name in manifest.types},
            mapped(folder / ENTRIES_FILE, RECORD, current.next_id),
            labels,
            np.empty(0, np.uint64) if manifest.settled else np.sort(log[len(log) - current.withdrawn :]),
        )

    @property
    def name(self) -> str:
        """Name of the list."""
        return self.manifest.name

    @property
    def purpose(self) -> Purpose:
        """What a match means."""
        return self.manifest.purpose

    @property
    def provenance(self) -> Provenance:
        """Whose entries they are."""
        return self.manifest.provenance

    @property
    def types(self) -> tuple[str, ...]:
        """Signal types of which the list holds values."""
        return tuple(name for name, table in self._tables.items() if len(table))

    def __len__(self) -> int:
        return self.version.entries

    def first_entry_since(self, version: int) -> int:
        """Return the lowest entry id that a version after `version` may have added.

        Raises:
            NotFound: If the list has no such version.
        """
        return self.manifest.version(version).next_id

    def withdrawn_since(self, version: int) -> list[str]:
        """Return the ids of entries withdrawn after `version`.

        Raises:
            NotFound: If the list has no such version.
        """
        log = mapped(self.folder / WITHDRAWN_FILE, ENTRY_ID, self.manifest.current.withdrawals)
        return [str(entry) for entry in log[self.manifest.version(version).withdrawals :].tolist()]

    def labels_of(self, entry: int) -> Labels:
        """Return the labels of an entry."""
        return self._labels[int(self._records[entry]["labels"])]

    def search(
        self, type_name: str, values: Sequence[bytes], *, max_distance: int | None = None, min_entry: int = 0
    ) -> Hits:
        """Find the entries near some values of one signal type.

        Args:
            type_name: Signal type; entries of other types are not considered.
            values: The values, each of the type's own length.
            max_distance: Largest distance for Hamming types (0..63); None for the type's own threshold.
            min_entry: Leave out entries with lower ids.

        Returns:
            Arrays (position in `values`, entry, distance).

        Raises:
            UsageError: If a value has the wrong length.
        """
        table = self._tables.get(type_name)
        if table is None or not values:
            return np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0)
        rows, entries, distances = table.search(as_values(values), max_distance, min_entry)
        visible = entries < np.uint64(self.version.next_id)
        if len(self._gone):
            visible &= ~np.isin(entries, self._gone)
        return rows[visible], entries[visible], distances[visible]

    def items(self) -> list[tuple[int, str, bytes]]:
        """Return (entry, type, value) of the operator's own entries, by entry.

        Raises:
            ListConflict: If the entries were received from somebody else: those never leave the list.
        """
        if self.provenance is not Provenance.OPERATOR:
            raise ListConflict(f"the list {self.name} was received: its entries are never shown or exported")
        gone = set(self._gone.tolist())
        return sorted(
            (entry, name, value)
            for name, table in self._tables.items()
            for entry, value in _pairs(table)
            if entry < self.version.next_id and entry not in gone
        )

    def verify(self) -> None:
        """Read every byte of the list.

        Raises:
            IndexCorrupt: If anything is damaged, naming the list and the part.
        """
        current = self.manifest.current
        entries = checksum_of(self.folder / ENTRIES_FILE, current.next_id * RECORD.itemsize)
        log = checksum_of(self.folder / WITHDRAWN_FILE, current.withdrawals * ENTRY_ID.itemsize)
        if (entries, log) != (self.manifest.entries_checksum, self.manifest.withdrawn_checksum):
            raise IndexCorrupt(f"the records of the list {self.name} are damaged")
        live = 0
        for table in self._tables.values():
            table.verify()
            live += len(table)
            if table.next_id > current.next_id or len(self._gone):
                ids = table.entries()
                live -= int((ids >= np.uint64(current.next_id)).sum() + np.isin(self._gone, ids).sum())
        if self.manifest.keyed:
            DigestStore.open(DIGEST_BYTES, self.folder / KEYS_FOLDER).verify()
        if live != current.entries:
            raise IndexCorrupt(f"the list {self.name} holds {live} entries where {current.entries} were published")


def _unchanged(folder: Path, manifest: Manifest) -> bool:
    return Manifest.read(folder).versions == manifest.versions


def _pairs(table: Table) -> Iterator[tuple[int, bytes]]:
    ids, values = table.values()
    return zip(ids.tolist(), values, strict=True)
