"""What becomes of one item: kept, or removed and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Why(StrEnum):
    """Why an item was removed."""

    LIST = "list"
    """A finding names it, or bytes equal to its own."""
    PARTITION = "partition"
    """It is in a partition that is not kept, or equal bytes are."""
    NOT_KEPT = "not_kept"
    """The scan or the separation does not have it among the items that may stay."""
    COMPANION = "companion"
    """Another part of its sample or row was removed."""
    UNREADABLE = "unreadable"
    """It could not be read, so that nobody knows what it is."""


WHYS: tuple[Why, ...] = tuple(Why)
"""Marks of stored tables are places in this order, from 1; 0 is an item that may stay."""


@dataclass(frozen=True, slots=True)
class Fate:
    """One item of the source, and what becomes of it.

    Attributes:
        key: Its key, as in the scan.
        offset: Its place in its file: where its header begins, its row, or its line.
        group: Number of the sample or row that it is a part of.
        sha256: Digest of its bytes; None if they could not be read.
        size: Length in bytes.
        why: Why it is removed; None if it is kept.
        beside: Name of the file that holds its bytes, if a row of a table or manifest names one.
    """

    key: str
    offset: int
    group: int
    sha256: bytes | None
    size: int
    why: Why | None
    beside: str | None = None

    def to_line(self) -> str:
        """Return the fate as a line of text."""
        digest = self.sha256.hex() if self.sha256 is not None else None
        return json.dumps([self.key, self.offset, self.group, digest, self.size, self.why, self.beside]) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Rebuild a fate from `to_line`."""
        key, offset, group, digest, size, why, beside = json.loads(line)
        return cls(
            key, offset, group, bytes.fromhex(digest) if digest else None, size, Why(why) if why else None, beside
        )
