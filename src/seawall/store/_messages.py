"""What lies in the outbox: messages, leases of them, and how a topic stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping

ALARM_ATTEMPTS = 8
"""From so many failed attempts on, a message counts as alarming."""


class MessageState(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    """The receiver took it."""
    ACKNOWLEDGED = "acknowledged"
    """The receiver says that the effect has happened."""
    DEAD = "dead"
    """A person gave it up."""


@dataclass(frozen=True, slots=True)
class Message:
    """One effect on its way.

    Attributes:
        id: The same at every attempt; it follows from topic and key.
        topic: What sort of effect, and so which worker delivers it.
        lane: Messages of one lane are delivered in the order of queueing.
        payload: Facts as JSON: ids and counts; never content.
        state: How far it has come.
        attempts: How often it was tried.
        queued_at: When it was queued.
        next_at: When it may be tried next.
        failure: Why the last attempt failed, in one word.
        delivered_at, acknowledged_at, dead_at: When that happened.
        dead_by, dead_reason: Who gave it up, and why.
    """

    id: str
    topic: str
    lane: str | None
    payload: Mapping[str, Any]
    state: MessageState
    attempts: int
    queued_at: str
    next_at: str
    failure: str | None = None
    delivered_at: str | None = None
    acknowledged_at: str | None = None
    dead_at: str | None = None
    dead_by: str | None = None
    dead_reason: str | None = None

    @property
    def alarming(self) -> bool:
        """Whether it has failed so often that a person should look."""
        return self.state is MessageState.QUEUED and self.attempts >= ALARM_ATTEMPTS

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return fields | {"state": self.state.value, "payload": dict(self.payload), "alarming": self.alarming}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to deliver a message, until a moment.

    Attributes:
        message: What to deliver.
        token: Grows with every lease of the message; an older one is worth nothing.
        until: When others may take it.
    """

    message: Message
    token: int
    until: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How a topic stands.

    Attributes:
        states: Messages by state.
        alarming: Queued messages that have failed often.
        oldest: When the oldest queued message was queued.
    """

    states: Mapping[MessageState, int]
    alarming: int
    oldest: str | None


def read_message(row: RowMapping) -> Message:
    """Return the message of a row."""
    return Message(
        id=row["id"],
        topic=row["topic"],
        lane=row["lane"],
        payload=json.loads(row["payload"]),
        state=MessageState(row["state"]),
        attempts=row["attempts"],
        queued_at=row["queued_at"],
        next_at=row["next_at"],
        failure=row["failure"],
        delivered_at=row["delivered_at"],
        acknowledged_at=row["acknowledged_at"],
        dead_at=row["dead_at"],
        dead_by=row["dead_by"],
        dead_reason=row["dead_reason"],
    )
