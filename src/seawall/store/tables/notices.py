"""Notices: what people and organisations tell of. Free text and contacts are in the vault, receipts only as digests."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)
from sqlalchemy import UniqueConstraint as Unique

from seawall.store.tables.base import metadata

trusted_flagger = Table(
    "trusted_flagger",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("coordinator", Text),
    Column("country", String(2)),
    Column("expertise", Text, nullable=False),
    Column("valid_from", String(32), nullable=False),
    Column("valid_until", String(32)),
    Column("key_name", String(64), unique=True),
    Column("added_at", String(32), nullable=False),
    Column("added_by", Text, nullable=False),
    Column("suspended_at", String(32)),
    Column("suspended_by", Text),
    Column("suspend_reason", Text),
    CheckConstraint("kind IN ('trusted', 'hotline')", name="kind"),
    CheckConstraint("(suspended_at IS NULL) = (suspended_by IS NULL)", name="suspended"),
)

# `token` is the digest of the receipt. `content` and `contact` name vault objects.
notice = Table(
    "notice",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("lane", String(16), nullable=False),
    Column("category", String(32), nullable=False),
    Column("child_safety", Boolean, nullable=False),
    Column("imminent", Boolean, nullable=False),
    Column("sufficient", Boolean, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("relation", String(16)),
    Column("locale", String(16), nullable=False),
    Column("country", String(2)),
    Column("follow_up", Boolean, nullable=False),
    Column("reporter", String(64)),
    Column("flagger", ForeignKey("trusted_flagger.id")),
    Column("reference", Text),
    Column("weight", Float, nullable=False),
    Column("content", String(32)),
    Column("contact", String(32)),
    Column("received_at", String(32), nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("escalate_at", String(32)),
    Column("escalated_at", String(32)),
    Column("decided_at", String(32)),
    Column("outcome", String(16)),
    CheckConstraint("lane IN ('user', 'trusted', 'hotline', 'take_it_down')", name="lane"),
    CheckConstraint("lane <> 'take_it_down' OR category = 'ncii_adult'", name="take_it_down"),
    CheckConstraint("category <> 'ncii_adult' OR NOT child_safety", name="ncii_adult"),
    CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided"),
    Index(None, "received_at"),
    Index(None, "escalate_at"),
    Index(None, "flagger", "received_at"),
)

# A notice is decided when each of its cases is; it is done when what was to be removed is known to be gone.
notice_case = Table(
    "notice_case",
    metadata,
    Column("notice", ForeignKey("notice.id"), primary_key=True),
    Column("case_id", String(32), primary_key=True),
    Column("subject_kind", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("decision_id", String(32)),
    Column("decided_at", String(32)),
    Column("outcome", String(16)),
    Column("removal", Boolean, nullable=False),
    Column("removed_at", String(32)),
    CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided"),
    CheckConstraint("removed_at IS NULL OR removal", name="removal"),
    Index(None, "case_id"),
    Index(None, "decided_at"),
)

# `key` is the digest of kind and place: equal objects of several notices are one item of one case.
notice_object = Table(
    "notice_object",
    metadata,
    Column("notice", ForeignKey("notice.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("location", Text),
    Column("part", Text),
    Column("account", Text),
    Column("key", String(64), nullable=False),
    Column("case_id", String(32), nullable=False),
    Column("fetch_state", String(16)),
    Column("fetch_at", String(32)),
    CheckConstraint("fetch_state IN ('wanted', 'fetched', 'failed')", name="fetch_state"),
    Index(None, "key"),
    Index(None, "fetch_state", "fetch_at"),
)

notice_evidence = Table(
    "notice_evidence",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("notice", ForeignKey("notice.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("case_id", String(32), nullable=False),
    Column("vault", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", String(32), nullable=False),
    Column("source", Text, nullable=False),
    Unique("key", "sha256"),
    Index(None, "notice"),
)

# A reporter is a keyed digest of an API key's name or of an address; how often a notice was well founded.
notice_reporter = Table(
    "notice_reporter",
    metadata,
    Column("reporter", String(64), primary_key=True),
    Column("founded", Integer, nullable=False),
    Column("unfounded", Integer, nullable=False),
    Column("warned_at", String(32)),
    Column("warned_by", Text),
    Column("warned_unfounded", Integer),
    Column("suspended_until", String(32)),
    Column("suspended_by", Text),
    Column("suspend_reason", Text),
    CheckConstraint("(warned_at IS NULL) = (warned_by IS NULL)", name="warned"),
    CheckConstraint("suspended_until IS NULL OR warned_at IS NOT NULL", name="warned_first"),
)

# How many notices came of late, by keyed digests that change every day.
notice_rate = Table(
    "notice_rate",
    metadata,
    Column("span", String(32), primary_key=True),
    Column("sender", String(64), primary_key=True),
    Column("n", BigInteger, nullable=False),
)
