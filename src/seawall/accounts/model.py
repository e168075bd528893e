"""What is held against an account: strikes, restrictions with their inverses, and the facts that they follow from.

Facts are only ever added. A strike is taken back by a void, a restriction by its declared inverse.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RestrictionKind(StrEnum):
    """What may be done to an account, in rising severity. Each has an inverse."""

    WARN = "warn"
    COOLDOWN = "cooldown"
    FEATURE_OFF = "feature_off"
    SUSPEND = "suspend"
    BAN = "ban"

    @property
    def severity(self) -> int:
        """Place in the order of severity."""
        return list(RestrictionKind).index(self)

    @property
    def inverse(self) -> str:
        """The name of what takes it back."""
        return _INVERSES[self]


_INVERSES = {
    RestrictionKind.WARN: "withdraw_warning",
    RestrictionKind.COOLDOWN: "end_cooldown",
    RestrictionKind.FEATURE_OFF: "feature_on",
    RestrictionKind.SUSPEND: "reinstate",
    RestrictionKind.BAN: "unban",
}
_STANDING = {
    RestrictionKind.COOLDOWN: "cooldown",
    RestrictionKind.FEATURE_OFF: "feature_off",
    RestrictionKind.SUSPEND: "suspended",
    RestrictionKind.BAN: "banned",
}


class Decay(StrEnum):
    """How the points of a strike fade until it expires."""

    NONE = "none"
    LINEAR = "linear"
    HALF_LIFE = "half_life"


@dataclass(frozen=True, slots=True)
class Strike:
    """Points against an account.

    Attributes:
        id: The decision's id, or one of its own if a person gave it.
        account: The host's opaque reference.
        name: The strike class.
        points: What it weighs when it is new.
        decay: How that fades.
        half_life: Seconds in which half of it fades; only with `Decay.HALF_LIFE`.
        issued_at: Since when it counts, RFC 3339 in UTC.
        expires_at: Since when it counts nothing.
        ladder: Digest of the ladder that it was given by.
        decision_id: The decision that it follows from; None if a person gave it.
        person: Who gave it; None if it follows from a decision.
        reason: Why, in that person's words.
    """

    id: str
    account: str
    name: str
    points: int
    decay: Decay
    half_life: int | None
    issued_at: str
    expires_at: str
    ladder: str
    decision_id: str | None = None
    person: str | None = None
    reason: str | None = None

    def points_at(self, moment: str) -> float:
        """Return what it weighs at a moment, to a millionth."""
        if moment >= self.expires_at:
            return 0.0
        age = _seconds(self.issued_at, moment)
        if age <= 0 or self.decay is Decay.NONE:
            return float(self.points)
        if self.decay is Decay.LINEAR:
            return round(self.points * (1 - age / _seconds(self.issued_at, self.expires_at)), 6)
        return round(self.points * math.exp2(-age / (self.half_life or 1)), 6)


@dataclass(frozen=True, slots=True)
class Restriction:
    """What an account may not do, since when, and until when.

    Attributes:
        id: Its id; for one that follows from a strike, made from that strike's and what it does.
        account: The host's opaque reference.
        kind: What it is.
        feature: Which feature is off.
        starts_at: Since when.
        ends_at: Until when; None: until it is lifted. A warning ends when it starts.
        strike: The strike that it follows from; None if a person ordered it.
        ladder: Digest of the ladder, with `strike`.
        person: Who ordered it.
        reason: Why, in that person's words.
        link: The confirmed link by which it was inherited.
    """

    id: str
    account: str
    kind: RestrictionKind
    feature: str | None
    starts_at: str
    ends_at: str | None
    strike: str | None = None
    ladder: str | None = None
    person: str | None = None
    reason: str | None = None
    link: str | None = None

    @property
    def inverse(self) -> str:
        """The name of what takes it back."""
        return self.kind.inverse

    @property
    def standing(self) -> str | None:
        """The word by which policies know it: `banned`, `feature_off:image`; None for a warning."""
        word = _STANDING.get(self.kind)
        return f"{word}:{self.feature}" if self.feature is not None else word

    def holds_at(self, moment: str) -> bool:
        """Whether it holds at a moment, if it was not lifted."""
        return self.kind is not RestrictionKind.WARN and self.starts_at <= moment and not self.over_at(moment)

    def over_at(self, moment: str) -> bool:
        """Whether there is nothing left to lift at a moment; a warning stays on the account's record."""
        return self.kind is not RestrictionKind.WARN and self.ends_at is not None and self.ends_at <= moment


@dataclass(frozen=True, slots=True)
class Lift:
    """A restriction that was taken back.

    Attributes:
        id: Made from the restriction's: there is one lift of each.
        restriction: Which one.
        at: When.
        person: Who did it, or voided the strike that it followed from.
        reason: Why, in that person's words.
    """

    restriction: str
    at: str
    person: str
    reason: str

    @property
    def id(self) -> str:
        """The id of its own."""
        return derived_id("lift", self.restriction)


@dataclass(frozen=True, slots=True)
class Void:
    """A strike that was taken back.

    Attributes:
        strike: Which one.
        at: When.
        person: Who did it.
        reason: Why, in that person's words.
    """

    strike: str
    at: str
    person: str
    reason: str


Fact = Strike | Void | Restriction | Lift
"""One entry of an account's log. Restrictions and lifts that follow from strikes and voids are not entries."""


@dataclass(slots=True)
class AccountState:
    """Everything on one account.

    Attributes:
        account: The host's opaque reference.
        strikes: By id, in the order of giving.
        voids: By the strike's id.
        restrictions: By id, in the order of writing.
        lifts: By the restriction's id.
    """

    account: str
    strikes: dict[str, Strike] = field(default_factory=dict)
    voids: dict[str, Void] = field(default_factory=dict)
    restrictions: dict[str, Restriction] = field(default_factory=dict)
    lifts: dict[str, Lift] = field(default_factory=dict)

    def live(self, moment: str) -> list[Strike]:
        """Return the strikes that weigh something at a moment."""
        return [each for each in self.strikes.values() if each.id not in self.voids and each.expires_at > moment]

    def points(self, moment: str) -> float:
        """Return what they weigh together."""
        return round(sum(each.points_at(moment) for each in self.live(moment)), 6)

    def holding(self, moment: str) -> list[Restriction]:
        """Return the restrictions that hold at a moment."""
        found = self.restrictions.values()
        return [each for each in found if each.id not in self.lifts and each.holds_at(moment)]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was newly written, for the ledger and the outbox.

    Attributes:
        number: Which fact of the account led to it.
        restriction: The restriction that it is about.
        lift: How it was taken back; None if it is the restriction itself.
        decision_id: The decision behind it, if one is.
    """

    number: int
    restriction: Restriction
    lift: Lift | None
    decision_id: str | None


def derived_id(*parts: str) -> str:
    """Return an id made from others: 128 bits of SHA-256, in hex."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


def _seconds(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
