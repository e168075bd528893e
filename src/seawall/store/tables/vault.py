"""The vault: one row an object."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, String, Table, Text

from seawall.store.tables.base import SERIAL, metadata

# One row an object of the vault. Erasing the wrapped key destroys the object; the row stays as its tombstone.
vault_object = Table(
    "vault_object",
    metadata,
    Column("seq", SERIAL, primary_key=True),
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
