"""A hold as it stands, what it comes to for an object, and what a purge did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from seawall.vault.retention.clocks import Keeps


class HoldKind(StrEnum):
    """Where a hold comes from."""

    FINDING = "finding"
    """Something was found: kept until a report is received, or a verdict says that nothing is to be reported."""
    CLOCK = "clock"
    """A law says how long."""
    KEPT = "kept"
    """A person, or a request of an authority, keeps it for longer, with a ground."""


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """One reason to keep an object.

    Attributes:
        id: 32 hex digits.
        object: The vault object.
        case: The case that it belongs to.
        kind: Where it comes from.
        keeps: The object, or its reference alone.
        ground: Why, in words.
        begun_at: When, RFC 3339 in UTC.
        until: When it ends by itself; None if nothing but a receipt or a verdict ends it.
        clock, place: Which clock, of which country.
        receipt: The receipt that started the clock.
        person: Who keeps it for longer.
        ended_at, ended_why: When a finding's hold ended, and by what.
    """

    id: str
    object: str
    case: str | None
    kind: HoldKind
    keeps: Keeps
    ground: str
    begun_at: str
    until: str | None = None
    clock: str | None = None
    place: str | None = None
    receipt: str | None = None
    person: str | None = None
    ended_at: str | None = None
    ended_why: str | None = None

    def stands(self, now: str) -> bool:
        """Whether it keeps something at a moment, RFC 3339 in UTC to the microsecond."""
        return self.ended_at is None and (self.until is None or now < self.until)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "id": self.id,
            "object": self.object,
            "case": self.case,
            "kind": self.kind.value,
            "keeps": self.keeps.value,
            "ground": self.ground,
            "begun_at": self.begun_at,
            "until": self.until,
            "clock": self.clock,
            "place": self.place,
            "receipt": self.receipt,
            "person": self.person,
            "ended_at": self.ended_at,
            "ended_why": self.ended_why,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """What the holds of one object come to.

    Attributes:
        object: The vault object.
        winner: The hold that keeps it longest; None if it may be destroyed.
        others: The other holds that keep it.
        passed_over: In words, each duty to destroy that the winner goes before.
        ordered: Whether a lawful order to destroy goes before all of them.
        destroyed_at: When it was destroyed, if it was.
    """

    object: str
    winner: HoldRecord | None
    others: tuple[HoldRecord, ...] = ()
    passed_over: tuple[str, ...] = ()
    ordered: bool = False
    destroyed_at: str | None = None

    @property
    def words(self) -> str:
        """Return in words why it is kept and until when, or that it may be destroyed."""
        if self.destroyed_at is not None:
            return f"destroyed at {self.destroyed_at[:19]}Z"
        if self.ordered:
            return "to be destroyed: a lawful order goes before every hold"
        if self.winner is None:
            return "may be destroyed: no hold stands"
        if self.winner.until is None:
            return f"kept until a report is received or a verdict given: {self.winner.ground}"
        return f"kept until {self.winner.until[:19]}Z: {self.winner.ground}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "object": self.object,
            "words": self.words,
            "until": self.winner.until if self.winner else None,
            "winner": self.winner.to_dict() if self.winner else None,
            "others": [each.to_dict() for each in self.others],
            "passed_over": list(self.passed_over),
            "ordered": self.ordered,
            "destroyed_at": self.destroyed_at,
        }


@dataclass(frozen=True, slots=True)
class DestroyOrder:
    """A lawful order to destroy.

    Attributes:
        object: What is to be destroyed.
        reference: How the authority calls it.
        document: The vault object that keeps the order itself.
        sha256: Digest of that document.
        first, second: The two persons who carry it out.
        reason: On what ground.
        at: When it was entered, RFC 3339 in UTC.
    """

    object: str
    reference: str
    document: str
    sha256: str
    first: str
    second: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge did.

    Attributes:
        destroyed: Objects that it destroyed, or whose destruction it finished.
        held: Objects that a hold was put on meanwhile.
    """

    destroyed: tuple[str, ...]
    held: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Return it as counts."""
        return {"destroyed": len(self.destroyed), "held": len(self.held)}
