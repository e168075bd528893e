"""People who sign in, and how they do. Of every secret only a digest, or a sealed form, is stored."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from seawall.store.tables.base import metadata

staff = Table(
    "staff",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("pseudonym", String(32), nullable=False, unique=True),
    Column("created_at", String(32), nullable=False),
    Column("created_by", String(32)),
    Column("disabled_at", String(32)),
    Column("password", Text),
    Column("factor", Text),
    Column("factor_pending", Text),
    Column("factor_step", BigInteger, nullable=False),
    Column("issuer", Text),
    Column("subject", String(255)),
    Column("granted_by", String(32)),
    Column("granted_at", String(32)),
    Column("grant_reason", Text),
    Unique("issuer", "subject"),
    CheckConstraint("role IN ('reviewer', 'lead', 'admin', 'auditor')", name="role"),
    CheckConstraint("granted_by <> id", name="granted_by_another"),
    CheckConstraint(
        "(granted_by IS NULL) = (granted_at IS NULL) AND (granted_by IS NULL) = (grant_reason IS NULL)", name="granted"
    ),
    CheckConstraint("granted_by IS NULL OR role IN ('reviewer', 'lead')", name="granted_role"),
    CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name="single_sign_on"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("person", ForeignKey("staff.id"), primary_key=True),
    Column("digest", String(64), primary_key=True),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("person", ForeignKey("staff.id"), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("seen_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    CheckConstraint("stage IN ('factor', 'full')", name="stage"),
    Index(None, "person"),
    Index(None, "expires_at"),
)

# What somebody proves with at the command line that it is they. It ends when their sessions end.
personal_token = Table(
    "personal_token",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("person", ForeignKey("staff.id"), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Index(None, "person"),
)

# A browser in which somebody has signed in before: strangers cannot make its owner wait.
known_device = Table(
    "known_device",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person", ForeignKey("staff.id"), primary_key=True),
    Column("seen_at", String(32), nullable=False),
    Index(None, "person"),
)

# Keyed digests of who failed to sign in, of late: names that nobody has are counted like those that somebody has.
sign_in_wait = Table(
    "sign_in_wait",
    metadata,
    Column("who", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_at", String(32), nullable=False),
    Column("until", String(32)),
    Index(None, "failed_at"),
)

sign_in_flow = Table(
    "sign_in_flow",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("next", Text, nullable=False),
    Column("expires_at", String(32), nullable=False),
    Index(None, "expires_at"),
)

break_glass = Table(
    "break_glass",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", ForeignKey("staff.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("until", String(32), nullable=False),
    Column("ended_at", String(32)),
    Index(None, "person", "until"),
)

# One row for each administrator who is to know.
staff_notice = Table(
    "staff_notice",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", ForeignKey("staff.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("about", String(32), nullable=False),
    Column("at", String(32), nullable=False),
    Column("seen_at", String(32)),
    Index(None, "person", "seen_at"),
)
