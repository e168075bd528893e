"""By when a notice is to be decided, and when an undecided one goes to somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from seawall.clock import to_iso
from seawall.deploy.notices.model import Lane, NewNotice
from seawall.deploy.notices.options import Clocks


@dataclass(frozen=True, slots=True)
class Due:
    """The clock of one notice.

    Attributes:
        at: When it is to be decided, RFC 3339 in UTC.
        ground: Why then.
        escalate_at: When it is escalated, if it is not done by then.
    """

    at: str
    ground: str
    escalate_at: str | None


def due(notice: NewNotice, lane: Lane, weight: float, clocks: Clocks, now: datetime) -> Due:
    """Return the clock of a notice: the shortest that applies.

    What a sender's record makes a notice weigh moves the clock of users' notices that concern no child, and no other.
    """
    applying = [getattr(clocks, lane.value)]
    if notice.imminent_danger:
        applying.append(clocks.imminent)
    if notice.child_safety:
        applying.append(clocks.child_safety)
    shortest = min(applying, key=lambda each: each.hours)
    hours = shortest.hours
    if lane is Lane.USER and not notice.child_safety and not notice.imminent_danger:
        hours = hours / weight
    escalations = [each.escalate for each in applying if each.escalate is not None]
    escalate = to_iso(now + timedelta(hours=min(escalations))) if escalations else None
    return Due(to_iso(now + timedelta(hours=hours)), shortest.ground, escalate)
