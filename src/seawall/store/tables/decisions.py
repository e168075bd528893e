"""Decisions of the guard, and what was counted by the hour."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from seawall.store.tables.base import metadata

_NAMED = text("request_id IS NOT NULL")

# One row a decision. `data` is the rest of the record as JSON: facts, reasons and ids; never content.
decision = Table(
    "decision",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("account", Text, nullable=False),
    Column("request_id", Text),
    Column("digest", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action", String(16), nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("data", Text, nullable=False),
    # Most requests have no id of their own, and need no entry.
    Index("ix_decision_request", "account", "request_id", unique=True, sqlite_where=_NAMED, postgresql_where=_NAMED),
    Index(None, "at"),
)

# Counted in the transaction that writes the decisions; `writer` keeps the workers of a busy hour apart.
decision_count = Table(
    "decision_count",
    metadata,
    Column("hour", String(13), primary_key=True),
    Column("writer", String(16), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("action", String(16), primary_key=True),
    Column("drill", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
)

# An hour whose counts are in the ledger takes no more of them.
decision_hour = Table(
    "decision_hour",
    metadata,
    Column("hour", String(13), primary_key=True),
    Column("sealed_at", String(32)),
)
