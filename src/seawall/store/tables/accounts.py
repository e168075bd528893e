"""Accounts: a log of facts, what it comes to, and the ladders by which it was judged. Rows of the log never change."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, Table, Text, text
from sqlalchemy import UniqueConstraint as Unique

from seawall.store.tables.base import SERIAL, metadata

_KINDS = "'warn', 'cooldown', 'feature_off', 'suspend', 'ban'"
_INVERSES = "'withdraw_warning', 'end_cooldown', 'feature_on', 'reinstate', 'unban'"
_INHERITED = text("link IS NOT NULL")

# `facts` counts the account's log. Adding to it also locks the account, so that its facts are in one order.
account = Table(
    "account",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("tenant", Text),
    Column("created_at", String(32), nullable=False),
    Column("facts", Integer, nullable=False),
)

# One row: how many restrictions and lifts were ever written. The row is locked until its transaction commits, so who
# has seen number n has seen everything before it.
account_clock = Table(
    "account_clock",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="one"),
)

account_fact = Table(
    "account_fact",
    metadata,
    Column("account", ForeignKey("account.ref"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("data", Text, nullable=False),
    CheckConstraint("kind IN ('strike', 'void', 'restrict', 'lift')", name="kind"),
)

ladder = Table(
    "ladder",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("added_at", String(32), nullable=False),
    Column("data", Text, nullable=False),
)

ladder_activation = Table(
    "ladder_activation",
    metadata,
    Column("seq", SERIAL, primary_key=True),
    Column("ladder", ForeignKey("ladder.digest"), nullable=False),
    Column("at", String(32), nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

strike = Table(
    "strike",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", ForeignKey("account.ref"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("class", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("decay", String(16), nullable=False),
    Column("half_life", Integer),
    Column("issued_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("decision_id", String(32), unique=True),
    Column("person", Text),
    Column("reason", Text),
    Column("ladder", ForeignKey("ladder.digest"), nullable=False),
    Column("voided_at", String(32)),
    Column("voided_by", Text),
    Column("void_reason", Text),
    CheckConstraint("decision_id IS NOT NULL OR person IS NOT NULL", name="ground"),
    CheckConstraint("(voided_at IS NULL) = (voided_by IS NULL)", name="voided"),
    Index(None, "account", "expires_at"),
)

# A lift is a row of its own, which names what it takes back; so nothing is taken back twice.
restriction = Table(
    "restriction",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", ForeignKey("account.ref"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("feature", String(64)),
    Column("starts_at", String(32), nullable=False),
    Column("ends_at", String(32)),
    Column("strike", ForeignKey("strike.id")),
    Column("ladder", ForeignKey("ladder.digest")),
    Column("person", Text),
    Column("reason", Text),
    Column("link", String(32)),
    Column("inverse_of", ForeignKey("restriction.id"), unique=True),
    CheckConstraint("strike IS NOT NULL OR person IS NOT NULL", name="ground"),
    CheckConstraint(
        f"(inverse_of IS NULL AND kind IN ({_KINDS})) OR (inverse_of IS NOT NULL AND kind IN ({_INVERSES}))",
        name="inverse",
    ),
    CheckConstraint("(kind = 'feature_off') = (feature IS NOT NULL AND inverse_of IS NULL)", name="feature"),
    Index(None, "account"),
    Index(None, "change"),
    Index("ix_restriction_link", "link", sqlite_where=_INHERITED, postgresql_where=_INHERITED),
)

# What was refused of late, so that all workers see who probes; kept for as long as the longest window.
account_refusal = Table(
    "account_refusal",
    metadata,
    Column("seq", SERIAL, primary_key=True),
    Column("decision_id", String(32), nullable=False, unique=True),
    Column("account", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Index(None, "at"),
)

# Keyed tokens of identifiers, never the identifiers.
link_token = Table(
    "link_token",
    metadata,
    Column("account", ForeignKey("account.ref"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("token", String(32), primary_key=True),
    Column("seen_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Index(None, "kind", "epoch", "token"),
    Index(None, "expires_at"),
)

# Two accounts that may be one person's. `data` names the evidence; only a person turns it into a fact.
account_link = Table(
    "account_link",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", ForeignKey("account.ref"), nullable=False),
    Column("other", ForeignKey("account.ref"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("score", Float, nullable=False),
    Column("data", Text, nullable=False),
    Column("suggested_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("decided_at", String(32)),
    Column("person", Text),
    Column("reason", Text),
    Unique("account", "other"),
    CheckConstraint("account <> other", name="two"),
    CheckConstraint("state IN ('suggested', 'confirmed', 'rejected', 'purged')", name="state"),
    CheckConstraint("state = 'suggested' OR (person IS NOT NULL AND decided_at IS NOT NULL)", name="decided"),
    Index(None, "other"),
)
