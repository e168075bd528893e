"""What an import changes: a pure comparison of what it says with what the list holds.

An entry is a value under an external key, or under none; a value that two sources' keys state is two entries. Entries
never change: when the source says something else about a value, the old entry is withdrawn and a new one is added, so
an entry id means one thing for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.matching.lists.batch import Wanted
from seawall.matching.lists.entries import NO_TYPE
from seawall.matching.lists.tables import Ids, Table

_NONE = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Existing:
    """What the list holds.

    Attributes:
        tables: Values by signal type.
        records: Facts by entry id (`entries.RECORD`).
        key_numbers: For entries under one of the batch's external keys: the number of that key.
        key_entries: The ids of those entries, ascending.
        label_numbers: The list's number for each label set of the batch, -1 where it is new.
        log: All entries that were ever withdrawn.
    """

    tables: Mapping[str, Table]
    records: NDArray[Any]
    key_numbers: NDArray[np.int64]
    key_entries: Ids
    label_numbers: NDArray[np.int64]
    log: Ids

    def live(self) -> Ids:
        """Return the ids of all entries, ascending."""
        ids = np.flatnonzero(self.records["type"] != NO_TYPE).astype(np.uint64)
        return np.setdiff1d(ids, self.log, assume_unique=True)

    def keys_of(self, entries: Ids) -> NDArray[np.int64]:
        """Return the number of each entry's key in the batch: -1 if it has no key, -2 if the batch lacks it."""
        found = np.where(self.records[entries]["keyed"] == 0, -1, -2)
        if len(self.key_entries):
            place = np.minimum(np.searchsorted(self.key_entries, entries), len(self.key_entries) - 1)
            found = np.where(self.key_entries[place] == entries, self.key_numbers[place], found)
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done.

    Attributes:
        additions: By signal type, what is added.
        withdrawn: Entries that are withdrawn, ascending.
        duplicates: Rows that are already there.
        relabelled: Additions that replace an entry because its labels changed.
    """

    additions: dict[str, Wanted]
    withdrawn: Ids
    duplicates: int = 0
    relabelled: int = 0

    def __bool__(self) -> bool:
        return bool(self.additions) or len(self.withdrawn) > 0

    @property
    def added(self) -> int:
        """Number of entries added."""
        return sum(len(part.order) for part in self.additions.values())


def compare(wanted: Mapping[str, Wanted], existing: Existing, *, replace: bool) -> Change:
    """Return what must change so that the list says what the batch says.

    Args:
        wanted: What the batch says, by signal type.
        existing: What the list holds.
        replace: The batch is everything: withdraw what it does not mention.
    """
    additions: dict[str, Wanted] = {}
    withdrawn, confirmed = [_NONE], [_NONE]
    duplicates = relabelled = 0
    for name, part in wanted.items():
        fresh = ~part.withdraw
        table = existing.tables.get(name)
        if table is not None and len(table):
            rows, entries = table.find(part.values)
            same = part.keys[rows] == existing.keys_of(entries)
            rows, entries = rows[same], entries[same]
            leaving = part.withdraw[rows]
            withdrawn.append(entries[leaving])
            rows, entries = rows[~leaving], entries[~leaving]
            outdated = existing.records[entries]["labels"] != existing.label_numbers[part.labels[rows]]
            withdrawn.append(entries[outdated])
            confirmed.append(entries[~outdated])
            fresh[rows[~outdated]] = False
            duplicates += int((~outdated).sum())
            relabelled += int(outdated.sum())
        if fresh.any():
            additions[name] = Wanted(
                part.values[fresh], part.keys[fresh], part.labels[fresh], part.order[fresh], part.withdraw[fresh]
            )
    kept = np.concatenate(confirmed)
    # The batch's latest word on a key is all there is to say about it.
    withdrawn.append(np.setdiff1d(existing.key_entries, kept))
    if replace:
        withdrawn.append(np.setdiff1d(existing.live(), kept))
    return Change(additions, np.unique(np.concatenate(withdrawn)), duplicates, relabelled)
