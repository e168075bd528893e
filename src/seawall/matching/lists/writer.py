"""Changing a list so that readers see the old version or the new one, whatever happens in between.

Order of a change: new entries go to the tables under ids that no published version covers; the manifest is replaced,
which publishes additions and withdrawals together; then withdrawn entries leave the tables. Whatever an interrupted
change left is put right by the next writer, before it does anything else.
"""

from __future__ import annotations

import secrets
import shutil
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.clock import Clock, to_iso
from seawall.errors import ListConflict, NotFound, StorageFull, UsageError
from seawall.hashing.registry import SignalTypes
from seawall.matching.lists.batch import Batch
from seawall.matching.lists.changes import Change, Existing, compare
from seawall.matching.lists.entries import ENTRIES_FILE, ENTRY_ID, NO_TYPE, RECORD, WITHDRAWN_FILE, mapped, padding
from seawall.matching.lists.keys import DIGEST_BYTES, KeyProvider, derived
from seawall.matching.lists.labels import LabelSets, printable
from seawall.matching.lists.manifest import Manifest, Version
from seawall.matching.lists.purpose import Provenance, Purpose
from seawall.matching.lists.storage import append_file, private_directory, recording, replace_file, sync_directory
from seawall.matching.lists.tables import DigestStore, Ids, Table, as_values, new_table, open_table

KEYS_FOLDER = "keys"
TABLES_FOLDER = "index"

