"""Cases: items of one subject, the tasks of reviewing them, what was said, what it came to, and what followed.

A case's state is what its events come to. What the rules of reviewing forbid, the database refuses as well: two open
cases of a subject, two tasks or two leases at once, a second reviewer who was the first, two verdicts of one task on
one item, and the gravest cases dismissed by one person alone.
"""

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
    TextClause,
    UniqueConstraint,
    text,
)

from seawall.store.tables.base import metadata

_STATES = "'new', 'in_review', 'awaiting_second', 'escalated', 'on_hold', 'decided', 'appealed', 'closed'"
_OPEN_STATES = "'new', 'in_review', 'awaiting_second', 'escalated', 'on_hold'"
_DECIDING = text("done_at IS NULL AND kind IN ('first', 'second')")
_OWNED = text("owner IS NOT NULL")
_CARRIED = text("task_id IS NULL AND withdrawn_at IS NULL")
_UNPRINTED = text("printed_at IS NULL AND vault IS NOT NULL AND kind = 'image'")
_UNDONE = text("done_at IS NULL")


def _index(name: str, *columns: str, yes: str = "", where: TextClause | None = None, unique: bool = False) -> Index:
    """An index of the rows in which the column `yes` is true, or of those for which a condition holds."""
    if yes:
        return Index(name, *columns, unique=unique, sqlite_where=text(f"{yes} = 1"), postgresql_where=text(yes))
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


