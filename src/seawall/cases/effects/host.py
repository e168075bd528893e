"""What the host is told because of a case: remove, restore, and notices to accounts; ids and references, no content.

The messages go the way of every effect: delivered with a signature under one id for ever, and done when the host has
acknowledged that id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from seawall.accounts.effects import TOPIC, VERSION
from seawall.cases.errors import CaseError
from seawall.cases.model import EffectKind, SubjectKind
from seawall.store.outbox import enqueue, message_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.cases._rows import Row
    from seawall.cases.model import Item

_MOST_STATEMENT = 1 << 16
_TYPES = {EffectKind.REMOVE: ("case.remove", "case.restore"), EffectKind.NOTIFY: ("case.notice", "case.notice")}


class Statements(Protocol):
    """Writes statements of reasons."""

    def payload(self, decision_id: str) -> Mapping[str, Any] | None:
        """Return the statement of a decision, as plain JSON; None if there is none."""
        ...


def checked_statement(said: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a statement that can be sent.

    Raises:
        CaseError: If it is too long, or not plain JSON.
    """
    if said is None:
        return None
    try:
        size = len(json.dumps(dict(said), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise CaseError("the statement is not plain JSON") from None
    if size > _MOST_STATEMENT:
        raise CaseError(f"the statement is longer than {_MOST_STATEMENT:,} bytes")
    return said


def tell_host(
    connection: Connection,
    effect: Row,
    case: Row,
    item: Item | None,
    at: str,
    statement: Mapping[str, Any] | None = None,
) -> str:
    """Queue what the host is to do, or to undo, in the caller's transaction; return the id of the message.

    Args:
        connection: The caller's transaction.
        effect: What follows.
        case: Of which case.
        item: Of which item.
        at: The moment.
        statement: For a notice, the statement of reasons.
    """
    kind = EffectKind(effect["kind"])
    key = f"case/{effect['id']}"
    account = case["subject"] if case["subject_kind"] == SubjectKind.ACCOUNT.value else None
    payload: dict[str, Any] = {
        "v": VERSION,
        "id": message_id(TOPIC, key),
        "type": _TYPES[kind][effect["of"] is not None],
        "account": account,
        "decision_id": effect["decision_id"],
        "sequence": 0,
        "restriction": None,
        "at": at,
        "drill": bool(case["drill"]),
        "case": case["id"],
        "item": None if item is None else _named(item),
    }
    if kind is EffectKind.NOTIFY:
        payload["statement"] = statement
    # In order within a case and a kind: a removal is told before it is taken back.
    return enqueue(connection, TOPIC, key, payload, at=at, lane=f"case/{case['id']}/{kind.value}")


def _named(item: Item) -> dict[str, Any]:
    """Return what the host knows an item by: its own reference, and the decision that it was given."""
    return {
        "id": item.id,
        "kind": item.kind.value,
        "ref": item.ref,
        "check": item.decision_id,
        "notice": item.notice_id,
    }
