"""The outbox: effects that were decided and are not yet known to have happened."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, Text, text

from seawall.store.tables.base import SERIAL, metadata

_QUEUED = text("state = 'queued'")

# `token` counts leases: who holds an older one has lost it. Within a lane, messages go one after another.
outbox = Table(
    "outbox",
    metadata,
    Column("seq", SERIAL, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("topic", String(64), nullable=False),
    Column("lane", Text),
    Column("payload", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("queued_at", String(32), nullable=False),
    Column("next_at", String(32), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", Integer, nullable=False),
    Column("leased_until", String(32)),
    Column("failure", String(64)),
    Column("delivered_at", String(32)),
    Column("acknowledged_at", String(32)),
    Column("dead_at", String(32)),
    Column("dead_by", Text),
    Column("dead_reason", Text),
    CheckConstraint("state IN ('queued', 'delivered', 'acknowledged', 'dead')", name="state"),
    CheckConstraint("(state = 'dead') = (dead_by IS NOT NULL)", name="dead"),
    Index("ix_outbox_due", "topic", "next_at", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
    Index("ix_outbox_lane", "topic", "lane", "seq", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
    Index(None, "state", "seq"),
)
