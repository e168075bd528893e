"""What can be done with an item, from the mildest to the most severe."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """An action on an item, in rising severity."""

    ALLOW = "allow"
    WARN = "warn"
    REVIEW = "review"
    BLOCK = "block"
    QUARANTINE = "quarantine"

    @property
    def severity(self) -> int:
        """Place in the order of severity, 0 for `allow`."""
        return list(Action).index(self)
