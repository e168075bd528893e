"""Which lists a service uses, and how they do: names and numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.canary.selection import CANARY_LIST


@dataclass(frozen=True, slots=True)
class ListStatus:
    """One list as it is in use.

    Attributes:
        name: Its name.
        purpose: What a match means; None if the list cannot be read.
        version: The version in use; None if the list cannot be read.
        at: When that version was published (RFC 3339).
        entries: Entries in it.
        types: Signal types that it holds.
        error: Code of why it cannot be read; None if it can.
    """

    name: str
    purpose: str | None = None
    version: int | None = None
    at: str | None = None
    entries: int = 0
    types: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ListsStatus:
    """The lists of a service.

    Attributes:
        lists: Each of them, the canaries last.
        age: Seconds since they were last looked at.
        stale: Whether that is too long ago.
        generation: How often what is in use has changed.
        error: Code of what went wrong last, of any list; None if nothing is wrong.
    """

    lists: tuple[ListStatus, ...]
    age: float
    stale: bool
    generation: int
    error: str | None

    @property
    def failed(self) -> bool:
        """Whether lookups can be relied on no more."""
        return self.stale or self.error is not None

    @property
    def real(self) -> bool:
        """Whether there is any list besides the canaries."""
        return any(each.name != CANARY_LIST for each in self.lists)
