"""A jurisdiction's profile as values: what may be examined, what is due when, what is kept how long, who is told.

Everything is examined unless a profile says otherwise, and what is not examined is said to be so, with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from seawall.policy.guard.facts import CheckKind


class Grade(StrEnum):
    """How good a source is."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from.

    Attributes:
        text: The statute, section or account.
        read_on: When it was read.
        grade: How good it is.
        since: Since when it applies, if known.
    """

    text: str
    read_on: date
    grade: Grade
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """Who is told.

    Attributes:
        id: Its id here.
        name: Its name.
        country: Where.
    """

    id: str
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """What is due, and when.

    Attributes:
        id: Its id.
        event: What starts the clock.
        within: How long there is; None if the law gives no number, `wording` then says what it says.
        wording: The law's measure, in short.
        authority: To whom; None if nobody is told.
        source: Where this comes from.
    """

    id: str
    event: str
    within: timedelta | None
    wording: str
    authority: Authority | None
    source: Source

    def due(self, started: datetime) -> datetime | None:
        """Return when it is due if the clock started at a moment; None if the law gives no number."""
        return started + self.within if self.within is not None else None


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept, and how long.

    Attributes:
        id: Its id.
        of: What is kept.
        start: What starts the clock.
        keep: How long.
        destroy_after: Whether it has to be destroyed then, unless a court orders otherwise.
        wording: The law's measure, in short.
        source: Where this comes from.
    """

    id: str
    of: str
    start: str
    keep: timedelta
    destroy_after: bool
    wording: str
    source: Source

    def until(self, started: datetime) -> datetime:
        """Return until when it is kept if the clock started at a moment."""
        return started + self.keep


@dataclass(frozen=True, slots=True)
class PrivateMessages:
    """What a jurisdiction says of private messages between people.

    Attributes:
        examine: Whether they may be examined.
        reason: Id of the reason that a check gives if not.
        kinds: Kinds of check that this is about; what a model makes is no message between people.
        wording: Why, in short.
        source: Where this comes from.
    """

    examine: bool
    reason: str
    kinds: frozenset[CheckKind]
    wording: str
    source: Source


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """Who switched the examination of private messages on or off, when, and on what ground."""

    examine: bool
    basis: str
    person: str
    on: date


@dataclass(frozen=True, slots=True)
class Scope:
    """Whether a check may look.

    Attributes:
        examined: Whether it may.
        reason: Id of the reason why not; None if it may.
    """

    examined: bool
    reason: str | None = None


_EXAMINED = Scope(True)


@dataclass(frozen=True, slots=True)
class Profile:
    """What law asks in one jurisdiction.

    Attributes:
        code: ISO 3166-1 alpha-2, `EU`, or `DEFAULT`.
        name: Its name.
        authorities: Who is told.
        deadlines: What is due when.
        retention: What is kept how long.
        private_messages: What it says of private messages; None: nothing.
        private_surfaces: Surfaces that the operator declares private.
        decided: The operator's own decision on private messages.
    """

    code: str
    name: str
    authorities: tuple[Authority, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    retention: tuple[Retention, ...] = ()
    private_messages: PrivateMessages | None = None
    private_surfaces: frozenset[str] = frozenset()
    decided: LegalBasis | None = None

    def examines(self, kind: CheckKind, surface: str | None) -> Scope:
        """Say whether a check of this kind may look at what is on this surface."""
        rule = self.private_messages
        if surface is None or surface not in self.private_surfaces:
            return _EXAMINED
        examine = rule.examine if rule is not None else True
        kinds = rule.kinds if rule is not None else PRIVATE_KINDS
        if self.decided is not None:
            examine = self.decided.examine
        if examine or kind not in kinds:
            return _EXAMINED
        return Scope(False, rule.reason if rule is not None else f"jurisdiction:{self.code.lower()}.private_messages")

    def deadline(self, deadline_id: str) -> Deadline | None:
        """Return a deadline by its id."""
        return next((each for each in self.deadlines if each.id == deadline_id), None)


PRIVATE_KINDS = frozenset({CheckKind.INPUT, CheckKind.UPLOAD})
"""Kinds of check that can look at a message between people."""
