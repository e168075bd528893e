"""Counting decisions by the hour, and sealing an hour's counts into the ledger.

Counts are written with the decisions that they count. A sealed hour takes no more: whoever comes late is counted in the
next hour that is open, so the sum over all hours is exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select, update

from seawall.clock import to_iso
from seawall.decisions.record import DecisionRecord
from seawall.ledger import Ledger
from seawall.store import insert_new, insert_or_add
from seawall.store.tables import decision_count, decision_hour

GRACE = timedelta(minutes=2)
"""How long after its end an hour still waits for decisions that are being written."""

_HOUR = "%Y-%m-%dT%H"
_STEP = timedelta(hours=1)
_HELD = select(decision_hour.c.sealed_at).where(decision_hour.c.hour == bindparam("held")).with_for_update(read=True)


def hour_of(moment: datetime) -> str:
    """Return the hour in UTC, as `2026-11-23T03`."""
    return to_iso(moment)[:13]


def count(connection: Connection, writer: str, moment: datetime, records: Sequence[DecisionRecord]) -> str:
    """Count decisions in the hour of a moment, or in the next one that is open; return that hour."""
    hour = hour_of(moment)
    while not _open(connection, hour):
        hour = (datetime.strptime(hour, _HOUR) + _STEP).strftime(_HOUR)  # noqa: DTZ007 (an hour in UTC, and one more)
    counted = Counter((record.kind.value, record.action.value, int(record.drill)) for record in records)
    rows = [
        {"hour": hour, "writer": writer, "kind": kind, "action": action, "drill": drill, "n": n}
        for (kind, action, drill), n in sorted(counted.items())
    ]
    insert_or_add(connection, decision_count, rows, "n")
    return hour


def seal(connection: Connection, ledger: Ledger, now: datetime) -> int:
    """Write the counts of every hour that is over into the ledger; return how many hours that were."""
    over = hour_of(now - GRACE)
    waiting = select(decision_hour.c.hour).where(decision_hour.c.sealed_at.is_(None), decision_hour.c.hour < over)
    hours = connection.execute(waiting.order_by(decision_hour.c.hour).with_for_update()).scalars().all()
    for hour in hours:
        by = decision_count.c.kind, decision_count.c.action, decision_count.c.drill
        totals = select(*by, func.sum(decision_count.c.n)).where(decision_count.c.hour == hour).group_by(*by)
        counts = [
            {"kind": kind, "action": action, "drill": bool(drill), "n": int(n)}
            for kind, action, drill, n in connection.execute(totals.order_by(*by))
        ]
        ledger.record(connection, "guard.hour", f"guard.hour/{hour}", {"hour": hour, "counts": counts})
    if hours:
        done = update(decision_hour).where(decision_hour.c.hour.in_(hours))
        connection.execute(done.values(sealed_at=to_iso(now)))
    return len(hours)


def _open(connection: Connection, hour: str) -> bool:
    """Hold an hour open for the length of the transaction, if it is not sealed."""
    row = connection.execute(_HELD, {"held": hour}).first()
    if row is None:
        insert_new(connection, decision_hour, [{"hour": hour}])
        row = connection.execute(_HELD, {"held": hour}).first()
    return row is not None and row.sealed_at is None
