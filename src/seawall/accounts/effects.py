"""What the host is told of an account: ids and moments, never content, queued with what it tells.

One lane an account: the host hears of a ban before it hears that it was lifted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from seawall.accounts.model import Change
from seawall.store.outbox import enqueue, enqueue_all, message_id

TOPIC = "account.effect"
VERSION = 1


def effect_id(change: Change) -> str:
    """Return the id under which a change is told, at every attempt."""
    return message_id(TOPIC, _key(change))


def queue_changes(connection: Connection, changes: Iterable[Change], at: str) -> None:
    """Queue what newly restricts accounts, and what no longer does."""
    messages = []
    for change in changes:
        made = change.restriction
        kind = "account.restricted" if change.lift is None else "account.lifted"
        body: Mapping[str, Any] = {
            "id": made.id,
            "kind": made.kind.value,
            "feature": made.feature,
            "starts_at": made.starts_at,
            "ends_at": made.ends_at,
            "inverse": made.inverse,
        }
        payload = _payload(effect_id(change), kind, made.account, change.decision_id, at)
        payload |= {"sequence": change.number, "restriction": body}
        messages.append((_key(change), made.account, payload))
    enqueue_all(connection, TOPIC, messages, at=at)


def queue_drill(connection: Connection, account: str, decision_id: str, at: str) -> str:
    """Queue an effect that restricts nobody, to prove the path; return its id."""
    key = f"drill/{decision_id}"
    payload = _payload(message_id(TOPIC, key), "drill", account, decision_id, at) | {"drill": True}
    return enqueue(connection, TOPIC, key, payload, at=at)


def _key(change: Change) -> str:
    return f"{'restriction' if change.lift is None else 'lift'}/{change.restriction.id}"


def _payload(identity: str, kind: str, account: str, decision_id: str | None, at: str) -> dict[str, Any]:
    return {
        "v": VERSION,
        "id": identity,
        "type": kind,
        "account": account,
        "decision_id": decision_id,
        "sequence": 0,
        "restriction": None,
        "at": at,
        "drill": False,
    }
