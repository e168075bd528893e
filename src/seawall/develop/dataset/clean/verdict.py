"""What a verification says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Differs(StrEnum):
    """How data differ from what was signed."""

    MANIFEST = "manifest"
    """The manifest is not one, was changed, or is signed by another key."""
    ALTERED = "altered"
    """A file or item that was signed has other bytes."""
    MISSING = "missing"
    """A file or item that was signed is not there."""
    ADDED = "added"
    """A file or item is there that was not signed."""
    RETURNED = "removed_returned"
    """Bytes that were removed are there again."""
    UNREADABLE = "unreadable"
    """Something is there that cannot be read."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        how: How it differs.
        key: Key of the file or item; None for the manifest itself.
        sha256: Digest of the bytes that are there, if they could be read.
        message: What is wrong with the manifest.
    """

    how: Differs
    key: str | None
    sha256: str | None = None
    message: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values; what is not known is left out."""
        fields = {"how": self.how.value, "key": self.key, "sha256": self.sha256, "message": self.message}
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(slots=True)
class Verdict:
    """Whether data are as signed.

    Attributes:
        limit: How many differences are named.
        differences: The first of them.
        counts: All of them, by how.
        files: Files that are as signed.
        size: Their bytes.
        facts: Header of the manifest, once its signature was found good.
        event: Id of the ledger event that ended the clean.
        key: Name of the key that signed.
    """

    limit: int = 20
    differences: list[Difference] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    files: int = 0
    size: int = 0
    facts: dict[str, Any] | None = None
    event: str | None = None
    key: str | None = None

    @property
    def as_signed(self) -> bool:
        """Whether the manifest is signed by the key, and the data are exactly what it says."""
        return self.facts is not None and not self.counts

    @property
    def full(self) -> bool:
        """Whether no further difference will be named."""
        return len(self.differences) >= self.limit

    def add(self, how: Differs, key: str | None, sha256: bytes | None = None, message: str | None = None) -> None:
        """Take in a difference."""
        self.counts[how.value] += 1
        if not self.full:
            self.differences.append(Difference(how, key, sha256.hex() if sha256 is not None else None, message))

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-able values."""
        facts = self.facts or {}
        return {
            "as_signed": self.as_signed,
            "files": self.files,
            "bytes": self.size,
            "differences": [each.to_dict() for each in self.differences],
            "counts": dict(self.counts),
            "job": facts.get("job"),
            "partitions": facts.get("partitions"),
            "policy": facts.get("policy"),
            "event": self.event,
            "key": self.key,
        }
