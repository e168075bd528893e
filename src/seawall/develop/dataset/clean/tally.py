"""The counts of a clean: a receipt carries its shard's, and the summary is their sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .fates import Fate, Why


@dataclass(slots=True)
class Tally:
    """Counts; tallies add up.

    Attributes:
        items: Items of the source.
        kept: Those of them that stay.
        removed: The others, by why.
        dropped: Pieces that no item stands for and that were left out.
        files: Files written.
        read: Bytes of items read.
        written: Bytes of files written.
        stored: Removed items whose bytes were handed to the evidence sink.
    """

    items: int = 0
    kept: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    files: int = 0
    read: int = 0
    written: int = 0
    stored: int = 0

    def add(self, fate: Fate) -> None:
        """Count an item."""
        self.items += 1
        if fate.why is None:
            self.kept += 1
        else:
            self.removed[fate.why.value] += 1

    def merge(self, other: Tally) -> None:
        """Add another tally to this one."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, name, mine + theirs)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-able values; every reason is named, though nothing was removed for it."""
        counts: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        counts["removed"] = {why.value: self.removed[why.value] for why in Why}
        return counts

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a tally from `to_dict`."""
        return cls(**{**data, "removed": Counter(data["removed"])})
