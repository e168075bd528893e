"""A report as it stands, and what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from seawall.maintain.authorities.ncmec.environment import EnvironmentName


class ReportState(StrEnum):
    """How far a report has come."""

    DRAFT = "draft"
    """It waits for approvals, or for what makes it right."""
    APPROVED = "approved"
    """It is filed next."""
    FILING = "filing"
    """A report is, or may be, open at the authority."""
    FILED = "filed"
    FILED_MANUALLY = "filed_manually"
    """A person filed it in another way, and gave the receipt."""
    NEEDS_REPAIR = "needs_repair"
    """The authority, or a check before it, refuses it: a person mends it, and it is drafted anew."""
    PAUSED = "paused"
    """The authority does not let us in."""
    STOPPED = "stopped"
    """Something happened that should not: a person decides."""
    JOINED = "joined"
    """Another report says the same."""
    WITHDRAWN = "withdrawn"
    """What it rests on does not stand any more."""
    REFUSED = "refused"
    """Nothing of the case can be reported to this authority."""


OVER = frozenset(
    {
        ReportState.FILED,
        ReportState.FILED_MANUALLY,
        ReportState.JOINED,
        ReportState.WITHDRAWN,
        ReportState.REFUSED,
    }
)
CHANGEABLE = frozenset(
    {ReportState.DRAFT, ReportState.APPROVED, ReportState.NEEDS_REPAIR, ReportState.STOPPED, ReportState.PAUSED}
)

YES_OR_NO = ("yes", "no")
ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "escalate": "why somebody may be in danger now; `no` takes it back. Its being there is what escalates",
        "low_score": "why it is sent though it says little",
        "compromised_account": "yes or no: did somebody else use the account?",
        "self_production": "yes or no: may the depicted have made it themselves?",
        "minor_to_minor": "yes or no: is it between minors?",
    }
)
"""What a person confirms that no record says. The first two are words, the others yes or no."""

WORDS = frozenset({"escalate", "low_score"})
MOST_WORDS = 3000


@dataclass(frozen=True, slots=True)
class Approval:
    """That somebody approved what would be sent.

    Attributes:
        person: User id, or `policy`.
        via: How they were known: `session`, `token`, or `policy`.
        at: RFC 3339 in UTC.
    """

    person: str
    via: str
    at: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it stands.

    Attributes:
        id: 32 hex digits.
        case_id, draft_id: What it is about, and what asked for it.
        authority: Who it goes to.
        environment: `test` for drills, `production` for everything else; never the other way.
        event_class: What sort of event.
        state: How far it has come.
        why: What keeps it there, in a word.
        edition: How often it was drafted.
        digest: Of the documents as they are sent; None if there are none.
        faults: How many things are wrong with it, so that it cannot be sent.
        score: How complete it is, 0 to 100.
        informational: Whether nobody can act on it; counted apart.
        imminent: Whether somebody may be in danger now: a person says whether it is urgent.
        escalated: Whether it is urgent.
        made_at, filed_at: RFC 3339 in UTC.
        remote_id: The authority's id: the receipt.
        complete: Whether all files and details are there, as far as the authority told.
        joined_to: The report that says the same.
        due_at: When it is tried next.
        alarms: How often people were told that it does not get through.
        approvals: Of this edition.
    """

    id: str
    case_id: str
    draft_id: str
    authority: str
    environment: EnvironmentName
    event_class: str
    state: ReportState
    why: str | None
    edition: int
    digest: str | None
    documents: str | None
    faults: int
    score: int
    informational: bool
    imminent: bool
    escalated: bool
    viewed: bool
    made_at: str
    filed_at: str | None
    remote_id: str | None
    complete: bool | None
    joined_to: str | None
    due_at: str | None
    alarms: int
    approvals: tuple[Approval, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values; nothing of what it says."""
        return {
            "id": self.id,
            "case": self.case_id,
            "authority": self.authority,
            "environment": self.environment.value,
            "event_class": self.event_class,
            "state": self.state.value,
            "why": self.why,
            "edition": self.edition,
            "digest": self.digest,
            "faults": self.faults,
            "score": self.score,
            "informational": self.informational,
            "imminent": self.imminent,
            "escalated": self.escalated,
            "made_at": self.made_at,
            "filed_at": self.filed_at,
            "receipt": self.remote_id,
            "complete": self.complete,
            "joined_to": self.joined_to,
            "due_at": self.due_at,
            "alarms": self.alarms,
            "approvals": [{"person": each.person, "via": each.via, "at": each.at} for each in self.approvals],
        }