_EMPTY = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change comes from.

    Attributes:
        source: In the operator's words, or the name of a file.
        sha256: Digest of the file, empty if there is none.
    """

    source: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """The outcome of a change.

    Attributes:
        manifest: What is published now.
        added: Entries added.
        withdrawn: Entries withdrawn.
        duplicates: Rows that were already there.
        relabelled: Added entries that replace one whose labels changed.
        first_entry: Id of the first added entry, in row order; the others follow it. None if none was added.
    """

    manifest: Manifest
    added: int = 0
    withdrawn: int = 0
    duplicates: int = 0
    relabelled: int = 0
    first_entry: int | None = None


class ListWriter:
    """Changes one list; whoever makes it holds the list's lock.

    Args:
        folder: Directory of the list.
        types: Known signal types.
        keys: Secret of the home.
        clock: Tells the time of versions.
    """

    def __init__(self, folder: Path, types: SignalTypes, keys: KeyProvider, clock: Clock) -> None:
        self._folder = folder
        self._types = types
        self._keys = keys
        self._clock = clock
        self._tables: dict[str, Table] = {}
        self._key_table: DigestStore | None = None

    def open(
        self, name: str, purpose: Purpose | None, provenance: Provenance, *, identity: str | None = None
    ) -> Manifest | None:
        """Put right what an interrupted change left, and open the list.

        Args:
            name: Name of the list.
            purpose: Purpose of the list if it must be created; None refuses to create it.
            provenance: Provenance of the list if it must be created.
            identity: Identity of the list if it must be created; random by default.

        Returns:
            Its manifest, without versions if the list is new.

        Raises:
            NotFound: If there is no list and `purpose` is None.
            IndexCorrupt: If a file is damaged.
        """
        try:
            self.manifest = Manifest.read(self._folder)
        except NotFound:
            if purpose is None:
                raise
            shutil.rmtree(self._folder, ignore_errors=True)
            private_directory(self._folder)
            self.manifest = Manifest(identity or secrets.token_hex(16), name, purpose, provenance, ())
            return None
        self._drop_unpublished_folders()
        for type_name in self.manifest.types:
            self._tables[type_name] = open_table(self._types[type_name], self._folder / TABLES_FOLDER / type_name)
        if self.manifest.keyed:
            self._key_table = DigestStore.open(DIGEST_BYTES, self._folder / KEYS_FOLDER)
        self._drop_unpublished_entries()
        self._settle()
        return self.manifest

    @property
    def key(self) -> bytes:
        """Key of the digests of external identifiers."""
        return derived(self._keys, b"seawall-listkeys", self.manifest.id)

    def apply(self, batch: Batch, origin: Origin, *, replace: bool = False) -> Published:
        """Make the list say what a batch says.

        Args:
            batch: The rows.
            origin: Where they come from.
            replace: They are everything; withdraw the rest.

        Raises:
            ListConflict: If `replace` would leave nothing of a list that holds entries.
        """
        labels = self._label_sets()
        wanted = batch.settle()
        additions = any((~part.withdraw).any() for part in wanted.values())
        if replace and not additions and self.manifest.versions and self.manifest.current.entries:
            # An empty or unreadable snapshot must not disarm a list.
            raise ListConflict(
                f"this would withdraw every entry of the list {self.manifest.name}",
                hint="if that is what you want, delete the list",
            )
        existing = self._existing(batch, labels)
        change = compare(wanted, existing, replace=replace)
        return self._publish(change, batch, labels, origin)

    def withdraw(self, entries: Ids, origin: Origin) -> Published:
        """Withdraw entries by id; ids that are not in the list are ignored."""
        known = np.unique(entries[entries < np.uint64(self._next_id)])
        found = known[(self._records()["type"][known] != NO_TYPE) & ~np.isin(known, self._log())]
        return self._publish(Change({}, found), None, self._label_sets(), origin)

    def find(self, type_name: str, value: bytes) -> Ids:
        """Return the entries that hold a value."""
        table = self._tables.get(type_name)
        if table is None:
            return _EMPTY
        return table.find(as_values([value]))[1]

    def _existing(self, batch: Batch, labels: LabelSets) -> Existing:
        numbers = [labels.find(batch.label_sets[number]) for number in range(len(batch.label_sets))]
        key_numbers, key_entries = np.empty(0, np.int64), _EMPTY
        digests = batch.keys()
        if self._key_table is not None and len(digests):
            key_numbers, key_entries = self._key_table.find(digests)
            order = np.argsort(key_entries)
            key_numbers, key_entries = key_numbers[order], key_entries[order]
        label_numbers = np.array(numbers, np.int64)
        return Existing(self._tables, self._records(), key_numbers, key_entries, label_numbers, self._log())

    def _records(self) -> NDArray[Any]:
        return mapped(self._folder / ENTRIES_FILE, RECORD, self._next_id)

    def _log(self) -> Ids:
        count = self.manifest.current.withdrawals if self.manifest.versions else 0
        return mapped(self._folder / WITHDRAWN_FILE, ENTRY_ID, count)

    @property
    def _next_id(self) -> int:
        return self.manifest.current.next_id if self.manifest.versions else 0

    def _publish(self, change: Change, batch: Batch | None, labels: LabelSets, origin: Origin) -> Published:
        before = self.manifest
        if not change and before.versions:
            return Published(before, duplicates=change.duplicates)
        with recording(before.name):
            start = max([self._next_id, *(table.next_id for _, table in self._all_tables())])
            after = replace(before, types=self._with_new_types(change))
            records = padding(start - self._next_id + change.added)
            if batch is not None and change.additions:
                self._add(change, batch, labels, after.types, records[start - self._next_id :], start)
                after = replace(after, keyed=self._key_table is not None)
            append_file(self._folder / ENTRIES_FILE, self._next_id * RECORD.itemsize, records.tobytes())
            number = len(before.versions) + 1
            if labels.changed:
                after = replace(after, labels=f"labels-{number}.bin")
                sealed = labels.sealed(derived(self._keys, b"seawall-labels", before.id))
                replace_file(self._folder / after.labels, sealed)
            withdrawals = before.current.withdrawals if before.versions else 0
            log = change.withdrawn.astype(ENTRY_ID).tobytes()
            append_file(self._folder / WITHDRAWN_FILE, withdrawals * ENTRY_ID.itemsize, log)
            entries = before.current.entries if before.versions else 0
            gone = len(change.withdrawn)
            version = Version(
                version=number,
                at=to_iso(self._clock()),
                source=printable(origin.source),
                sha256=origin.sha256,
                added=change.added,
                withdrawn=gone,
                entries=entries + change.added - gone,
                next_id=self._next_id + len(records),
                withdrawals=withdrawals + gone,
            )
            self.manifest = replace(
                after,
                versions=(*before.versions, version),
                entries_checksum=zlib.crc32(records.tobytes(), before.entries_checksum),
                withdrawn_checksum=zlib.crc32(log, before.withdrawn_checksum),
                settled=gone == 0,
            )
            sync_directory(self._folder)
            self.manifest.publish(self._folder)
        with suppress(StorageFull), recording(before.name):
            # Published already, and readers know what was withdrawn: the next writer can finish this.
            sync_directory(self._folder)
            self._settle()
        return Published(
            self.manifest, change.added, gone, change.duplicates, change.relabelled, start if change.added else None
        )

    def _with_new_types(self, change: Change) -> tuple[str, ...]:
        types = (*self.manifest.types, *(name for name in change.additions if name not in self.manifest.types))
        if len(types) > NO_TYPE:
            raise UsageError(f"a list holds at most {NO_TYPE} signal types")
        return types

    def _add(
        self,
        change: Change,
        batch: Batch,
        labels: LabelSets,
        types: tuple[str, ...],
        records: NDArray[Any],
        start: int,
    ) -> None:
        """Write additions to the tables, and their facts to `records`."""
        parts = change.additions
        order = np.concatenate([part.order for part in parts.values()])
        rank = np.empty(len(order), np.int64)
        rank[np.argsort(order, kind="stable")] = np.arange(len(order))
        numbers = np.array([labels.number(batch.label_sets[n]) for n in range(len(batch.label_sets))], np.uint32)
        keys = np.empty(len(order), np.int64)
        done = 0
        for name, part in parts.items():
            places = rank[done : done + len(part.order)]
            done += len(part.order)
            records["labels"][places] = numbers[part.labels]
            records["type"][places] = types.index(name)
            records["keyed"][places] = part.keys != -1
            keys[places] = part.keys
            table = self._tables.setdefault(name, new_table(self._types[name]))
            table.add(part.values, places.astype(np.uint64) + np.uint64(start))
            table.save(private_directory(self._folder / TABLES_FOLDER / name))
        keyed = np.flatnonzero(keys != -1)
        if len(keyed):
            if self._key_table is None:
                self._key_table = DigestStore.new(DIGEST_BYTES)
            self._key_table.add(batch.keys()[keys[keyed]], keyed.astype(np.uint64) + np.uint64(start))
            self._key_table.save(private_directory(self._folder / KEYS_FOLDER))

    def _label_sets(self) -> LabelSets:
        if not self.manifest.labels:
            return LabelSets()
        key = derived(self._keys, b"seawall-labels", self.manifest.id)
        return LabelSets.opened((self._folder / self.manifest.labels).read_bytes(), key, self.manifest.name)

    def _drop_unpublished_folders(self) -> None:
        """Remove what no manifest names: tables of a first use that was interrupted, and old label files."""
        tables = self._folder / TABLES_FOLDER
        stale = [path for path in tables.glob("*") if path.name not in self.manifest.types]
        if not self.manifest.keyed:
            stale += self._folder.glob(KEYS_FOLDER)
        for path in stale:
            shutil.rmtree(path)
        for path in self._folder.glob("labels-*.bin"):
            if path.name != self.manifest.labels:
                path.unlink()

    def _drop_unpublished_entries(self) -> None:
        """Remove entries that were written but never published; their ids stay used."""
        for folder, table in self._all_tables():
            if table.next_id > self._next_id:
                ids = table.entries()
                unpublished = ids[ids >= np.uint64(self._next_id)]
                with recording(self.manifest.name):
                    _remove(table, unpublished, folder)

    def _settle(self) -> None:
        """Take the entries that the last version withdrew out of the tables."""
        if self.manifest.settled:
            return
        log = self._log()
        gone = np.sort(log[len(log) - self.manifest.current.withdrawn :]).astype(np.uint64)
        facts = self._records()[gone]
        with recording(self.manifest.name):
            # Entries leave only once it is certain that the manifest which withdraws them stays.
            sync_directory(self._folder)
            for number, name in enumerate(self.manifest.types):
                _remove(self._tables[name], gone[facts["type"] == number], self._folder / TABLES_FOLDER / name)
            if self._key_table is not None:
                _remove(self._key_table, gone[facts["keyed"] != 0], self._folder / KEYS_FOLDER)
            self.manifest = replace(self.manifest, settled=True)
            self.manifest.publish(self._folder)

    def _all_tables(self) -> list[tuple[Path, Table]]:
        found = [(self._folder / TABLES_FOLDER / name, table) for name, table in self._tables.items()]
        if self._key_table is not None:
            found.append((self._folder / KEYS_FOLDER, self._key_table))
        return found


def _remove(table: Table, ids: Ids, folder: Path) -> None:
    if len(ids):
        table.remove(ids)
        table.save(folder)
