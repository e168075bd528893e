"""Cases, their items, tasks and verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables."""
    _cases()
    _tasks()
    _said()
    _decided()


def _cases() -> None:
    op.create_table(
        "review_case",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("subject_kind", sa.String(8), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("subject_key", sa.String(64), nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("door", sa.String(8), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("event_class", sa.String(64)),
        sa.Column("jurisdiction", sa.String(16)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("held_from", sa.String(16)),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("findings", sa.Integer, nullable=False),
        sa.Column("found_at", sa.String(32), nullable=False),
        sa.Column("imminent", sa.Boolean, nullable=False),
        sa.Column("reach", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.String(32), nullable=False),
        sa.Column("due_at", sa.String(32)),
        sa.Column("due_why", sa.Text),
        sa.Column("points", sa.Float, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("assigned", sa.String(128)),
        sa.Column("closed_at", sa.String(32)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("(state = 'on_hold') = (held_from IS NOT NULL)", name=op.f("ck_review_case_held")),
        sa.CheckConstraint(
            "open = (state IN ('new', 'in_review', 'awaiting_second', 'escalated', 'on_hold'))",
            name=op.f("ck_review_case_open"),
        ),
        sa.CheckConstraint(
            "state IN ('new', 'in_review', 'awaiting_second', 'escalated', 'on_hold', 'decided', 'appealed', 'closed')",
            name=op.f("ck_review_case_state"),
        ),
        sa.CheckConstraint("severity BETWEEN 0 AND 4", name=op.f("ck_review_case_severity")),
        sa.PrimaryKeyConstraint("id", name="pk_review_case"),
    )
    op.create_index(
        "ix_review_case_drill",
        "review_case",
        ["drill", "turn", "id"],
        sqlite_where=sa.text("drill = 1"),
        postgresql_where=sa.text("drill"),
    )
    op.create_index(
        "ix_review_case_due",
        "review_case",
        ["queue", "due_at"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_review_case_opened",
        "review_case",
        ["queue", "opened_at"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_review_case_queue",
        "review_case",
        ["queue", "turn", "id"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_index("ix_review_case_queue_state", "review_case", ["queue", "state", "turn", "id"])
    op.create_index("ix_review_case_state", "review_case", ["state", "turn", "id"])
    op.create_index("ix_review_case_subject", "review_case", ["subject_key", "id"])
    op.create_index(
        "ix_review_case_turn",
        "review_case",
        ["turn", "id"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "uq_review_case_open",
        "review_case",
        ["subject_key", "drill"],
        unique=True,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "review_item",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("vault", sa.String(32)),
        sa.Column("ref", sa.Text),
        sa.Column("decision_id", sa.String(32)),
        sa.Column("notice_id", sa.String(32)),
        sa.Column("parent", sa.Text),
        sa.Column("stage", sa.String(32)),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("printed_at", sa.String(32)),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_review_item_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review_item"),
        sa.UniqueConstraint("case_id", "key", name="uq_review_item_case_id_key"),
        sa.UniqueConstraint("case_id", "number", name="uq_review_item_case_id_number"),
    )
    op.create_index("ix_review_item_key", "review_item", ["key"])
    op.create_index(
        "ix_review_item_sha256",
        "review_item",
        ["sha256", "case_id"],
        sqlite_where=sa.text("sha256 IS NOT NULL"),
        postgresql_where=sa.text("sha256 IS NOT NULL"),
    )
    unprinted = sa.text("printed_at IS NULL AND vault IS NOT NULL AND kind = 'image'")
    op.create_index(
        "ix_review_item_unprinted", "review_item", ["id"], sqlite_where=unprinted, postgresql_where=unprinted
    )


def _tasks() -> None:
    op.create_table(
        "review_task",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.String(32)),
        sa.Column("ready", sa.Boolean, nullable=False),
        sa.Column("assigned", sa.String(128)),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(128)),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.String(32)),
        sa.Column("upto", sa.Integer, nullable=False),
        sa.Column("done_at", sa.String(32)),
        sa.Column("done_by", sa.String(128)),
        sa.Column("ended", sa.String(16)),
        sa.CheckConstraint("ended IN ('submitted', 'finished', 'withdrawn')", name=op.f("ck_review_task_how")),
        sa.CheckConstraint("kind IN ('first', 'second', 'qa', 'golden', 'appeal')", name=op.f("ck_review_task_kind")),
        sa.CheckConstraint("(done_at IS NULL) = (ended IS NULL)", name=op.f("ck_review_task_ended")),
        sa.CheckConstraint("(owner IS NULL) = (lease_until IS NULL)", name=op.f("ck_review_task_lease")),
        sa.CheckConstraint("done_at IS NULL OR (owner IS NULL AND NOT ready)", name=op.f("ck_review_task_done")),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_review_task_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review_task"),
    )
    op.create_index(
        "ix_review_task_assigned",
        "review_task",
        ["assigned"],
        sqlite_where=sa.text("assigned IS NOT NULL AND done_at IS NULL"),
        postgresql_where=sa.text("assigned IS NOT NULL AND done_at IS NULL"),
    )
    op.create_index("ix_review_task_case", "review_task", ["case_id"])
    op.create_index(
        "ix_review_task_lane",
        "review_task",
        ["lane", "turn", "id"],
        sqlite_where=sa.text("ready = 1"),
        postgresql_where=sa.text("ready"),
    )
    op.create_index(
        "ix_review_task_owner",
        "review_task",
        ["owner"],
        sqlite_where=sa.text("owner IS NOT NULL"),
        postgresql_where=sa.text("owner IS NOT NULL"),
    )
    op.create_index(
        "uq_review_task_deciding",
        "review_task",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("done_at IS NULL AND kind IN ('first', 'second')"),
        postgresql_where=sa.text("done_at IS NULL AND kind IN ('first', 'second')"),
    )
    op.create_table(
        "review_aside",
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("bar", sa.Boolean, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["review_task.id"], name="fk_review_aside_task_id"),
        sa.PrimaryKeyConstraint("task_id", "user_id", name="pk_review_aside"),
    )
    op.create_table(
        "review_draft",
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["review_task.id"], name="fk_review_draft_task_id"),
        sa.PrimaryKeyConstraint("task_id", "user_id", name="pk_review_draft"),
    )
    op.create_table(
        "review_event",
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("person", sa.String(128)),
        sa.Column("data", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_review_event_case_id"),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_review_event"),
    )


def _said() -> None:
    op.create_table(
        "review_submission",
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("reviewer", sa.String(128), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("effects", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("need", sa.Integer, nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_review_submission_case_id"),
        sa.ForeignKeyConstraint(["task_id"], ["review_task.id"], name="fk_review_submission_task_id"),
        sa.PrimaryKeyConstraint("task_id", name="pk_review_submission"),
        sa.UniqueConstraint("case_id", "round", "place", name="uq_review_submission_case_id_round_place"),
        sa.UniqueConstraint("case_id", "round", "reviewer", name="uq_review_submission_case_id_round_reviewer"),
    )
    op.create_table(
        "review_verdict",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("task_id", sa.String(32)),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("reviewer", sa.String(128)),
        sa.Column("label", sa.String(32), nullable=False),
        sa.Column("industry", sa.String(2)),
        sa.Column("generative_ai", sa.String(8), nullable=False),
        sa.Column("rationale", sa.Text, nullable=False),
        sa.Column("vocabulary", sa.Text, nullable=False),
        sa.Column("of", sa.String(32)),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("withdrawn_at", sa.String(32)),
        sa.CheckConstraint("(task_id IS NULL) = (of IS NOT NULL)", name=op.f("ck_review_verdict_carried")),
        sa.CheckConstraint("(task_id IS NULL) = (reviewer IS NULL)", name=op.f("ck_review_verdict_reviewer")),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_review_verdict_case_id"),
        sa.ForeignKeyConstraint(["item_id"], ["review_item.id"], name="fk_review_verdict_item_id"),
        sa.ForeignKeyConstraint(["task_id"], ["review_task.id"], name="fk_review_verdict_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_review_verdict"),
        sa.UniqueConstraint("task_id", "item_id", name="uq_review_verdict_task_id_item_id"),
    )
    op.create_index("ix_review_verdict_case", "review_verdict", ["case_id", "round"])
    op.create_index("ix_review_verdict_item", "review_verdict", ["item_id"])
    op.create_index(
        "uq_review_verdict_carried",
        "review_verdict",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("task_id IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("task_id IS NULL AND withdrawn_at IS NULL"),
    )

    op.create_table(
        "review_policy",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_review_policy"),
    )


def _decided() -> None:
    op.create_table(
        "case_decision",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("ground", sa.String(8), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("effects", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("first", sa.String(128), nullable=False),
        sa.Column("second", sa.String(128)),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("supersedes", sa.String(32)),
        sa.Column("appeal_id", sa.String(32)),
        sa.Column("why", sa.Text),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.CheckConstraint("ground IN ('people', 'carried', 'appeal')", name=op.f("ck_case_decision_ground")),
        sa.CheckConstraint(
            "outcome IN ('no_violation', 'not_reportable', 'reportable', 'duplicate')",
            name=op.f("ck_case_decision_outcome"),
        ),
        sa.CheckConstraint(
            "severity < 4 OR outcome <> 'no_violation' OR ground <> 'people' OR second IS NOT NULL",
            name=op.f("ck_case_decision_grave"),
        ),
        sa.CheckConstraint("second IS NULL OR second <> first", name=op.f("ck_case_decision_two")),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_case_decision_case_id"),
        sa.ForeignKeyConstraint(["supersedes"], ["case_decision.id"], name="fk_case_decision_supersedes"),
        sa.PrimaryKeyConstraint("id", name="pk_case_decision"),
        sa.UniqueConstraint("supersedes", name="uq_case_decision_supersedes"),
    )
    op.create_index("ix_case_decision_case", "case_decision", ["case_id", "id"])
    op.create_table(
        "case_effect",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item_id", sa.String(32)),
        sa.Column("of", sa.String(32)),
        sa.Column("host", sa.String(32)),
        sa.Column("queued_at", sa.String(32), nullable=False),
        sa.Column("done_at", sa.String(32)),
        sa.Column("result", sa.Text, nullable=False),
        sa.CheckConstraint(
            "kind IN ('remove', 'bank', 'strike', 'report_draft', 'notify')", name=op.f("ck_case_effect_kind")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_case_effect_case_id"),
        sa.ForeignKeyConstraint(["item_id"], ["review_item.id"], name="fk_case_effect_item_id"),
        sa.ForeignKeyConstraint(["of"], ["case_effect.id"], name="fk_case_effect_of"),
        sa.PrimaryKeyConstraint("id", name="pk_case_effect"),
        sa.UniqueConstraint("of", name="uq_case_effect_of"),
    )
    op.create_index("ix_case_effect_case", "case_effect", ["case_id"])
    op.create_index("ix_case_effect_item", "case_effect", ["item_id"])
    op.create_index(
        "ix_case_effect_undone",
        "case_effect",
        ["case_id", "id"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "report_draft",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("early", sa.Boolean, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("withdrawn_at", sa.String(32)),
        sa.Column("withdrawn_why", sa.Text),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why IS NULL)", name=op.f("ck_report_draft_withdrawn")),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name="fk_report_draft_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_report_draft"),
        sa.UniqueConstraint("decision_id", name="uq_report_draft_decision_id"),
    )
    op.create_index("ix_report_draft_case", "report_draft", ["case_id"])
