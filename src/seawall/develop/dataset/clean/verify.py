"""The gate: are these data, byte for byte, those that were signed?

Nothing of the data is parsed as long as it is as signed: each file is digested and looked up. Only a file that differs
is opened, to say what differs in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from seawall.develop.dataset.readers import read
from seawall.develop.dataset.readers.entries import Entry, EntryKind
from seawall.develop.dataset.readers.names import printable
from seawall.develop.dataset.readers.places import Place, check_protocol, open_place
from seawall.develop.dataset.readers.problems import EXPECTED
from seawall.develop.dataset.readers.registry import GIVEN, container_of
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.errors import NotFound, UsageError
from seawall.ledger import PublicKey, VerificationFailed
from seawall.ledger.manifests import BadManifest, Seal, read_lines, verify_seal

from .config import MANIFEST
from .fates import Why
from .outlet import absolute
from .survey import digest_of, digested
from .tables import Table, TableConflict, TableWriter, key_id
from .verdict import Differs, Verdict

_FILES, _ITEMS, _REMOVED = "files.table", "items.table", "removed.table"
_AGAIN = (Why.LIST, Why.PARTITION, Why.NOT_KEPT)


def verify_manifest(
    manifest: str | Path, dataset: str | Path, key: str | bytes | PublicKey, *, limit: int = 20
) -> Verdict:
    """Say whether a dataset is exactly what a manifest says, and the manifest signed by a key.

    Args:
        manifest: The signed manifest: a file, or an fsspec URL of one.
        dataset: The data: a directory, or an fsspec URL.
        key: The public key as PEM.
        limit: How many differences are named.

    Returns:
        The verdict; its differences name keys and digests, never content.

    Raises:
        NotFound: If there is no such manifest or dataset.
        PublicKeyError: If the key is not an Ed25519 public key.
    """
    public = key if isinstance(key, PublicKey) else PublicKey.from_pem(key)
    opener = _opener(str(manifest))
    place, only = _dataset(str(dataset))
    verdict = Verdict(limit)
    try:
        with opener() as file:
            seal = verify_seal(file, public)
        with tempfile.TemporaryDirectory(prefix="seawall-") as name:
            signed = _Signed.load(opener, seal, Path(name), verdict)
            verdict.event, verdict.key = seal.event, public.key_id
            _Comparison(place, only, signed, verdict).run()
    except VerificationFailed:
        verdict.add(Differs.MANIFEST, None, message="the manifest is not signed by this key")
    except TableConflict:
        verdict.add(Differs.MANIFEST, None, message="the manifest contradicts itself")
    except BadManifest as error:
        verdict.add(Differs.MANIFEST, None, message=str(error))
    return verdict


def _opener(manifest: str) -> Callable[[], BinaryIO]:
    location = absolute(manifest)
    if "://" in location:
        check_protocol(location, allow_http=False)
    folder, _, name = location.rpartition("/")
    place = open_place(folder or "/")
    try:
        entry = place.describe(name)
    except FileNotFoundError:
        raise NotFound(f"{printable(manifest)} does not exist") from None
    if entry.kind is not EntryKind.FILE:
        raise UsageError(f"{printable(manifest)} is not a file", hint=f"name the {MANIFEST} of a clean")
    return lambda: place.open(name)


def _dataset(dataset: str) -> tuple[Place, Entry | None]:
    """Return the place of the data, and the one file if that is all."""
    location = absolute(dataset)
    if "://" in location:
        check_protocol(location, allow_http=False)
    place = open_place(location)
    try:
        entry = place.describe("")
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"{printable(dataset)} does not exist") from None
    if entry.kind is EntryKind.FOLDER:
        return place, None
    folder, _, name = location.rpartition("/")
    return open_place(folder or "/"), Entry(name, EntryKind.FILE, entry.size, entry.stamp)


@dataclass(slots=True)
class _Signed:
    """What a manifest says, to be looked up."""

    files: Table
    items: Table
    removed: Table
    lines: Callable[[], Iterator[dict[str, Any]]]
    manifest: bytes

    @classmethod
    def load(cls, opener: Callable[[], BinaryIO], seal: Seal, folder: Path, verdict: Verdict) -> _Signed:
        def lines() -> Iterator[dict[str, Any]]:
            with opener() as file:
                yield from read_lines(file, seal)

        with (
            TableWriter(folder / _FILES) as files,
            TableWriter(folder / _ITEMS) as items,
            TableWriter(folder / _REMOVED) as removed,
        ):
            every = lines()
            verdict.facts = next(every, None)
            for row in every:
                _add(row, files, items, removed)
        with opener() as file:
            manifest, _ = digest_of(file)
        tables = [Table(folder / name) for name in (_FILES, _ITEMS, _REMOVED)]
        signed = cls(tables[0], tables[1], tables[2], lines, manifest)
        for table in (signed.files, signed.items):
            if any(signed.removed.find_digest(digest) for digest in table.digests()):
                raise BadManifest("the manifest keeps what it says was removed")
        return signed


def _add(row: dict[str, Any], files: TableWriter, items: TableWriter, removed: TableWriter) -> None:
    try:
        digest = None if row["sha256"] is None else bytes.fromhex(row["sha256"])
        if "why" in row:
            if digest is not None and row["why"] in _AGAIN:
                removed.add(digest, digest)
            return
        name = row["file"] if "file" in row else row["item"]
        if digest is None or len(digest) != 32:
            raise ValueError
        table = items if "::" in name else files
        table.add(key_id(name), digest)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadManifest("the manifest holds a line that says nothing known") from None


class _Comparison:
    """One dataset against what was signed."""

    def __init__(self, place: Place, only: Entry | None, signed: _Signed, verdict: Verdict) -> None:
        self._place = place
        self._only = only
        self._signed = signed
        self._verdict = verdict
        self._seen = np.zeros(len(signed.files), dtype=bool)
        self._altered: set[str] = set()
        self._seen_items: set[int] = set()

    def run(self) -> None:
        """Compare every file, then say what is missing."""
        for entry in iter((self._only,)) if self._only is not None else self._walk():
            self._file(entry)
        if not self._seen.all() or self._altered:
            self._missing()

    def _walk(self) -> Iterator[Entry]:
        waiting = [self._list("")]
        while waiting:
            entry = next(waiting[-1], None)
            if entry is None:
                waiting.pop()
            elif entry.kind is EntryKind.FOLDER:
                waiting.append(self._list(entry.name))
            else:
                yield entry

    def _list(self, folder: str) -> Iterator[Entry]:
        try:
            yield from self._place.entries(folder)
        except EXPECTED:
            yield Entry(folder, EntryKind.PROBLEM, problem=("unreadable", ""))

    def _file(self, entry: Entry) -> None:
        key = printable(entry.name)
        if entry.kind is not EntryKind.FILE:
            self._verdict.add(Differs.ADDED if entry.kind is EntryKind.DUPLICATE else Differs.UNREADABLE, key)
            return
        try:
            sha256, size = self._digest(entry.name)
        except EXPECTED:
            self._verdict.add(Differs.UNREADABLE, key)
            return
        if key == MANIFEST and sha256 == self._signed.manifest:
            return
        found = self._signed.files.find(key_id(key))
        if found is not None:
            self._seen[found.row] = True
            if found.sha256 == sha256:
                self._verdict.files += 1
                self._verdict.size += size
                return
        self._differs(entry, key, sha256, known=found is not None)

    def _digest(self, name: str) -> tuple[bytes, int]:
        with self._place.open(name) as raw:
            return digest_of(raw)

    def _differs(self, entry: Entry, key: str, sha256: bytes, *, known: bool) -> None:
        """Name a file that is not as signed, and what of it."""
        if self._signed.removed.find_digest(sha256):
            self._verdict.add(Differs.RETURNED, key, sha256)
            return
        self._verdict.add(Differs.ALTERED if known else Differs.ADDED, key, sha256)
        if self._verdict.full:
            return
        file = SourceFile(self._place, entry.name, key, "", entry.size, entry.stamp)
        by_line = GIVEN if known else ()
        reader = container_of(file) or next((each for each in by_line if _ends(entry.name, each.suffixes)), None)
        if reader is None:
            return
        try:
            for spec in reader.plan(file, PlanLimits()):
                for item in read(spec):
                    if self._verdict.full:
                        return
                    self._item(item.key, digested(item)[0])
        except EXPECTED:
            self._verdict.add(Differs.UNREADABLE, key)
            return
        self._altered.add(key)

    def _item(self, key: str, sha256: bytes | None) -> None:
        """Name an item of a file that differs, unless it is as signed."""
        found = self._signed.items.find(key_id(key))
        if found is not None:
            self._seen_items.add(found.row)
        if sha256 is None:
            self._verdict.add(Differs.UNREADABLE, key)
        elif self._signed.removed.find_digest(sha256):
            self._verdict.add(Differs.RETURNED, key, sha256)
        elif found is None:
            self._verdict.add(Differs.ADDED, key, sha256)
        elif found.sha256 != sha256:
            self._verdict.add(Differs.ALTERED, key, sha256)

    def _missing(self) -> None:
        """Name the files that were signed and not seen, and what is missing of files that differ."""
        for row in self._signed.lines():
            name = row.get("file", row.get("item"))
            if not isinstance(name, str) or "why" in row:
                continue
            file, inner, _ = name.partition("::")
            if inner:
                self._missing_item(name, file)
                continue
            found = self._signed.files.find(key_id(name))
            if found is not None and not self._seen[found.row]:
                self._seen[found.row] = True
                self._verdict.add(Differs.MISSING, name, found.sha256)

    def _missing_item(self, key: str, file: str) -> None:
        if file not in self._altered:
            return
        found = self._signed.items.find(key_id(key))
        if found is not None and found.row not in self._seen_items:
            self._seen_items.add(found.row)
            self._verdict.add(Differs.MISSING, key, found.sha256)


def _ends(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith(suffixes)
