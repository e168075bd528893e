"""Figures of notices: how many, how soon, how precise. Drills stay out; a removal counts when it was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from seawall.deploy.notices import _rows
from seawall.deploy.notices.model import Lane, NoticeOutcome, StoredNotice
from seawall.store import Store
from seawall.store.tables import notice as table

_PAGE = 500
_DAY = 24.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one way, over a time.

    Attributes:
        received, decided, upheld, not_upheld, duplicates: How many notices.
        in_time: Decided by the moment that was promised.
        removals: Notices after which something was to be removed.
        removed: Of them, those where it is known to be gone.
        removed_within_24h: Of them, those where it was known within 24 hours.
        removed_within_48h: The same within 48 hours.
        median_hours: From receipt to decision; None if nothing was decided.
        precision: Share of decided notices that were upheld; duplicates count neither way.
    """

    received: int
    decided: int
    upheld: int
    not_upheld: int
    duplicates: int
    in_time: int
    removals: int
    removed: int
    removed_within_24h: int
    removed_within_48h: int
    median_hours: float | None
    precision: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return them as plain JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def figures(
    store: Store,
    *,
    lane: Lane | None = None,
    flagger: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Figures:
    """Return the figures of notices that were received within a time.

    Args:
        store: The database.
        lane: Only those of one way.
        flagger: Only those of one flagger, by id.
        since: From this moment on, RFC 3339 in UTC.
        until: Before this moment.
    """
    conditions: list[Any] = [table.c.drill.is_(False)]
    if lane is not None:
        conditions.append(table.c.lane == lane.value)
    if flagger is not None:
        conditions.append(table.c.flagger == flagger)
    if since is not None:
        conditions.append(table.c.received_at >= since)
    if until is not None:
        conditions.append(table.c.received_at < until)
    return _count(list(_all(store, conditions)))


def _all(store: Store, conditions: Sequence[Any]) -> Iterator[StoredNotice]:
    last: str | None = None
    while True:
        with store.read() as connection:
            found = _rows.page(connection, *conditions, after=last, limit=_PAGE)
        yield from found
        if len(found) < _PAGE:
            return
        last = found[-1].id


def _count(notices: Sequence[StoredNotice]) -> Figures:
    decided = [each for each in notices if each.decided_at is not None]
    by_outcome = {outcome: sum(each.outcome is outcome for each in decided) for outcome in NoticeOutcome}
    judged = by_outcome[NoticeOutcome.UPHELD] + by_outcome[NoticeOutcome.NOT_UPHELD]
    gone = [_hours(each.received_at, each.removed_at) for each in notices if each.removed_at is not None]
    taken = [_hours(each.received_at, each.decided_at) for each in decided if each.decided_at is not None]
    return Figures(
        received=len(notices),
        decided=len(decided),
        upheld=by_outcome[NoticeOutcome.UPHELD],
        not_upheld=by_outcome[NoticeOutcome.NOT_UPHELD],
        duplicates=by_outcome[NoticeOutcome.DUPLICATE],
        in_time=sum(each.decided_at is not None and each.decided_at <= each.due_at for each in decided),
        removals=sum(each.removal for each in notices),
        removed=len(gone),
        removed_within_24h=sum(hours <= _DAY for hours in gone),
        removed_within_48h=sum(hours <= 2 * _DAY for hours in gone),
        median_hours=round(median(taken), 2) if taken else None,
        precision=round(by_outcome[NoticeOutcome.UPHELD] / judged, 4) if judged else None,
    )


def _hours(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600
