"""How urgent a case is: a number, the words for it, and the moment at which it stands in its queue.

Pure. What waiting is worth grows evenly for all, so the order of two cases never changes by waiting alone: it is kept
as one moment, `turn`, by which an index sorts. No case stands further back than its opening, nor further ahead than
the policy's longest lead: whatever comes later than that cannot overtake it, and so nothing starves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from seawall.cases.model import Severity
from seawall.cases.policy import Order, Queue, Weights

_HOUR = 3_600_000
_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands.

    Attributes:
        points: What it is worth before any waiting.
        turn: Where it stands in its queue, in milliseconds since 1970; the smallest comes first.
        why: The points in words, a phrase for each thing that made them.
    """

    points: float
    turn: int
    why: tuple[str, ...]


def milliseconds(moment: str) -> int:
    """Return a recorded moment as milliseconds since 1970."""
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


def stand(
    weights: Weights,
    queue: Queue,
    *,
    severity: Severity,
    imminent: bool,
    findings: int,
    reach: int,
    opened_at: str,
    due_at: str | None,
) -> Standing:
    """Return how a case stands.

    Args:
        weights: What a priority is made of.
        queue: Where it waits.
        severity: How grave it may be.
        imminent: Whether somebody may be in danger now.
        findings: How many findings followed on each other.
        reach: How many people may have seen it.
        opened_at: When it was opened.
        due_at: When it must be decided, if something says so.
    """
    points = weights.severity[severity]
    why = [f"severity {severity.name.lower()}: {points:g} points"]
    if imminent:
        points *= weights.imminent
        why.append(f"somebody may be in danger now: times {weights.imminent:g}")
    if findings >= weights.ongoing_findings:
        points *= weights.ongoing
        why.append(f"it goes on, {findings} findings one after another: times {weights.ongoing:g}")
    if reach > 1:
        factor = min(1 + weights.reach * math.log10(reach), max(1.0, weights.reach_most))
        points *= factor
        why.append(f"up to {reach:,} people may have seen it: times {factor:.2g}")
    opened = milliseconds(opened_at)
    lead = int(weights.longest_hours * _HOUR)
    if imminent:
        turn = opened - lead
        why.append("it comes before all that are not, whatever their queue")
    elif queue.order is Order.OLDEST:
        turn = opened
        why.append("the queue goes by age alone")
    elif queue.order is Order.DUE:
        turn = milliseconds(due_at) - queue.sla_minutes * _MINUTE if due_at is not None else opened
        why.append("the queue goes by what is due first")
    else:
        turn = opened - int(points / weights.relief * _HOUR)
    return Standing(round(points, 3), max(min(turn, opened), opened - lead), tuple(why))


def waited(weights: Weights, points: float, opened_at: str, now: datetime) -> tuple[float, str | None]:
    """Return the priority with what waiting is worth, and the words for that; None if it is worth nothing yet."""
    hours = max(0.0, (now.timestamp() * 1000 - milliseconds(opened_at)) / _HOUR)
    gained = hours * weights.relief
    return round(points + gained, 3), f"waits for {hours:.1f} h: plus {gained:.1f}" if gained >= 0.1 else None
