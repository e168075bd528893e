"""What goes into the book of accounts from decisions, and what comes out for those who keep a copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seawall.accounts.ladder import Ladder
from seawall.accounts.model import Restriction


@dataclass(frozen=True, slots=True)
class Deserved:
    """A strike that a decision asks for.

    Attributes:
        decision_id: The decision.
        account: The host's opaque reference.
        name: The strike class.
        at: When it was decided.
    """

    decision_id: str
    account: str
    name: str
    at: str


@dataclass(frozen=True, slots=True)
class News:
    """What changed since somebody last looked.

    Attributes:
        clock: How many changes of restrictions there ever were.
        everything: Whether `holding` is all there is, and not only that of the changed.
        changed: Accounts whose restrictions changed.
        holding: Their restrictions that hold now or later.
        ladder: The active ladder.
    """

    clock: int
    everything: bool
    changed: Sequence[str]
    holding: Sequence[Restriction]
    ladder: Ladder
