"""The tables, in one metadata for SQLite and PostgreSQL.

Moments are RFC 3339 texts in UTC (`seawall.clock.to_iso`), so that both databases sort and return them alike.
A change here needs a migration; a test compares this metadata with what the migrations build.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

_SERIAL = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# An event is queued while `leaf` is null. The queue and the tree share one row, so one unique id covers both.
ledger_event = Table(
    "ledger_event",
    metadata,
    Column("seq", _SERIAL, primary_key=True),
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
    Column("seq", _SERIAL, primary_key=True),
    Column("size", BigInteger, nullable=False, index=True),
    Column("key_id", String(16), nullable=False),
    Column("note", Text, nullable=False),
)

hash_list = Table(
    "hash_list",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("purpose", String(32), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("current_version", Integer, nullable=False, server_default="0"),
)

hash_list_version = Table(
    "hash_list_version",
    metadata,
    Column("list", ForeignKey("hash_list.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("source_digest", String(64), nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("removed", BigInteger, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)

source_register = Table(
    "source_register",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("register", String(128), nullable=False),
    Column("version", String(64), nullable=False),
    Column("expert", Text, nullable=False),
    Column("action", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("added_at", String(32), nullable=False),
    Column("removed_at", String(32)),
    CheckConstraint("action IN ('deny', 'allow')", name="action"),
    CheckConstraint("kind IN ('domain', 'collection', 'dataset', 'url')", name="kind"),
    Index(None, "kind", "value"),
    Index(None, "register"),
)

# One row an object of the vault. Erasing the wrapped key destroys the object; the row stays as its tombstone.
vault_object = Table(
    "vault_object",
    metadata,
    Column("seq", _SERIAL, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("key_digest", String(64), unique=True),
    Column("purpose", String(64), nullable=False),
    Column("person", Text, nullable=False),
    Column("case_id", Text),
    Column("media_type", String(128)),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("put_at", String(32), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("destroyed_at", String(32)),
    Column("destroyed_by", Text),
    Column("destroyed_reason", Text),
    CheckConstraint("(wrapped_key IS NULL) = (destroyed_at IS NOT NULL)", name="tombstone"),
    Index(None, "case_id"),
    Index(None, "sha256"),
)
