"""Viewing: what was shown to whom, and for how long. Rows are only ever added."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from seawall.store.tables.base import SERIAL, metadata

# What a decoder found of a file, by digest: no content. `duration_ms` is null for what has none or if it is unknown.
medium_facts = Table(
    "medium_facts",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("medium", String(16), nullable=False),
    Column("format", String(32), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("frames", Integer),
    Column("duration_ms", BigInteger),
    Column("at", String(32), nullable=False),
)

# One row each time that bytes left, written before they did.
exposure = Table(
    "exposure",
    metadata,
    Column("seq", SERIAL, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("object", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("person", String(128), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("task_id", Text),
    Column("rung", String(16), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("shown_at", String(32), nullable=False),
    Index(None, "person", "shown_at"),
    Index(None, "sha256"),
    Index(None, "object"),
)

# What a page told of an exposure. Each row is the whole so far, and larger than the one before.
exposure_beacon = Table(
    "exposure_beacon",
    metadata,
    Column("exposure", ForeignKey("exposure.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("visible_ms", BigInteger, nullable=False),
    Column("spans", Text, nullable=False),
    Column("sound", Boolean, nullable=False),
    CheckConstraint("visible_ms >= 0", name="visible"),
)
