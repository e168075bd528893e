"""What wellness answers with, and what it needs of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from seawall.cases.model import Task
from seawall.maintain.review.wellness.lattice import Limits, Preset
from seawall.maintain.review.wellness.load import Reason
from seawall.vault.viewing.model import Exposure


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether somebody may take something on. True if so.

    Attributes:
        reasons: Why not.
        until: When to ask again, if that is known.
    """

    reasons: tuple[Reason, ...] = ()
    until: datetime | None = None

    @property
    def why(self) -> str:
        """Why not, in words; empty if nothing is against it."""
        return "; ".join(each.words for each in self.reasons)

    def __bool__(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Next:
    """What kind of task comes next.

    Attributes:
        anything: Whether any task may be given out now.
        exclude_severe: Whether it must not be severe.
        exclude: Categories that are not taken.
        reasons: Why, as values.
        until: When to ask again, if nothing may be given out.
    """

    anything: bool
    exclude_severe: bool
    exclude: frozenset[str] = frozenset()
    reasons: tuple[Reason, ...] = ()
    until: datetime | None = None

    @property
    def why(self) -> str:
        """Why, in words; empty if nothing is left out."""
        return "; ".join(each.words for each in self.reasons)


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What holds for one person.

    Attributes:
        presets: By harm type, as the floor names them, and as they named more.
        limits: How much, and for how long.
        chosen: What they chose themselves: `presets.csam.blur`, `limits.day_units`, ...
    """

    presets: Mapping[str, Preset]
    limits: Limits
    chosen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stopped:
    """What `stop` did.

    Attributes:
        released: Ids of the tasks that were given back, each with its draft kept.
        at: When; a break runs from then on.
    """

    released: tuple[str, ...]
    at: datetime


class Viewing(Protocol):
    """Tells what was shown to one person; `seawall.vault.viewing.ViewingRecord` does."""

    def exposures(self, user: str, since: datetime | str) -> Sequence[Exposure]:
        """Return it, from a moment on."""
        ...


class Leases(Protocol):
    """Gives tasks back; the desk does."""

    def held(self, user_id: str) -> Sequence[Task]:
        """Return the tasks that somebody holds."""
        ...

    def release(
        self, task_id: str, user_id: str, token: int, *, reason: str, draft: Mapping[str, Any] | None = None
    ) -> object:
        """Give one back."""
        ...
