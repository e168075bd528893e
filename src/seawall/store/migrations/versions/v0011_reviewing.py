"""Reviewing: settings, breaks, what was judged before."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the tables."""
    _wellness()
    _judged()
    _quality()


def _wellness() -> None:
    op.create_table(
        "wellness_choice",
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("choice", sa.Text, nullable=False),
        sa.Column("changed_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_wellness_choice"),
    )
    op.create_table(
        "wellness_break",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("began_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_wellness_break"),
    )
    op.create_index("ix_wellness_break_person_began_at", "wellness_break", ["person", "began_at"])
    op.create_table(
        "wellness_shift",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("began_at", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wellness_shift"),
    )
    op.create_index("ix_wellness_shift_person_began_at", "wellness_shift", ["person", "began_at"])
    op.create_table(
        "wellness_opt_out",
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("until", sa.String(32)),
        sa.PrimaryKeyConstraint("person", "category", name="pk_wellness_opt_out"),
    )
    op.create_table(
        "wellness_turn",
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("task", sa.String(32), nullable=False),
        sa.Column("severe", sa.Boolean, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("person", "task", name="pk_wellness_turn"),
    )
    op.create_index("ix_wellness_turn_person_at", "wellness_turn", ["person", "at"])


def _judged() -> None:
    op.create_table(
        "judged_head",
        sa.Column("one", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_judged_head_one")),
        sa.PrimaryKeyConstraint("one", name="pk_judged_head"),
    )
    op.create_table(
        "judged",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("decision", sa.String(32)),
        sa.Column("sha256", sa.String(64)),
        sa.Column("pdq", sa.String(64)),
        sa.Column("vault", sa.String(32)),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("label", sa.String(32), nullable=False),
        sa.Column("industry", sa.String(4)),
        sa.Column("generative_ai", sa.String(8), nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("withdrawn_at", sa.String(32)),
        sa.Column("withdrawn_why", sa.String(32)),
        sa.CheckConstraint("label <> 'unsure'", name=op.f("ck_judged_sure")),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why IS NULL)", name=op.f("ck_judged_withdrawn")),
        sa.UniqueConstraint("verdict", name="uq_judged_verdict"),
        sa.UniqueConstraint("revision", name="uq_judged_revision"),
        sa.PrimaryKeyConstraint("id", name="pk_judged"),
    )
    op.create_index("ix_judged_decision", "judged", ["decision"])
    op.create_index("ix_judged_item_id", "judged", ["item_id"])
    op.create_index("ix_judged_sha256", "judged", ["sha256"])
    op.create_table(
        "judged_repeat",
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("judged", sa.BigInteger, nullable=False),
        sa.Column("of", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("distance", sa.Integer),
        sa.Column("at", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["judged"], ["judged.id"], name="fk_judged_repeat_judged"),
        sa.UniqueConstraint("item_id", "judged", name="uq_judged_repeat_item_id_judged"),
        sa.PrimaryKeyConstraint("verdict", name="pk_judged_repeat"),
    )
    op.create_index("ix_judged_repeat_judged", "judged_repeat", ["judged"])


def _quality() -> None:
    op.create_table(
        "golden_item",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("vault", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("answer", sa.String(32), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("retired_at", sa.String(32)),
        sa.UniqueConstraint("sha256", name="uq_golden_item_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_golden_item"),
    )
    op.create_table(
        "side_task",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("policy", sa.String(64)),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
        sa.Column("expected", sa.Text, nullable=False),
        sa.Column("barred", sa.Text, nullable=False),
        sa.Column("made_for", sa.String(128)),
        sa.Column("owner", sa.String(128)),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.String(32)),
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("done_at", sa.String(32)),
        sa.CheckConstraint("kind IN ('golden', 'qa')", name=op.f("ck_side_task_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_side_task"),
    )
    op.create_index("ix_side_task_case_id", "side_task", ["case_id"])
    op.create_index("ix_side_task_kind_done_at_created_at", "side_task", ["kind", "done_at", "created_at"])
    op.create_index("ix_side_task_owner", "side_task", ["owner"])
    op.create_table(
        "rating",
        sa.Column("unit", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("label", sa.String(32), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.CheckConstraint(
            "role IN ('first', 'second', 'third', 'qa', 'rule', 'answer', 'golden')", name=op.f("ck_rating_role")
        ),
        sa.PrimaryKeyConstraint("unit", "role", name="pk_rating"),
    )
    op.create_index("ix_rating_at", "rating", ["at"])
    op.create_index("ix_rating_queue_policy", "rating", ["queue", "policy"])
    op.create_table(
        "vocabulary",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("imported_at", sa.String(32), nullable=False),
        sa.Column("imported_by", sa.String(128)),
        sa.PrimaryKeyConstraint("name", "version", name="pk_vocabulary"),
    )
