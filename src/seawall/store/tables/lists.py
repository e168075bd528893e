"""Hash lists by version, and the register of sources."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from seawall.store.tables.base import SERIAL, metadata

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
    Column("id", SERIAL, primary_key=True),
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
