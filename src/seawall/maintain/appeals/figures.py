"""Figures of appeals, for whoever reports on them: how many, how soon, how often they were right. Drills stay out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from seawall.maintain.appeals import _rows
from seawall.maintain.appeals.model import Appeal, AppealState, Party
from seawall.store import Store
from seawall.store.tables import appeal as table

_PAGE = 500
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the appeals that were filed within a time.

    Attributes:
        filed, open, waiting, upheld, overturned, superseded: How many.
        in_time: Decided by the moment that was promised.
        late: Open or waiting, and that moment is past.
        median_days: From filing to decision; None if nothing was decided.
        overturned_share: Share of decided appeals that were right; what was superseded counts neither way.
    """

    filed: int
    open: int
    waiting: int
    upheld: int
    overturned: int
    superseded: int
    in_time: int
    late: int
    median_days: float | None
    overturned_share: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return them as plain JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def figures(
    store: Store, *, now: str, party: Party | None = None, since: str | None = None, until: str | None = None
) -> Figures:
    """Return the figures of appeals.

    Args:
        store: The database.
        now: The present moment, RFC 3339 in UTC.
        party: Only those of one kind of party.
        since: Filed from this moment on.
        until: Filed before this moment.
    """
    conditions: list[Any] = [table.c.drill.is_(False)]
    if party is not None:
        conditions.append(table.c.party == party.value)
    if since is not None:
        conditions.append(table.c.filed_at >= since)
    if until is not None:
        conditions.append(table.c.filed_at < until)
    counts = dict.fromkeys(AppealState, 0)
    in_time = late = 0
    days: list[float] = []
    last: str | None = None
    while True:
        with store.read() as connection:
            found = _rows.many(connection, *conditions, after=last, limit=_PAGE)
        for each in found:
            counts[each.state] += 1
            if each.decider is not None and each.decided_at is not None:
                days.append(_days(each))
                in_time += each.decided_at <= each.due_at
            elif not each.state.ended:
                late += each.due_at < now
        if len(found) < _PAGE:
            break
        last = found[-1].id
    decided = counts[AppealState.UPHELD] + counts[AppealState.OVERTURNED]
    return Figures(
        filed=sum(counts.values()),
        open=counts[AppealState.OPEN],
        waiting=counts[AppealState.WAITING],
        upheld=counts[AppealState.UPHELD],
        overturned=counts[AppealState.OVERTURNED],
        superseded=counts[AppealState.SUPERSEDED],
        in_time=in_time,
        late=late,
        median_days=round(median(days), 2) if days else None,
        overturned_share=round(counts[AppealState.OVERTURNED] / decided, 4) if decided else None,
    )


def _days(appeal: Appeal) -> float:
    end = datetime.fromisoformat(appeal.decided_at or appeal.filed_at)
    return (end - datetime.fromisoformat(appeal.filed_at)).total_seconds() / _DAY
