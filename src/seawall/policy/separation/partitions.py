"""The six sides of the separation, and how far each is from being trained on.

The order is the order of contracts: a near-duplicate cluster takes the side of its worst member.
"""

from __future__ import annotations

from enum import StrEnum


class Partition(StrEnum):
    """The side on which an item is put. Every item is on exactly one."""

    CHILD_DEPICTION = "child_depiction"
    ADULT_SEXUAL = "adult_sexual"
    SEXUAL_AGE_UNKNOWN = "sexual_age_unknown"
    NEITHER = "neither"
    BOTH = "both"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> int:
        """Place in the order of severity, 0 for `neither`, 5 for `both`."""
        return _RISING.index(self)


_RISING = (
    Partition.NEITHER,
    Partition.CHILD_DEPICTION,
    Partition.UNKNOWN,
    Partition.ADULT_SEXUAL,
    Partition.SEXUAL_AGE_UNKNOWN,
    Partition.BOTH,
)

NEVER_TRAINED = frozenset({Partition.BOTH, Partition.SEXUAL_AGE_UNKNOWN, Partition.UNKNOWN})
"""Sides that no policy may put into a training set."""

NEVER_TOGETHER = frozenset({Partition.CHILD_DEPICTION, Partition.ADULT_SEXUAL})
"""Sides that no policy may put into one training set."""
