"""API keys: who may ask for what. A key itself is never stored, only its keyed digest."""

from sqlalchemy import Column, Index, String, Table, Text

from seawall.store.tables.base import metadata

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32)),
    Column("revoked_at", String(32)),
    Column("used_on", String(10)),
    Index(None, "name"),
)