# `turn` is the moment, in milliseconds since 1970, at which a case stands in its queue: that of its opening, moved
# back by what its priority is worth. It does not change as time passes, so that an index keeps the order.
# `subject_key` is a digest of whose case it is: references may be longer than an index takes.
review_case = Table(
    "review_case",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("subject_kind", String(8), nullable=False),
    Column("subject", Text, nullable=False),
    Column("subject_key", String(64), nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("door", String(8), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("category", String(64), nullable=False),
    Column("event_class", String(64)),
    Column("jurisdiction", String(16)),
    Column("state", String(16), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("held_from", String(16)),
    Column("round", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("found_at", String(32), nullable=False),
    Column("imminent", Boolean, nullable=False),
    Column("reach", BigInteger, nullable=False),
    Column("opened_at", String(32), nullable=False),
    Column("due_at", String(32)),
    Column("due_why", Text),
    Column("points", Float, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("assigned", String(128)),
    Column("closed_at", String(32)),
    Column("version", Integer, nullable=False),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint(f"open = (state IN ({_OPEN_STATES}))", name="open"),
    CheckConstraint("(state = 'on_hold') = (held_from IS NOT NULL)", name="held"),
    CheckConstraint("severity BETWEEN 0 AND 4", name="severity"),
    _index("uq_review_case_open", "subject_key", "drill", unique=True, yes="open"),
    Index("ix_review_case_subject", "subject_key", "id"),
    _index("ix_review_case_turn", "turn", "id", yes="open"),
    _index("ix_review_case_queue", "queue", "turn", "id", yes="open"),
    _index("ix_review_case_opened", "queue", "opened_at", yes="open"),
    _index("ix_review_case_due", "queue", "due_at", yes="open"),
    Index("ix_review_case_state", "state", "turn", "id"),
    Index("ix_review_case_queue_state", "queue", "state", "turn", "id"),
    _index("ix_review_case_drill", "drill", "turn", "id", yes="drill"),
)

review_item = Table(
    "review_item",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("added_at", String(32), nullable=False),
    Column("sha256", String(64)),
    Column("vault", String(32)),
    Column("ref", Text),
    Column("decision_id", String(32)),
    Column("notice_id", String(32)),
    Column("parent", Text),
    Column("stage", String(32)),
    Column("evidence", Text, nullable=False),
    Column("printed_at", String(32)),
    UniqueConstraint("case_id", "key"),
    UniqueConstraint("case_id", "number"),
    Index("ix_review_item_key", "key"),
    _index("ix_review_item_sha256", "sha256", "case_id", where=text("sha256 IS NOT NULL")),
    _index("ix_review_item_unprinted", "id", where=_UNPRINTED),
)

# `lane` is queue, kind, gravity and category in one: in each lane, the first that is free is found at once.
# `token` fences: who holds an older one has lost the lease. `upto` is the last item that was there at the claim.
review_task = Table(
    "review_task",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("round", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("queue", String(64), nullable=False),
    Column("lane", Text, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("due_at", String(32)),
    Column("ready", Boolean, nullable=False),
    Column("assigned", String(128)),
    Column("created_at", String(32), nullable=False),
    Column("owner", String(128)),
    Column("token", BigInteger, nullable=False),
    Column("lease_until", String(32)),
    Column("upto", Integer, nullable=False),
    Column("done_at", String(32)),
    Column("done_by", String(128)),
    Column("ended", String(16)),
    CheckConstraint("kind IN ('first', 'second', 'qa', 'golden', 'appeal')", name="kind"),
    CheckConstraint("(owner IS NULL) = (lease_until IS NULL)", name="lease"),
    CheckConstraint("(done_at IS NULL) = (ended IS NULL)", name="ended"),
    CheckConstraint("ended IN ('submitted', 'finished', 'withdrawn')", name="how"),
    CheckConstraint("done_at IS NULL OR (owner IS NULL AND NOT ready)", name="done"),
    _index("uq_review_task_deciding", "case_id", unique=True, where=_DECIDING),
    _index("ix_review_task_lane", "lane", "turn", "id", yes="ready"),
    _index("ix_review_task_owner", "owner", where=_OWNED),
    _index("ix_review_task_assigned", "assigned", where=text("assigned IS NOT NULL AND done_at IS NULL")),
    Index("ix_review_task_case", "case_id"),
)

# Who does not get a task: never (`bar`), or not before somebody else had it or some time has passed.
review_aside = Table(
    "review_aside",
    metadata,
    Column("task_id", ForeignKey("review_task.id"), primary_key=True),
    Column("user_id", String(128), primary_key=True),
    Column("bar", Boolean, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("at", String(32), nullable=False),
    Column("reason", Text, nullable=False),
)

# Everybody's own: one person's draft is never shown to, nor written over by, the next. Deleted when the task is done.
review_draft = Table(
    "review_draft",
    metadata,
    Column("task_id", ForeignKey("review_task.id"), primary_key=True),
    Column("user_id", String(128), primary_key=True),
    Column("data", Text, nullable=False),
    Column("at", String(32), nullable=False),
)

review_event = Table(
    "review_event",
    metadata,
    Column("case_id", ForeignKey("review_case.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("person", String(128)),
    Column("data", Text, nullable=False),
)

# `decision_id` is that of the decision to which the round leads; it is known before, for what must not wait.
review_submission = Table(
    "review_submission",
    metadata,
    Column("task_id", ForeignKey("review_task.id"), primary_key=True),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("reviewer", String(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("effects", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("method", String(16), nullable=False),
    Column("need", Integer, nullable=False),
    Column("result", String(16), nullable=False),
    Column("decision_id", String(32), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    UniqueConstraint("case_id", "round", "reviewer"),
    UniqueConstraint("case_id", "round", "place"),
)

review_verdict = Table(
    "review_verdict",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("task_id", ForeignKey("review_task.id")),
    Column("item_id", ForeignKey("review_item.id"), nullable=False),
    Column("reviewer", String(128)),
    Column("label", String(32), nullable=False),
    Column("industry", String(2)),
    Column("generative_ai", String(8), nullable=False),
    Column("rationale", Text, nullable=False),
    Column("vocabulary", Text, nullable=False),
    Column("of", String(32)),
    Column("at", String(32), nullable=False),
    Column("withdrawn_at", String(32)),
    UniqueConstraint("task_id", "item_id"),
    CheckConstraint("(task_id IS NULL) = (of IS NOT NULL)", name="carried"),
    CheckConstraint("(task_id IS NULL) = (reviewer IS NULL)", name="reviewer"),
    _index("uq_review_verdict_carried", "item_id", unique=True, where=_CARRIED),
    Index("ix_review_verdict_case", "case_id", "round"),
    Index("ix_review_verdict_item", "item_id"),
)

case_decision = Table(
    "case_decision",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("ground", String(8), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("effects", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("first", String(128), nullable=False),
    Column("second", String(128)),
    Column("at", String(32), nullable=False),
    Column("supersedes", ForeignKey("case_decision.id"), unique=True),
    Column("appeal_id", String(32)),
    Column("why", Text),
    Column("drill", Boolean, nullable=False),
    CheckConstraint("ground IN ('people', 'carried', 'appeal')", name="ground"),
    CheckConstraint("outcome IN ('no_violation', 'not_reportable', 'reportable', 'duplicate')", name="outcome"),
    CheckConstraint("second IS NULL OR second <> first", name="two"),
    CheckConstraint(
        "severity < 4 OR outcome <> 'no_violation' OR ground <> 'people' OR second IS NOT NULL", name="grave"
    ),
    Index("ix_case_decision_case", "case_id", "id"),
)

# `id` is that of the message in the outbox. `of` is the effect that this one takes back.
case_effect = Table(
    "case_effect",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("decision_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("item_id", ForeignKey("review_item.id")),
    Column("of", ForeignKey("case_effect.id"), unique=True),
    Column("host", String(32)),
    Column("queued_at", String(32), nullable=False),
    Column("done_at", String(32)),
    Column("result", Text, nullable=False),
    CheckConstraint("kind IN ('remove', 'bank', 'strike', 'report_draft', 'notify')", name="kind"),
    Index("ix_case_effect_case", "case_id"),
    _index("ix_case_effect_undone", "case_id", "id", where=_UNDONE),
    Index("ix_case_effect_item", "item_id"),
)

# A report to an authority that is to be written and filed. `early`: drafted before a second person confirmed.
report_draft = Table(
    "report_draft",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("decision_id", String(32), nullable=False, unique=True),
    Column("at", String(32), nullable=False),
    Column("early", Boolean, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("withdrawn_at", String(32)),
    Column("withdrawn_why", Text),
    CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why IS NULL)", name="withdrawn"),
    Index("ix_report_draft_case", "case_id"),
)

# Every review policy under which something was decided, by digest.
review_policy = Table(
    "review_policy",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("added_at", String(32), nullable=False),
    Column("data", Text, nullable=False),
)
