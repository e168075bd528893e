"""The outbox: what must happen because of a transaction is queued in it, and done afterwards until it is known to be.

Delivery is at least once, under one id for ever, so a receiver that remembers ids sees each message once. A lease
carries a fencing token: who lost a lease cannot say how it ended. Within a lane, messages go one after another.
Retries never end by themselves; only a person declares a message dead.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, update

from seawall.clock import to_iso
from seawall.errors import NotFound, UsageError
from seawall.store._messages import ALARM_ATTEMPTS, Backlog, Lease, Message, MessageState, read_message
from seawall.store.database import Store
from seawall.store.rows import insert_new
from seawall.store.tables import outbox as table

__all__ = [
    "ALARM_ATTEMPTS",
    "Backlog",
    "Lease",
    "Message",
    "MessageState",
    "Outbox",
    "enqueue",
    "enqueue_all",
    "message_id",
]

LEASE = timedelta(seconds=60)

_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=15)
_DOUBLINGS = 20
_PAGE = 500
_FAILURE = 64

# Made once: `json.dumps` with options makes an encoder for every call.
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def message_id(topic: str, key: str) -> str:
    """Return the id of the message with this key: 128 bits of SHA-256, in hex."""
    return hashlib.sha256(f"{topic}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def enqueue(
    connection: Connection, topic: str, key: str, payload: Mapping[str, Any], *, at: str, lane: str | None = None
) -> str:
    """Queue a message in the caller's transaction: it will be delivered if and only if that commits.

    Args:
        connection: From `Store.begin`.
        topic: What sort of effect.
        key: What makes it unique within its topic: the same key again changes nothing.
        payload: Plain JSON: ids and counts; never content.
        at: The moment, RFC 3339 in UTC.
        lane: Deliver in order with the others of this lane.

    Returns:
        The id of the message.
    """
    enqueue_all(connection, topic, [(key, lane, payload)], at=at)
    return message_id(topic, key)


def enqueue_all(
    connection: Connection, topic: str, messages: Sequence[tuple[str, str | None, Mapping[str, Any]]], *, at: str
) -> None:
    """Queue many messages, each `(key, lane, payload)`, as `enqueue` does one."""
    rows = [
        {
            "id": message_id(topic, key),
            "topic": topic,
            "lane": lane,
            "payload": _encode(dict(payload)),
            "state": MessageState.QUEUED.value,
            "queued_at": at,
            "next_at": at,
            "attempts": 0,
            "token": 0,
        }
        for key, lane, payload in messages
    ]
    if rows:
        insert_new(connection, table, rows)


class Outbox:
    """The messages of a store, for workers and for people.

    Args:
        store: The database.
        lease: How long a worker may take for one delivery.
        draw: Returns a number from 0 to 1, for waiting times.
    """

    def __init__(self, store: Store, *, lease: timedelta = LEASE, draw: Callable[[], float] | None = None) -> None:
        self._store = store
        self._length = lease
        self._draw = draw or random.SystemRandom().random

    def lease(self, topic: str) -> Lease | None:
        """Take the next message that is due, for a while; None if there is none."""
        now = self._store.clock()
        until = to_iso(now + self._length)
        with self._store.begin() as connection:
            picked = _due(topic, to_iso(now)).cte("picked")
            taken = (
                update(table)
                .where(table.c.seq.in_(select(picked.c.seq)))
                .values(token=table.c.token + 1, attempts=table.c.attempts + 1, leased_until=until)
                .returning(*table.c)
            )
            row = connection.execute(taken).mappings().first()
        return Lease(read_message(row), row["token"], until) if row is not None else None

    def delivered(self, lease: Lease) -> bool:
        """Say that the receiver took a message.

        Returns:
            Whether that counts; not if the lease was lost to another worker, or the message is acknowledged already.
        """
        values = {"state": MessageState.DELIVERED.value, "delivered_at": self._now(), "failure": None}
        return self._finish(lease, values)

    def failed(self, lease: Lease, failure: str) -> bool:
        """Say that a message could not be delivered; it is tried again after a random wait that may grow (full jitter).

        Args:
            lease: What was tried.
            failure: Why, in one word: never what a receiver said.

        Returns:
            Whether that counts; not if the lease was lost.
        """
        most = min(_FIRST_WAIT * 2 ** min(lease.message.attempts - 1, _DOUBLINGS), _LONGEST_WAIT)
        wait = most * self._draw()
        next_at = to_iso(self._store.clock() + wait)
        return self._finish(lease, {"failure": failure[:_FAILURE], "next_at": next_at})

    def acknowledge(self, identity: str, topic: str | None = None) -> Message:
        """Say that the effect has happened; saying it twice changes nothing. It may overtake the news of delivery.

        Args:
            identity: The message.
            topic: Only if it is of this topic.

        Raises:
            NotFound: If there is no such message.
            UsageError: If a person has given it up.
        """
        now = self._now()
        with self._store.begin() as connection:
            message = _locked(connection, identity)
            if topic not in (None, message.topic):
                raise NotFound("there is no message with this id in the outbox")
            if message.state is MessageState.DEAD:
                raise UsageError(f"{identity} was given up by a person", hint="retry it first")
            if message.state is not MessageState.ACKNOWLEDGED:
                values = {
                    "state": MessageState.ACKNOWLEDGED.value,
                    "acknowledged_at": now,
                    "delivered_at": message.delivered_at or now,
                    "failure": None,
                    "leased_until": None,
                }
                connection.execute(update(table).where(table.c.id == identity).values(values))
            return _locked(connection, identity)

    def retry(self, identity: str) -> Message:
        """Make a message due now, whatever became of it, unless it is acknowledged.

        Raises:
            NotFound: If there is no such message.
            UsageError: If its effect is known to have happened.
        """
        values = {
            "state": MessageState.QUEUED.value,
            "next_at": self._now(),
            "leased_until": None,
            "dead_at": None,
            "dead_by": None,
            "dead_reason": None,
        }
        with self._store.begin() as connection:
            if _locked(connection, identity).state is MessageState.ACKNOWLEDGED:
                raise UsageError(f"{identity} is acknowledged: its effect has happened")
            connection.execute(update(table).where(table.c.id == identity).values(values))
            return _locked(connection, identity)

    def bury(self, identity: str, *, person: str, reason: str) -> Message:
        """Give a message up; nothing else ever does.

        Raises:
            NotFound: If there is no such message.
            UsageError: If its effect is known to have happened, or nobody or no reason is named.
        """
        if not (person.strip() and reason.strip()):
            raise UsageError("a person and a reason must be named")
        values = {
            "state": MessageState.DEAD.value,
            "dead_at": self._now(),
            "dead_by": person,
            "dead_reason": reason,
            "leased_until": None,
        }
        with self._store.begin() as connection:
            if _locked(connection, identity).state is MessageState.ACKNOWLEDGED:
                raise UsageError(f"{identity} is acknowledged: its effect has happened")
            connection.execute(update(table).where(table.c.id == identity).values(values))
            return _locked(connection, identity)

    def get(self, identity: str) -> Message | None:
        """Return a message by its id."""
        with self._store.read() as connection:
            row = connection.execute(select(table).where(table.c.id == identity)).mappings().first()
        return read_message(row) if row is not None else None

    def messages(self, topic: str | None = None, state: MessageState | None = None) -> Iterator[Message]:
        """Yield messages in the order of queueing."""
        last = -1
        while True:
            page = select(table).where(table.c.seq > last).order_by(table.c.seq).limit(_PAGE)
            if topic is not None:
                page = page.where(table.c.topic == topic)
            if state is not None:
                page = page.where(table.c.state == state.value)
            with self._store.read() as connection:
                rows = connection.execute(page).mappings().all()
            yield from map(read_message, rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1]["seq"]

    def backlog(self, topic: str) -> Backlog:
        """Return how a topic stands."""
        mine = table.c.topic == topic
        queued = and_(mine, table.c.state == MessageState.QUEUED.value)
        with self._store.read() as connection:
            counted = connection.execute(select(table.c.state, func.count()).where(mine).group_by(table.c.state))
            states = {MessageState(state): int(count) for state, count in counted}
            failing = select(func.count()).where(queued, table.c.attempts >= ALARM_ATTEMPTS)
            alarming = int(connection.execute(failing).scalar_one())
            oldest = connection.execute(select(func.min(table.c.queued_at)).where(queued)).scalar()
        return Backlog(states, alarming, oldest)

    def forget(self, topic: str, before: datetime) -> int:
        """Delete messages of a topic that were acknowledged before a moment; return how many."""
        done = and_(table.c.topic == topic, table.c.state == MessageState.ACKNOWLEDGED.value)
        with self._store.begin() as connection:
            return connection.execute(table.delete().where(done, table.c.acknowledged_at < to_iso(before))).rowcount

    def _finish(self, lease: Lease, values: Mapping[str, Any]) -> bool:
        ours = and_(
            table.c.id == lease.message.id,
            table.c.token == lease.token,
            table.c.state == MessageState.QUEUED.value,
        )
        with self._store.begin() as connection:
            done = connection.execute(update(table).where(ours).values(leased_until=None, **values))
            return done.rowcount == 1

    def _now(self) -> str:
        return to_iso(self._store.clock())


def _due(topic: str, now: str) -> Select[Any]:
    """Select the first message that may be leased; PostgreSQL skips those that another worker is just taking."""
    earlier = table.alias("earlier")
    blocked = exists().where(
        earlier.c.topic == table.c.topic,
        earlier.c.lane == table.c.lane,
        earlier.c.seq < table.c.seq,
        earlier.c.state == MessageState.QUEUED.value,
    )
    free: ColumnElement[bool] = or_(table.c.leased_until.is_(None), table.c.leased_until < now)
    return (
        select(table.c.seq)
        .where(
            table.c.topic == topic,
            table.c.state == MessageState.QUEUED.value,
            table.c.next_at <= now,
            free,
            ~blocked,
        )
        .order_by(table.c.next_at, table.c.seq)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _locked(connection: Connection, identity: str) -> Message:
    row = connection.execute(select(table).where(table.c.id == identity).with_for_update()).mappings().first()
    if row is None:
        raise NotFound("there is no message with this id in the outbox")
    return read_message(row)
