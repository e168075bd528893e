"""The manifest of a list: what it is, its versions, and exactly how much of each file counts.

Replacing the manifest is the one act that publishes a change. A reader that holds a manifest ignores entries numbered
`next_id` or higher and, until `settled`, the entries that the version withdrew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from seawall.errors import IndexCorrupt, NotFound
from seawall.matching.lists.purpose import Provenance, Purpose
from seawall.matching.lists.storage import replace_file

FILE_NAME = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Version:
    """One published state of a list.

    Attributes:
        version: Number, from 1.
        at: When it was published (RFC 3339, UTC).
        source: Where it came from, in the operator's words; the file's name if nothing was said.
        sha256: Digest of the imported file, empty if there was none.
        added: Entries added by this version.
        withdrawn: Entries withdrawn by this version.
        entries: Live entries in this version.
        next_id: Lower bound of the ids of later entries; ids of this version are below it.
        withdrawals: Entries withdrawn by this and all earlier versions.
    """

    version: int
    at: str
    source: str
    sha256: str
    added: int
    withdrawn: int
    entries: int
    next_id: int
    withdrawals: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is published of a list.

    Attributes:
        id: Random identity of the list; another list of the same name has another.
        name: Name of the list.
        purpose: What a match means.
        provenance: Whose entries they are.
        versions: All versions, oldest first; never empty.
        types: Signal types, in the order that numbers them.
        labels: Name of the file of label sets, empty if no entry has labels.
        entries_checksum: CRC-32 of the records of all entries.
        withdrawn_checksum: CRC-32 of the log of withdrawals.
        keyed: Whether some entries have an external key.
        settled: Whether the last version's withdrawals have been applied to the indexes.
    """

    id: str
    name: str
    purpose: Purpose
    provenance: Provenance
    versions: tuple[Version, ...]
    types: tuple[str, ...] = ()
    labels: str = ""
    entries_checksum: int = 0
    withdrawn_checksum: int = 0
    keyed: bool = False
    settled: bool = True
    format: int = field(default=_FORMAT)

    @property
    def current(self) -> Version:
        """The newest version."""
        return self.versions[-1]

    def version(self, number: int) -> Version:
        """Return a version by number.

        Raises:
            NotFound: If the list has no such version.
        """
        if not 1 <= number <= len(self.versions):
            raise NotFound(f"the list {self.name} has no version {number}", hint=f"newest: {self.current.version}")
        return self.versions[number - 1]

    def publish(self, folder: Path) -> None:
        """Make this the state of the list in `folder`, at once."""
        fields = asdict(self)
        replace_file(folder / FILE_NAME, json.dumps({**fields, "checksum": _checksum(fields)}).encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of the list in `folder`.

        Raises:
            NotFound: If there is none.
            IndexCorrupt: If it is damaged or of an unknown format.
        """
        try:
            fields = json.loads((folder / FILE_NAME).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"no list {folder.name}") from None
        except ValueError as problem:
            raise IndexCorrupt(f"the manifest of the list {folder.name} is damaged") from problem
        try:
            if fields.pop("checksum") != _checksum(fields):
                raise IndexCorrupt(f"the manifest of the list {folder.name} is damaged")
            if fields["format"] != _FORMAT:
                raise IndexCorrupt(f"the list {folder.name} was written by another version of seawall")
            fields["purpose"] = Purpose(fields["purpose"])
            fields["provenance"] = Provenance(fields["provenance"])
            fields["types"] = tuple(fields["types"])
            fields["versions"] = tuple(Version(**version) for version in fields["versions"])
            manifest = cls(**fields)
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise IndexCorrupt(f"the manifest of the list {folder.name} is damaged") from problem
        if not manifest.versions:
            raise IndexCorrupt(f"the manifest of the list {folder.name} is damaged")
        return manifest


def _checksum(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
