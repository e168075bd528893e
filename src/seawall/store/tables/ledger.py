"""The ledger: events, the tree over them, and its signed checkpoints."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, Text, text

from seawall.store.tables.base import SERIAL, metadata

# An event is queued while `leaf` is null. The queue and the tree share one row, so one unique id covers both.
ledger_event = Table(
    "ledger_event",
    metadata,
    Column("seq", SERIAL, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("data", Text, nullable=False),
    Column("leaf", BigInteger, unique=True),
    Index("ix_ledger_event_queue", "seq", sqlite_where=text("leaf IS NULL"), postgresql_where=text("leaf IS NULL")),
)

# Row `(level, tile)` holds up to 256 hashes of complete subtrees of 256**level leaves each.
ledger_tile = Table(
    "ledger_tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

# One row: the size of the tree and the roots of its complete subtrees, left to right.
ledger_head = Table(
    "ledger_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    CheckConstraint("one = 1", name="one"),
)

ledger_checkpoint = Table(
    "ledger_checkpoint",
    metadata,
    Column("seq", SERIAL, primary_key=True),
    Column("size", BigInteger, nullable=False, index=True),
    Column("key_id", String(16), nullable=False),
    Column("note", Text, nullable=False),
)
