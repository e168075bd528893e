"""Recording decisions: rows, counts, ledger events and whatever follows from them, in one transaction for many.

A decision is given only after it was recorded. Of two requests under one id, the first decision stands.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, tuple_

from seawall.clock import to_iso
from seawall.decisions._hours import count, hour_of, seal
from seawall.decisions._rows import from_row, to_rows
from seawall.decisions.record import DecisionRecord
from seawall.files import installation_secret
from seawall.ledger import Ledger
from seawall.policy.guard import GuardAction
from seawall.settings import Settings
from seawall.store import Store, StoreLocked, insert_many, insert_new, insert_or_add
from seawall.store.tables import decision, decision_count

Hook = Callable[[Connection, Sequence[DecisionRecord]], None]
"""Writes what follows from decisions, in the transaction that records them."""

SECRET_FILE = "decisions.key"  # noqa: S105 (the name of a file)
_CHUNK = 1000
_PAIRS = 200
_UNEVENTFUL = (GuardAction.ALLOW, GuardAction.NOT_EXAMINED)


class Recorder:
    """Records decisions in a store. Safe to use from several threads.

    Args:
        store: The database.
        ledger: In the same store.
        secret: Keys the digests of what was checked; see `decision_secret`.
        hooks: Called with the decisions that are new, in the transaction that records them.
    """

    def __init__(self, store: Store, ledger: Ledger, secret: bytes, hooks: Sequence[Hook] = ()) -> None:
        self._store = store
        self._ledger = ledger
        self._secret = secret
        self._hooks = tuple(hooks)
        self._writer = secrets.token_hex(8)
        self._hour = ""

    @staticmethod
    def new_id() -> str:
        """Return an id that sorts by time: a UUID of version 7, 32 hex digits."""
        value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
        value = value & ~(0xF << 76) | 0x7 << 76
        return f"{value & ~(0x3 << 62) | 0x2 << 62:032x}"

    def now(self) -> str:
        """Return the moment, as records carry it."""
        return to_iso(self._store.clock())

    def digest(self, parts: Sequence[bytes]) -> str:
        """Return the keyed digest of what a check is about, in 64 hex digits: nobody can guess content from it."""
        mac = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in parts:
            mac.update(len(part).to_bytes(8, "big"))
            mac.update(part)
        return mac.hexdigest()

    @property
    def prompt(self) -> bool:
        """Whether recording takes a moment only, as in a local file that nobody holds."""
        return self._store.local

    def record(self, records: Sequence[DecisionRecord], *, wait: bool = True) -> list[DecisionRecord]:
        """Record decisions, durably when this returns.

        Args:
            records: The decisions.
            wait: Whether to wait while another process writes, or while an hour is sealed.

        Returns:
            The decisions that stand, in order. Where an earlier one has the same account and request id, that one
            stands, and the new one was not recorded: compare `digest` to tell a repetition from a conflict.

        Raises:
            StoreLocked: If that would take its time, and nobody waits.
            StoreError: If the database cannot be used; then nothing was recorded, and nothing may be answered.
        """
        if not records:
            return []
        moment = self._store.clock()
        if hour_of(moment) != self._hour:
            if not wait:
                raise StoreLocked
            self.seal_hours()
        with self._store.begin(wait=wait) as connection:
            standing = self._write(connection, records)
            new = [record for record, stands in zip(records, standing, strict=True) if record is stands]
            if new:
                self._hour = count(connection, self._writer, moment, new)
                self._ledger.record_all(
                    connection, [self._event(each) for each in new if each.action not in _UNEVENTFUL]
                )
                for hook in self._hooks:
                    hook(connection, new)
        return standing

    def probe(self) -> None:
        """Write next to nothing, durably.

        Raises:
            SeawallError: If nothing can be written: no decision could be recorded.
        """
        with self._store.begin() as connection:
            row = {"hour": "", "writer": self._writer, "kind": "", "action": "", "drill": 0, "n": 0}
            insert_or_add(connection, decision_count, [row], "n")
            connection.execute(delete(decision_count).where(decision_count.c.hour == ""))

    def seal_hours(self) -> int:
        """Write the counts of hours that are over into the ledger; return how many hours that were."""
        with self._store.begin(alone="decision-hours") as connection:
            return seal(connection, self._ledger, self._store.clock())

    def get(self, decision_id: str) -> DecisionRecord | None:
        """Return a decision by its id."""
        with self._store.read() as connection:
            row = connection.execute(select(decision).where(decision.c.id == decision_id)).mappings().first()
        return from_row(row) if row is not None else None

    def find(self, account: str, request_id: str) -> DecisionRecord | None:
        """Return the decision of an account's request."""
        with self._store.read() as connection:
            row = next(_rows_of(connection, [(account, request_id)]), None)
            return from_row(row) if row is not None else None

    def forget(self, before: str) -> int:
        """Delete decisions to allow, and those on what was not examined, from before a moment; return how many.

        Counts and ledger events stay, and so does every other decision.

        Args:
            before: RFC 3339 in UTC.
        """
        quiet = [action.value for action in _UNEVENTFUL]
        old = select(decision.c.id).where(decision.c.at < before, decision.c.action.in_(quiet)).limit(_CHUNK)
        gone = 0
        while True:
            # A few at a time: checks are recorded between them.
            with self._store.begin() as connection:
                count = connection.execute(delete(decision).where(decision.c.id.in_(old))).rowcount
            gone += count
            if count < _CHUNK:
                return gone

    def _write(self, connection: Connection, records: Sequence[DecisionRecord]) -> list[DecisionRecord]:
        """Insert rows; return which decision stands for each record."""
        unnamed = to_rows([record for record in records if record.request_id is None])
        if unnamed:
            insert_many(connection, decision, unnamed)
        named = [record for record in records if record.request_id is not None]
        if not named:
            return list(records)
        insert_new(connection, decision, to_rows(named))
        ours = {record.id: record for record in named}
        rows = _rows_of(connection, [(record.account, str(record.request_id)) for record in named])
        found = {(row["account"], row["request_id"]): ours.get(row["id"]) or from_row(row) for row in rows}
        return [record if record.request_id is None else found[record.account, record.request_id] for record in records]

    def _event(self, record: DecisionRecord) -> tuple[str, str, Mapping[str, Any]]:
        judgement = record.judgement
        body = {
            "decision": record.id,
            "at": record.at,
            "kind": record.kind.value,
            "action": record.action.value,
            "category": record.category,
            "rules": list(record.reasons),
            "policy": judgement.policy if judgement else None,
            "drill": record.drill,
            "event_class": record.event_class.value if record.event_class else None,
            "states": sorted(state.value for state in record.facts.states) if record.facts else [],
            # The ledger is for ever: whose decision it was can be told only with the secret of this installation.
            "account": self.digest([b"account", record.account.encode("utf-8", "surrogatepass")])[:32],
            "vault": list(record.vault),
        }
        return "guard.decision", f"guard.decision/{record.id}", body


