"""Refused checks of late, shared by all workers: who is refused again and again is looking for a way through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from seawall.store import Store, insert_new
from seawall.store.tables import account_refusal as table


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused check.

    Attributes:
        decision_id: The decision.
        account: The host's opaque reference.
        kind: What was checked.
        at: When, RFC 3339 in UTC.
        digest: Keyed digest of what was checked.
    """

    decision_id: str
    account: str
    kind: str
    at: str
    digest: str


def add_refusals(connection: Connection, refusals: Sequence[Refusal]) -> None:
    """Write refusals; each decision once."""
    if refusals:
        rows = [{name: getattr(each, name) for name in Refusal.__slots__} for each in refusals]
        insert_new(connection, table, rows)


def refusals_since(connection: Connection, seq: int, at: str) -> list[tuple[int, Refusal]]:
    """Return the refusals after a place in the order of writing that are not older than a moment, with their places."""
    wanted = select(table).where(table.c.seq > seq, table.c.at >= at).order_by(table.c.seq)
    return [
        (row.seq, Refusal(row.decision_id, row.account, row.kind, row.at, row.digest))
        for row in connection.execute(wanted)
    ]


def forget_refusals(store: Store, before: str) -> int:
    """Delete refusals from before a moment; return how many."""
    with store.begin() as connection:
        return connection.execute(delete(table).where(table.c.at < before)).rowcount
