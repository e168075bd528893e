"""What the server is made of: everything that its routes ask, given from outside, so that tests can stand in for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from seawall.decisions import DecisionRecord
from seawall.deploy.guard.contract import Checks, Media
from seawall.deploy.guard.contract import Message as Said
from seawall.deploy.guard.lists import ListsStatus
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.deploy.prevention.door import Choice
from seawall.hashing.registry import SignalTypes
from seawall.matching import Match
from seawall.policy.guard import Facts, Judgement
from seawall.store.outbox import Message
from seawall.web.body import Limits
from seawall.web.instruments import Instruments
from seawall.web.keys.model import ApiKey

if TYPE_CHECKING:
    from seawall.deploy.notices import Notices
    from seawall.maintain.appeals import Appeals
    from seawall.maintain.statements import Statements
    from seawall.web.review.console import Console
    from seawall.web.sessions.desk import Sessions


class Verifier(Protocol):
    """Says whose key it is."""

    def verify(self, token: str) -> ApiKey | None:
        """Return the key, if it is accepted now."""
        ...


class Lookups(Protocol):
    """Looks hash values up in lists."""

    def search(
        self,
        type_name: str,
        values: Sequence[bytes],
        *,
        lists: Collection[str] | None = None,
        max_distance: int | None = None,
    ) -> list[list[Match]]:
        """Return the matches of each value."""
        ...

    def status(self) -> ListsStatus:
        """Return which lists are in use, and what is wrong with any."""
        ...


class Decisions(Protocol):
    """Records decisions, and finds them again."""

    def new_id(self) -> str:
        """Return an id that sorts by time."""
        ...

    def digest(self, parts: Sequence[bytes]) -> str:
        """Return a keyed digest."""
        ...

    def get(self, decision_id: str) -> DecisionRecord | None:
        """Return a decision by its id."""
        ...

    def record(self, records: Sequence[DecisionRecord]) -> list[DecisionRecord]:
        """Record decisions, durably when this returns."""
        ...

    def now(self) -> str:
        """Return the moment, as records carry it."""
        ...


@dataclass(frozen=True, slots=True)
class Hashed:
    """The hashes of one medium.

    Attributes:
        shown: Text of each hash, by signal type, as HMA gives them.
        sought: The values to look up, by signal type: of a picture, in all eight orientations.
    """

    shown: Mapping[str, str]
    sought: Mapping[str, Sequence[bytes]]


class Hashes(Protocol):
    """Computes the hashes of a medium."""

    def hashes(self, media: Media) -> Hashed:
        """Return the hashes of a picture or a video.

        Raises:
            MediaError: If it cannot be decoded.
        """
        ...


class Remote(Protocol):
    """Fetches a medium from a host that the operator allows."""

    def fetch(self, url: str, limit: int) -> Media:
        """Return the bytes under an address.

        Raises:
            SeawallError: If it is not allowed, or cannot be fetched.
        """
        ...


class Prevention(Protocol):
    """Takes what readers of prevention messages did."""

    def clicked(self, message: str) -> None:
        """Count that a link was followed; raises `NotFound` if there is no such message."""
        ...

    def chosen(self, message: str, choice: Choice, country: str | None) -> Said:
        """Return what to show those whom a reader counts themselves among, and count it."""
        ...


Acknowledge = Callable[[str], Message]
"""Says that an effect has happened; raises `NotFound`, or `UsageError` if a person gave it up."""

Judge = Callable[[str, Facts], Judgement]
"""Judges facts by the policy that is in force for an account."""

Probe = Callable[[], str | None]
"""Returns the code of what is wrong, or None. Called in a thread."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a server.

    Attributes:
        checks: What is checked, and how; None where programs are not served.
        keys: Verifies API keys.
        decisions: Records and finds decisions.
        lists: The hash lists.
        judge: Judges the facts of a batch of hashes.
        acknowledge: Notes that an effect has happened.
        types: Known signal types.
        hashes: Computes hashes of uploads for the HMA-compatible endpoints.
        instruments: Metrics.
        budget: Memory that all uploads share.
        limits: What one request may take.
        probes: What must be well for the server to be ready, by name.
        remote: Fetches for `url=`; None if no host is allowed.
        prevention: Counts what readers of messages did; None if there are no messages.
        surfaces: What is served: `api`, `public`, `console`.
        notices: What people tell of; None if nothing is taken.
        appeals: What parties ask to be looked at again; None where nothing can be.
        statements: What accounts are told of decisions; given together with the appeals.
        sessions: How people sign in; None if nobody can.
        console: What the review console shows; None if there is none.
        loopback: Whether the server is bound to this machine alone.
        hma_open: Whether the HMA-compatible endpoints answer without a key; on loopback alone.
    """

    checks: Checks | None
    keys: Verifier
    decisions: Decisions
    lists: Lookups
    judge: Judge
    acknowledge: Acknowledge
    types: SignalTypes
    hashes: Hashes
    instruments: Instruments
    budget: MediaBudget
    limits: Limits = field(default_factory=Limits)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    remote: Remote | None = None
    prevention: Prevention | None = None
    surfaces: frozenset[str] = frozenset({"api"})
    notices: Notices | None = None
    appeals: Appeals | None = None
    statements: Statements | None = None
    sessions: Sessions | None = None
    console: Console | None = None
    loopback: bool = True
    hma_open: bool = False
