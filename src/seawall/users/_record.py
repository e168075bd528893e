"""What the ledger is told of users: ids and digests; no name, no address, no reason that a person wrote."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from seawall.decisions import Recorder

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seawall.ledger import Ledger


def note(ledger: Ledger, connection: Connection, kind: str, user_id: str, by: str | None, **facts: Any) -> str:
    """Record something about a user in the caller's transaction; return the key of the event.

    Args:
        ledger: Where.
        connection: The transaction.
        kind: What happened, such as `user.added`.
        user_id: To whom.
        by: Id of the user who did it; None for the command line, whose shell is trusted.
        facts: More ids, digests and counts.
    """
    key = f"{kind}/{Recorder.new_id()}"
    body = {"user": user_id, "by": by if by is not None else "command line", **facts}
    ledger.record(connection, kind, key, body)
    return key


def reason_digest(reason: str) -> str:
    """Return what shows later that a written reason is still the one that was given."""
    return hashlib.sha256(reason.encode()).hexdigest()
