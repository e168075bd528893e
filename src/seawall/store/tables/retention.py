"""Retention: which objects of the vault must be kept, until when, on what ground. Holds are added, never shortened."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text

from seawall.store.tables.base import metadata

# One row an object that ever was under a hold. `done_at` is set once its key and its file are gone.
retention_object = Table(
    "retention_object",
    metadata,
    Column("object", ForeignKey("vault_object.id"), primary_key=True),
    Column("since", String(32), nullable=False),
    Column("done_at", String(32)),
    Index(None, "done_at"),
)

# A finding's hold has no end of its own: a receipt or a verdict ends it. A clock's hold has one, and nothing ends it
# earlier. `keeps` says what it is about: the content, or the reference of a report alone.
retention_hold = Table(
    "retention_hold",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("object", ForeignKey("retention_object.object"), nullable=False),
    Column("case_id", Text),
    Column("kind", String(16), nullable=False),
    Column("keeps", String(16), nullable=False),
    Column("clock", String(64)),
    Column("place", String(8)),
    Column("ground", Text, nullable=False),
    Column("receipt", Text),
    Column("person", Text),
    Column("begun_at", String(32), nullable=False),
    Column("until", String(32)),
    Column("ended_at", String(32)),
    Column("ended_why", Text),
    CheckConstraint("kind IN ('finding', 'clock', 'kept')", name="kind"),
    CheckConstraint("keeps IN ('content', 'reference')", name="keeps"),
    CheckConstraint("(kind = 'finding') = (until IS NULL)", name="until"),
    CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended"),
    CheckConstraint("kind = 'finding' OR ended_at IS NULL", name="extend_only"),
    Index(None, "object"),
    Index(None, "case_id"),
)

# A lawful order to destroy, which goes before every hold. `document` is the vault object that keeps the order itself.
retention_order = Table(
    "retention_order",
    metadata,
    Column("object", ForeignKey("retention_object.object"), primary_key=True),
    Column("reference", Text, nullable=False),
    Column("document", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("first", Text, nullable=False),
    Column("second", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(32), nullable=False),
    CheckConstraint("first <> second", name="two_persons"),
)
