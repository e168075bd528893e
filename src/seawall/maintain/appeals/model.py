"""What an appeal is, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Party(StrEnum):
    """Who appeals."""

    ACCOUNT = "account"
    """Whoever something was restricted for."""
    NOTIFIER = "notifier"
    """Whoever told of something, and was told that nothing is wrong with it."""


class AppealState(StrEnum):
    """How far an appeal has come."""

    OPEN = "open"
    """Somebody is asked to decide it."""
    WAITING = "waiting"
    """The case is being judged anew at this moment: what comes of that comes first."""
    UPHELD = "upheld"
    """The decision stands."""
    OVERTURNED = "overturned"
    """The appeal was right."""
    SUPERSEDED = "superseded"
    """Another decision took the place of the one that it was against."""

    @property
    def ended(self) -> bool:
        """Whether nobody works on it any more."""
        return self not in (AppealState.OPEN, AppealState.WAITING)


class Result(StrEnum):
    """What whoever decides an appeal may say."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"


@dataclass(frozen=True, slots=True)
class Ground:
    """A decision that somebody may appeal against.

    Attributes:
        decision_id, case_id: What was decided.
        party: Who may appeal.
        key: Tells parties of one kind apart.
        notice_id: The notifier's notice.
        begins: Since when the time for it runs, RFC 3339 in UTC; None if the party is not known to have been told.
        until: Until when an appeal is taken; None as long as the time does not run.
    """

    decision_id: str
    case_id: str
    party: Party
    key: str
    notice_id: str | None
    begins: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal as it is kept, without its words.

    Attributes:
        id: 32 hex digits.
        decision_id, case_id: What it is against.
        party, key, notice_id: Who appeals.
        first, second: Who made the decision; none of them decides the appeal.
        task_id: The task of deciding it.
        words: The vault object with what the party wrote; None if that is nothing.
        locale: In which language the party wants answers.
        filed_at: When it came, RFC 3339 in UTC.
        filed_by: Who of the operator's people filed it; None if the party did.
        window_until: Until when it could be filed; None if the time did not run yet.
        due_at: By when it is to be decided.
        state: How far it has come.
        decider: Who decided it.
        decided_at: When it ended.
        reason: Why, in the decider's words, as the party is told.
        result_id: The decision that took the place of the one that was wrong.
        drill: As the case.
    """

    id: str
    decision_id: str
    case_id: str
    party: Party
    key: str
    notice_id: str | None
    first: str
    second: str | None
    task_id: str | None
    words: str | None
    locale: str
    filed_at: str
    filed_by: str | None
    window_until: str | None
    due_at: str
    state: AppealState
    decider: str | None
    decided_at: str | None
    reason: str | None
    result_id: str | None
    drill: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What the holder of a receipt may know of one decision.

    Attributes:
        ground: The decision, and until when it can be appealed against.
        decided_at: When that was made.
        appeal: The appeal, if there is one.
        superseded: Whether another decision took its place.
        open: Whether an appeal would be taken now.
    """

    ground: Ground
    decided_at: str
    appeal: Appeal | None
    superseded: bool
    open: bool
