"""Reports to authorities: what was drafted, who approved it, each step of filing it, and what came back.

What a report says, and what the authority answered, is in the vault; here are ids, digests, states and moments. Of what
an authority gave an id, and of what stands for the same evidence, there is one row: the database refuses another.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy import UniqueConstraint as Unique

from seawall.store.tables.base import metadata

_STATES = (
    "'draft', 'approved', 'filing', 'filed', 'filed_manually', 'needs_repair', 'paused', 'stopped', 'joined',"
    " 'withdrawn', 'refused'"
)
_DUE = text("state IN ('approved', 'filing')")
_REMOTE = text("remote_id IS NOT NULL")

# `key` is a digest of account, evidence and event class: of the reports that stand for it there is one, and others join
# it. `token` fences: who holds an older one has lost the report. `documents` names a vault object, `digest` is that of
# the documents as they are sent, which is what is approved.
report = Table(
    "report",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("draft_id", ForeignKey("report_draft.id"), nullable=False),
    Column("case_id", ForeignKey("review_case.id"), nullable=False),
    Column("authority", String(16), nullable=False),
    Column("environment", String(16), nullable=False),
    Column("follow_up", Integer, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("event_class", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("subject_key", String(64), nullable=False),
    Column("standing", Boolean, nullable=False),
    Column("joined_to", ForeignKey("report.id")),
    Column("made_at", String(32), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("documents", String(32)),
    Column("digest", String(64)),
    Column("faults", Integer, nullable=False),
    Column("score", Integer, nullable=False),
    Column("informational", Boolean, nullable=False),
    Column("imminent", Boolean, nullable=False),
    Column("escalated", Boolean, nullable=False),
    Column("viewed", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text),
    Column("remote_id", String(64)),
    Column("filed_at", String(32)),
    Column("complete", Boolean),
    Column("due_at", String(32)),
    Column("tried_since", String(32)),
    Column("alarms", Integer, nullable=False),
    Column("owner", String(64)),
    Column("token", BigInteger, nullable=False),
    Column("lease_until", String(32)),
    Unique("authority", "environment", "draft_id", "follow_up"),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint("environment IN ('test', 'production')", name="environment"),
    CheckConstraint("drill = (environment = 'test')", name="drill"),
    CheckConstraint("(documents IS NULL) = (digest IS NULL)", name="documents"),
    CheckConstraint("(state = 'joined') = (joined_to IS NOT NULL)", name="joined"),
    CheckConstraint("standing = (state NOT IN ('joined', 'withdrawn', 'refused'))", name="standing"),
    CheckConstraint("(state IN ('filed', 'filed_manually')) = (filed_at IS NOT NULL)", name="filed"),
    CheckConstraint("filed_at IS NULL OR remote_id IS NOT NULL", name="receipt"),
    CheckConstraint("(owner IS NULL) = (lease_until IS NULL)", name="lease"),
    Index(
        "uq_report_key",
        "authority",
        "environment",
        "key",
        unique=True,
        sqlite_where=text("standing = 1"),
        postgresql_where=text("standing"),
    ),
    Index(
        "uq_report_remote_id",
        "authority",
        "environment",
        "remote_id",
        unique=True,
        sqlite_where=_REMOTE,
        postgresql_where=_REMOTE,
    ),
    Index("ix_report_case", "case_id"),
    Index("ix_report_subject", "subject_key", "filed_at"),
    Index("ix_report_state", "state", "id"),
    Index("ix_report_due", "escalated", "made_at", sqlite_where=_DUE, postgresql_where=_DUE),
)

# The items of an edition, the gravest first; `file` is the number of the file that is sent of one, the first being 0.
report_item = Table(
    "report_item",
    metadata,
    Column("report_id", ForeignKey("report.id"), primary_key=True),
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("item_id", ForeignKey("review_item.id"), nullable=False),
    Column("file", Integer),
    Column("object", ForeignKey("vault_object.id")),
    Column("sha256", String(64)),
    Column("size", BigInteger),
    Unique("report_id", "edition", "item_id"),
    Unique("report_id", "edition", "file"),
    CheckConstraint("file IS NULL OR (object IS NOT NULL AND sha256 IS NOT NULL AND size IS NOT NULL)", name="file"),
)

# What a person confirms that no record says, such as that somebody is in danger. The newest of a name holds.
report_answer = Table(
    "report_answer",
    metadata,
    Column("report_id", ForeignKey("report.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(32), nullable=False),
    Column("value", String(32), nullable=False),
    Column("person", String(128), nullable=False),
    Column("at", String(32), nullable=False),
)

# Who approved which documents. A person approves once; documents that change are approved anew.
report_approval = Table(
    "report_approval",
    metadata,
    Column("report_id", ForeignKey("report.id"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("person", String(128), primary_key=True),
    Column("via", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("taken_back_at", String(32)),
    CheckConstraint("via IN ('session', 'token', 'policy')", name="via"),
    CheckConstraint("(via = 'policy') = (person = 'policy')", name="policy"),
)

# The record of filing: an intent before each call, what came of it after. Only ever added to.
report_step = Table(
    "report_step",
    metadata,
    Column("report_id", ForeignKey("report.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("call", String(16)),
    Column("file", Integer),
    Column("digest", String(64)),
    Column("meaning", String(16)),
    Column("remote_report", String(64)),
    Column("remote_file", String(64)),
    Column("remote_files", Text),
    Column("intact", Boolean),
    Column("sent", Boolean),
    Column("status", Integer),
    Column("code", Integer),
    Column("request_id", Text),
    Column("reply", String(32)),
    Column("person", String(128)),
    CheckConstraint("kind IN ('intent', 'answered', 'lost', 'resumed')", name="kind"),
    CheckConstraint("(kind = 'resumed') = (call IS NULL)", name="call"),
    CheckConstraint("(kind = 'answered') = (meaning IS NOT NULL)", name="answered"),
    CheckConstraint("(kind = 'resumed') = (person IS NOT NULL)", name="resumed"),
)

# What stops everything towards an authority until a person has looked.
authority_pause = Table(
    "authority_pause",
    metadata,
    Column("authority", String(16), primary_key=True),
    Column("environment", String(16), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("why", String(64), nullable=False),
)

# Production is on while two people want it: each after a report of a drill was filed in the test environment.
authority_switch = Table(
    "authority_switch",
    metadata,
    Column("authority", String(16), primary_key=True),
    Column("person", String(128), primary_key=True),
    Column("test_report", ForeignKey("report.id"), nullable=False),
    Column("at", String(32), nullable=False),
)
