"""Going through the vault as a whole: every object authentic to its end, every file accounted for.

Verifying decrypts in memory, drops what it decrypts, and removes nothing. Sweeping removes what crashes left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from seawall.store import Store
from seawall.vault import _rows
from seawall.vault._files import Found, Kind, VaultFiles
from seawall.vault.errors import ObjectCut, ObjectDamaged, ObjectDestroyed, VaultKeyError
from seawall.vault.stream import SealedReader

ORPHAN_SECONDS = 3600
_READ_BYTES = 1 << 18
Reader = Callable[[_rows.Stored], AbstractContextManager[SealedReader]]


class Fault(StrEnum):
    """What is wrong with an object or a file."""

    MISSING = "missing"
    """The object's file is not there."""
    CUT = "cut"
    """The object's file ends too early."""
    CHANGED = "changed"
    """The object's file was changed, or is another object's."""
    ROW = "row"
    """The file is authentic, but its row states another size or digest."""
    KEY = "key"
    """The object's key cannot be unwrapped."""
    EXPOSED = "exposed"
    """The object's file can be read by others; it is encrypted all the same."""
    LEFTOVER = "leftover"
    """The file of a destroyed object is still there; a sweep removes it."""
    ORPHAN = "orphan"
    """A file has no row; a sweep removes it."""
    FOREIGN = "foreign"
    """A file is none of the vault's."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong.

    Attributes:
        fault: What.
        where: The object's id, or the file's name within the vault's directory.
    """

    fault: Fault
    where: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    Attributes:
        objects: How many there are that are not destroyed.
        destroyed: How many are.
        problems: What is wrong.
    """

    objects: int
    destroyed: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def counts(self) -> dict[str, Any]:
        """Return it as counts, without names."""
        faults = [problem.fault.value for problem in self.problems]
        return {
            "objects": self.objects,
            "destroyed": self.destroyed,
            "faults": {fault: faults.count(fault) for fault in sorted(set(faults))},
        }


@dataclass(frozen=True, slots=True)
class Swept:
    """What `sweep` removed.

    Attributes:
        parts: Unfinished files.
        orphans: Complete files without a row.
        leftovers: Files of destroyed objects.
    """

    parts: int
    orphans: int
    leftovers: int

    @property
    def total(self) -> int:
        """How many files it removed."""
        return self.parts + self.orphans + self.leftovers

    def counts(self) -> dict[str, int]:
        """Return it as plain JSON."""
        return {"parts": self.parts, "orphans": self.orphans, "leftovers": self.leftovers}


def verify(store: Store, files: VaultFiles, now: datetime, reader: Reader) -> Verification:
    """Check every object and every file; see `Vault.verify`."""
    problems: list[Problem] = []
    objects = destroyed = 0
    for page in _rows.pages(store):
        for stored in page:
            if stored.wrapped is None:
                destroyed += 1
                continue
            objects += 1
            problems += [Problem(fault, stored.item.id) for fault in _examine(store, files, stored, reader)]
    for found, owner in _owned(store, files):
        fault = _file_fault(found, owner, now)
        if fault is not None and found.path.exists():
            problems.append(Problem(fault, str(found.path.relative_to(files.root))))
    return Verification(objects, destroyed, tuple(problems))


def sweep(store: Store, files: VaultFiles, now: datetime) -> Swept:
    """Remove what crashes left; see `Vault.sweep`."""
    parts = orphans = leftovers = 0
    for found, owner in _owned(store, files):
        fault = _file_fault(found, owner, now)
        if fault is Fault.LEFTOVER and found.id is not None:
            leftovers += files.erase(found.id)
        elif fault is Fault.ORPHAN:
            files.discard(found.path)
            parts += found.kind is Kind.PART
            orphans += found.kind is Kind.OBJECT
    return Swept(parts, orphans, leftovers)


def _examine(store: Store, files: VaultFiles, stored: _rows.Stored, reader: Reader) -> Iterator[Fault]:
    item = stored.item
    try:
        mode = files.path(item.id).stat().st_mode
        digest, size = _read(stored, reader)
    except (FileNotFoundError, ObjectDestroyed):
        if not _destroyed_meanwhile(store, item.id):
            yield Fault.MISSING
    except ObjectCut:
        yield Fault.CUT
    except ObjectDamaged:
        if not _destroyed_meanwhile(store, item.id):
            yield Fault.CHANGED
    except VaultKeyError:
        yield Fault.KEY
    else:
        if (digest, size) != (item.sha256, item.size):
            yield Fault.ROW
        if mode & 0o077:
            yield Fault.EXPOSED


def _read(stored: _rows.Stored, reader: Reader) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    buffer = memoryview(bytearray(_READ_BYTES))
    with reader(stored) as opened:
        while count := opened.readinto(buffer):
            digest.update(buffer[:count])
            size += count
    return digest.hexdigest(), size


def _destroyed_meanwhile(store: Store, object_id: str) -> bool:
    with store.read() as connection:
        now = _rows.find(connection, object_id)
    return now is None or now.wrapped is None


def _owned(store: Store, files: VaultFiles) -> Iterator[tuple[Found, _rows.Stored | None]]:
    """Go through the files, each with the row of its object."""
    walk = files.walk()
    while batch := list(islice(walk, _rows.PAGE)):
        with store.read() as connection:
            rows = _rows.find_many(connection, [found.id for found in batch if found.id is not None])
        for found in batch:
            yield found, rows.get(found.id) if found.id is not None else None


def _file_fault(found: Found, owner: _rows.Stored | None, now: datetime) -> Fault | None:
    if found.kind is Kind.FOREIGN:
        return Fault.FOREIGN
    if found.kind is Kind.OBJECT and owner is not None:
        return Fault.LEFTOVER if owner.wrapped is None else None
    return Fault.ORPHAN if now.timestamp() - found.changed > ORPHAN_SECONDS else None
