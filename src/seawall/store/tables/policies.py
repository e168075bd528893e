"""Guard policies, and the stage that each is in."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from seawall.store.tables.base import metadata

_LIVE = text("stage = 'live'")
_PART = text("stage = 'percentage'")

# `change` counts every change of any policy: whoever sees the largest one unchanged has seen them all.
policy_version = Table(
    "policy_version",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("percent", Integer),
    Column("created_at", String(32), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("change", BigInteger, nullable=False),
    UniqueConstraint("name", "version"),
    UniqueConstraint("change"),
    CheckConstraint("stage IN ('draft', 'shadow', 'percentage', 'live', 'retired')", name="stage"),
    CheckConstraint("(stage = 'percentage') = (percent IS NOT NULL)", name="percent"),
    Index("ix_policy_version_live", "stage", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ix_policy_version_percentage", "stage", unique=True, sqlite_where=_PART, postgresql_where=_PART),
)
