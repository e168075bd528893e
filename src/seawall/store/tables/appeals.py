"""Statements of reasons and appeals. A statement is never changed; nobody decides an appeal against their own decision.

Triggers of the migration keep what constraints cannot say: statements stay as they are, an appeal names the people
who made the decision, and none of those decides it who judged its case in that round, or whose verdicts it repeats.
"""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, String, Table, Text, text

from seawall.store.tables.base import metadata

_OPEN = text("decided_at IS NULL")
_STATES = "'open', 'waiting', 'upheld', 'overturned', 'superseded'"

# `payload` is what the DSA Transparency Database takes. `token` is the digest of the account's receipt.
statement = Table(
    "statement",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("decision_id", ForeignKey("case_decision.id"), nullable=False, unique=True),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("replaces", ForeignKey("statement.id"), unique=True),
    Column("token", String(64), unique=True),
    Column("puid", String(500), unique=True),
    Column("payload", Text),
    Column("facts", Text, nullable=False),
    Column("options", String(64), nullable=False),
    Column("drill", Boolean, nullable=False),
    CheckConstraint("kind IN ('restriction', 'information', 'overturn')", name="kind"),
    CheckConstraint("(kind = 'restriction') = (payload IS NOT NULL)", name="payload"),
    CheckConstraint("(payload IS NULL) = (puid IS NULL)", name="puid"),
    CheckConstraint("kind <> 'overturn' OR replaces IS NOT NULL", name="overturn"),
    Index("ix_statement_case", "case_id", "id"),
)

# `first` and `second` are those of the decision. `words` names a vault object. `key` tells parties apart.
appeal = Table(
    "appeal",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("decision_id", ForeignKey("case_decision.id"), nullable=False),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("party", String(16), nullable=False),
    Column("key", String(64), nullable=False),
    Column("notice_id", String(32)),
    Column("first", String(128), nullable=False),
    Column("second", String(128)),
    Column("task_id", ForeignKey("review_task.id")),
    Column("words", String(32)),
    Column("locale", String(16), nullable=False),
    Column("filed_at", String(32), nullable=False),
    Column("filed_by", String(128)),
    Column("window_until", String(32)),
    Column("due_at", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("decider", String(128)),
    Column("decided_at", String(32)),
    Column("reason", Text),
    Column("result_id", ForeignKey("case_decision.id")),
    Column("drill", Boolean, nullable=False),
    CheckConstraint("party IN ('account', 'notifier')", name="party"),
    CheckConstraint("(party = 'notifier') = (notice_id IS NOT NULL)", name="notice"),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint("(state IN ('open', 'waiting')) = (decided_at IS NULL)", name="decided"),
    CheckConstraint("(state = 'waiting') = (task_id IS NULL AND decided_at IS NULL)", name="task"),
    CheckConstraint("(state IN ('upheld', 'overturned')) = (decider IS NOT NULL)", name="person"),
    CheckConstraint("(decider IS NULL) = (reason IS NULL)", name="reason"),
    CheckConstraint("decider <> first", name="not_first"),
    CheckConstraint("decider <> second", name="not_second"),
    Index("uq_appeal_open", "decision_id", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_appeal_case", "case_id", "id"),
    Index("ix_appeal_task", "task_id"),
    Index("ix_appeal_state", "state", "id"),
)
