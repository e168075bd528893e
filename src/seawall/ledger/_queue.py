"""Queueing events within a caller's transaction: the same event twice is one event."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from seawall.ledger.errors import EventConflict
from seawall.ledger.events import Event, decode
from seawall.store import insert_new
from seawall.store.tables import ledger_event

# Databases bound the number of values in one statement.
_CHUNK = 500


def put(connection: Connection, at: str, events: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Queue events, each `(kind, key, body)`.

    Raises:
        EventConflict: If another event was recorded under one of the keys.
        EventError: If an event is too long or not plain JSON.
    """
    for start in range(0, len(events), _CHUNK):
        wanted = [Event(key, kind, at, body) for kind, key, body in events[start : start + _CHUNK]]
        rows = [{"id": event.id, "data": event.encode().decode()} for event in wanted]
        if insert_new(connection, ledger_event, rows) != len(rows):
            _expect_same(connection, wanted)


def _expect_same(connection: Connection, wanted: Sequence[Event]) -> None:
    ids = [event.id for event in wanted]
    found = connection.execute(select(ledger_event.c.id, ledger_event.c.data).where(ledger_event.c.id.in_(ids)))
    stored = {row.id: row.data.encode() for row in found}
    for event in wanted:
        there = decode(stored[event.id])
        if Event(event.key, event.kind, there.at, event.body).encode() != stored[event.id]:
            raise EventConflict(f"the ledger holds another event under the key of {event.kind} {event.id}")
