"""Reviewing: what somebody chose for themselves, what was judged before, and how well people and rules agree.

Rows of wellness carry no reason, and are deleted when they are over. Ratings carry a role, never a person.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from seawall.store.tables.base import metadata

# Where somebody is stricter with what they are shown than the organisation is: JSON by harm type and setting.
wellness_choice = Table(
    "wellness_choice",
    metadata,
    Column("person", String(128), primary_key=True),
    Column("choice", Text, nullable=False),
    Column("changed_at", String(32), nullable=False),
)

wellness_break = Table(
    "wellness_break",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(128), nullable=False),
    Column("began_at", String(32), nullable=False),
    Column("ended_at", String(32)),
    Index(None, "person", "began_at"),
)

wellness_shift = Table(
    "wellness_shift",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(128), nullable=False),
    Column("began_at", String(32), nullable=False),
    Column("ends_at", String(32), nullable=False),
    Index(None, "person", "began_at"),
)

# `category` is a harm type, or `*` for everything severe.
wellness_opt_out = Table(
    "wellness_opt_out",
    metadata,
    Column("person", String(128), primary_key=True),
    Column("category", String(64), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("until", String(32)),
)

# What somebody took on, for alternating: whether it was severe.
wellness_turn = Table(
    "wellness_turn",
    metadata,
    Column("person", String(128), primary_key=True),
    Column("task", String(32), primary_key=True),
    Column("severe", Boolean, nullable=False),
    Column("at", String(32), nullable=False),
    Index(None, "person", "at"),
)

# One row: how many changes there were. Who changes what was judged holds it, so that changes commit in their order.
judged_head = Table(
    "judged_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="one"),
)

# What a person said of an item. `id` is the change that added it, `revision` the last one that touched it.
judged = Table(
    "judged",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False, unique=True),
    Column("verdict", String(32), nullable=False, unique=True),
    Column("case_id", String(32), nullable=False),
    Column("item_id", String(32), nullable=False),
    Column("decision", String(32)),
    Column("sha256", String(64)),
    Column("pdq", String(64)),
    Column("vault", String(32)),
    Column("category", String(64), nullable=False),
    Column("label", String(32), nullable=False),
    Column("industry", String(4)),
    Column("generative_ai", String(8), nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("at", String(32), nullable=False),
    Column("withdrawn_at", String(32)),
    Column("withdrawn_why", String(32)),
    CheckConstraint("label <> 'unsure'", name="sure"),
    CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why IS NULL)", name="withdrawn"),
    Index(None, "sha256"),
    Index(None, "decision"),
    Index(None, "item_id"),
)

# An item that was decided unseen, by what was said of another.
judged_repeat = Table(
    "judged_repeat",
    metadata,
    Column("verdict", String(32), primary_key=True),
    Column("judged", ForeignKey("judged.id"), nullable=False),
    Column("of", String(32), nullable=False),
    Column("case_id", String(32), nullable=False),
    Column("item_id", String(32), nullable=False),
    Column("distance", Integer),
    Column("at", String(32), nullable=False),
    Unique("item_id", "judged"),
    Index(None, "judged"),
)

# A harmless stand-in in the vault whose right answer is known.
golden_item = Table(
    "golden_item",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("vault", String(32), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("answer", String(32), nullable=False),
    Column("made_at", String(32), nullable=False),
    Column("retired_at", String(32)),
)

# Tasks beside the life of any case: golden ones, and judging again. `card` is what the page shows of the case.
side_task = Table(
    "side_task",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("case_id", String(32), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("policy", String(64)),
    Column("card", Text, nullable=False),
    Column("items", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("barred", Text, nullable=False),
    Column("made_for", String(128)),
    Column("owner", String(128)),
    Column("token", BigInteger, nullable=False),
    Column("lease_until", String(32)),
    Column("draft", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("done_at", String(32)),
    CheckConstraint("kind IN ('golden', 'qa')", name="kind"),
    Index(None, "kind", "done_at", "created_at"),
    Index(None, "owner"),
    Index(None, "case_id"),
)

# What was said of one unit, by which role.
rating = Table(
    "rating",
    metadata,
    Column("unit", String(64), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("label", String(32), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    CheckConstraint("role IN ('first', 'second', 'third', 'qa', 'rule', 'answer', 'golden')", name="role"),
    Index(None, "queue", "policy"),
    Index(None, "at"),
)

vocabulary = Table(
    "vocabulary",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("imported_at", String(32), nullable=False),
    Column("imported_by", String(128)),
)
