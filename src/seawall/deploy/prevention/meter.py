"""Counting what messages do: counters, and a pseudonym that is forgotten after 30 days. Never a prompt, never a name.

Counts are written in the transaction that records the decisions, so they are neither lost nor doubled.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from seawall.clock import to_iso
from seawall.deploy.prevention.audience import HOLDOUT, THEMES, Audience, MessageId
from seawall.errors import UsageError
from seawall.policy.guard import Tier
from seawall.store import Store, insert_new, insert_or_add
from seawall.store.tables import prevention_cohort, prevention_count, prevention_unit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.decisions import DecisionRecord

WINDOWS = (1, 7, 30)
"""Days within which another attempt is looked for."""

SHOWN = "shown"
CLICKED = "clicked"
_FOLLOW_UP = timedelta(days=max(WINDOWS))
_ATTEMPTS = frozenset({Tier.T1, Tier.T2})
_ARMS = frozenset({*THEMES, HOLDOUT})
_CHUNK = 500


class PreventionMeter:
    """Counts impressions, clicks and further attempts. Safe to use from several threads.

    Args:
        secret: Keys the pseudonyms; see `prevention_secret`.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._hour = ""

    def settle(self, connection: Connection, records: Sequence[DecisionRecord]) -> None:
        """Count what decisions showed and what they say of earlier messages, within the transaction that records them.

        Drills count for nothing. Minors, victims and others who take no part in the trial are counted as impressions
        alone. Once an hour, pseudonyms whose follow-up is over go.
        """
        shown: Counter[tuple[str, str, str]] = Counter()
        attempts: list[tuple[DecisionRecord, MessageId | None]] = []
        for record in records:
            if record.drill or (record.message is None and _tier(record) is None):
                continue
            name = MessageId.parse(record.message) if record.message is not None else None
            if name is not None:
                shown[week_of(record.at), str(name), SHOWN] += 1
            if _tier(record) in _ATTEMPTS:
                attempts.append((record, name))
        if attempts:
            self._follow(connection, attempts)
        _count(connection, shown)
        if attempts and (hour := max(record.at for record, _ in attempts)[:13]) != self._hour:
            self._hour = hour
            _purge(connection, max(record.at for record, _ in attempts))

    def clicked(self, store: Store, message: str) -> None:
        """Count that somebody followed a link of a message; the host reports it, without saying who.

        Raises:
            UsageError: If no message has that id.
        """
        name = MessageId.parse(message)
        if name is None:
            raise UsageError("no prevention message has this id")
        _count_one(store, name, CLICKED)

    def shown(self, store: Store, name: MessageId) -> None:
        """Count that a message was shown which no decision carries: a reader has asked for it."""
        _count_one(store, name, SHOWN)

    def forget(self, store: Store) -> int:
        """Delete the pseudonyms whose follow-up is over; return how many."""
        with store.begin() as connection:
            done = connection.execute(
                prevention_unit.delete().where(prevention_unit.c.expires_at <= to_iso(store.clock()))
            )
            return done.rowcount

    def _follow(self, connection: Connection, attempts: Sequence[tuple[DecisionRecord, MessageId | None]]) -> None:
        """Note who was first shown a message, and who tried again; each unit has one follow-up at a time."""
        units = {record.account: self._unit(record.account) for record, _ in attempts}
        known = _known(connection, sorted(units.values()))
        cohorts: Counter[tuple[str, str, int]] = Counter()
        # In one order, so that two workers never wait for each other.
        for record, name in sorted(attempts, key=lambda each: (units[each[0].account], each[0].at, each[0].id)):
            unit = units[record.account]
            row = known.get(unit)
            if row is not None and record.at < row["expires_at"]:
                if row["again_at"] is None and record.at > row["started_at"]:
                    again = prevention_unit.update().where(
                        (prevention_unit.c.unit == unit)
                        & (prevention_unit.c.episode == row["episode"])
                        & prevention_unit.c.again_at.is_(None)
                    )
                    if connection.execute(again.values(again_at=record.at)).rowcount == 1:
                        passed = _between(row["started_at"], record.at)
                        cohorts.update((row["week"], row["arm"], days) for days in WINDOWS if passed <= timedelta(days))
                    known[unit] = {**row, "again_at": record.at}
                continue
            if name is None or name.audience is not Audience.ADULT or name.tier is not Tier.T1 or name.arm not in _ARMS:
                continue
            if row is not None:
                stale = (prevention_unit.c.unit == unit) & (prevention_unit.c.expires_at <= record.at)
                connection.execute(prevention_unit.delete().where(stale))
            week = week_of(record.at)
            fresh = {
                "unit": unit,
                "episode": secrets.token_hex(8),
                "arm": name.arm,
                "week": week,
                "started_at": record.at,
                "again_at": None,
                "expires_at": to_iso(datetime.fromisoformat(record.at) + _FOLLOW_UP),
            }
            insert_new(connection, prevention_unit, [fresh])
            # Another worker may have been first, and not every database says so.
            known |= _known(connection, [unit])
            if known[unit]["episode"] == fresh["episode"]:
                cohorts[week, name.arm, 0] += 1
        rows = [{"week": week, "arm": arm, "days": days, "n": n} for (week, arm, days), n in sorted(cohorts.items())]
        if rows:
            insert_or_add(connection, prevention_cohort, rows, "n")

    def _unit(self, account: str) -> str:
        text = b"unit\0" + account.encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, text, hashlib.sha256)[:16].hex()


def week_of(at: str) -> str:
    """Return the ISO week of a moment: `2026-W48`."""
    year, week, _ = datetime.fromisoformat(at).isocalendar()
    return f"{year:04d}-W{week:02d}"


def _tier(record: DecisionRecord) -> Tier | None:
    return record.judgement.tier if record.judgement is not None else None


def _between(start: str, end: str) -> timedelta:
    return datetime.fromisoformat(end) - datetime.fromisoformat(start)


def _known(connection: Connection, units: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(units), _CHUNK):
        wanted = prevention_unit.select().where(prevention_unit.c.unit.in_(units[start : start + _CHUNK]))
        found |= {row["unit"]: dict(row) for row in connection.execute(wanted).mappings()}
    return found


def _purge(connection: Connection, at: str) -> None:
    """Delete some pseudonyms whose follow-up is over; rows that another worker holds are left to it, not waited for."""
    over = prevention_unit.select().with_only_columns(prevention_unit.c.unit).where(prevention_unit.c.expires_at <= at)
    units = connection.execute(over.limit(_CHUNK).with_for_update(skip_locked=True)).scalars().all()
    if units:
        connection.execute(prevention_unit.delete().where(prevention_unit.c.unit.in_(units)))


def _count_one(store: Store, name: MessageId, kind: str) -> None:
    with store.begin() as connection:
        _count(connection, Counter({(week_of(to_iso(store.clock())), str(name), kind): 1}))


def _count(connection: Connection, counts: Counter[tuple[str, str, str]]) -> None:
    rows = [{"week": week, "message": name, "kind": kind, "n": n} for (week, name, kind), n in sorted(counts.items())]
    if rows:
        insert_or_add(connection, prevention_count, rows, "n")