def recorded(store: Store, *, since: str | None = None, limit: int | None = None) -> Iterator[DecisionRecord]:
    """Yield decisions in the order of their ids, which is that of time.

    Args:
        store: The database.
        since: Only those made at or after this moment, RFC 3339 in UTC.
        limit: At most so many.
    """
    last, left = "", limit
    while left is None or left > 0:
        wanted = select(decision).where(decision.c.id > last).order_by(decision.c.id)
        if since is not None:
            wanted = wanted.where(decision.c.at >= since)
        with store.read() as connection:
            rows = connection.execute(wanted.limit(min(_CHUNK, left or _CHUNK))).mappings().all()
        for row in rows:
            yield from_row(row)
        if len(rows) < _CHUNK:
            return
        last = rows[-1]["id"]
        left = None if left is None else left - len(rows)


def decided(connection: Connection, ids: Collection[str]) -> dict[str, DecisionRecord]:
    """Return decisions by id, those that are there, in the caller's transaction."""
    found: dict[str, DecisionRecord] = {}
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _CHUNK):
        wanted = select(decision).where(decision.c.id.in_(ordered[start : start + _CHUNK]))
        found |= {row["id"]: from_row(row) for row in connection.execute(wanted).mappings()}
    return found


def decision_secret(settings: Settings) -> bytes:
    """Return the secret that keys digests of decisions; the first call creates it.

    Raises:
        SecretUnusable: If it cannot be read or made.
    """
    return installation_secret(settings.home / "keys" / SECRET_FILE)


def _rows_of(connection: Connection, pairs: Sequence[tuple[str, str]]) -> Iterator[RowMapping]:
    for start in range(0, len(pairs), _PAIRS):
        wanted = tuple_(decision.c.account, decision.c.request_id).in_(pairs[start : start + _PAIRS])
        yield from connection.execute(select(decision).where(wanted)).mappings()
