"""What a list parser yields, and the tally of what it could not use.

Every row of a file is either yielded or tallied as bad or unsupported, so the counts of an import add up. A tally holds
reasons and line numbers, never a value.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

_LINES_KEPT = 5
_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")


class Action(StrEnum):
    """What a row asks for."""

    ADD = "add"
    WITHDRAW = "withdraw"


class BadRow(StrEnum):
    """Why a row could not be read."""

    MALFORMED = "malformed value"
    UNKNOWN_LENGTH = "no type has this length"
    FIELDS = "missing or malformed field"
    TOO_LONG = "line too long"
    NO_KEY = "no member id or entry id"
    UNKNOWN_STATUS = "unknown status"


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a list.

    Attributes:
        type: Signal type; empty when a withdrawal names a `key` and so every value under it.
        value: Parsed value; empty likewise.
        key: Identity that the list's source gives (an entry's member and id), or None when the value is the identity.
        labels: What the source says about it.
        action: Add it, or withdraw it.
        quality: 0..100 if the source states it.
        at: When the source last changed it (seconds since 1970), 0 if unstated; the latest statement of a file wins.
    """

    type: str
    value: bytes
    key: str | None = None
    labels: tuple[str, ...] = ()
    action: Action = Action.ADD
    quality: int | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class ValueBlock:
    """Many rows at once: values of one type to add, without key, labels or quality.

    Attributes:
        type: Signal type.
        values: uint8 array (rows, bytes in a value).
    """

    type: str
    values: NDArray[np.uint8]


@dataclass(slots=True)
class Tally:
    """Counts of the rows that a parser did not yield, and of the types that it had to infer.

    Attributes:
        bad: Rows by reason.
        lines: Line numbers (1-based) of the first few bad rows, by reason.
        unsupported: Rows by signal type that is not installed; names that do not look like a type count as "other".
        inferred: Values whose type was told by length alone, by type.
    """

    bad: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)
    unsupported: Counter[str] = field(default_factory=Counter)
    inferred: Counter[str] = field(default_factory=Counter)

    def reject(self, reason: BadRow, line: int) -> None:
        """Count a bad row."""
        self.bad[reason.value] += 1
        kept = self.lines.setdefault(reason.value, [])
        if len(kept) < _LINES_KEPT:
            kept.append(line)

    def skip(self, type_name: str) -> None:
        """Count a row of a signal type that is not installed."""
        # A value in the wrong column must not be repeated as if it were the name of a type.
        self.unsupported[type_name if _TYPE_NAME.fullmatch(type_name) else "other"] += 1
