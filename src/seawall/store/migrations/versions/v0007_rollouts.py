"""Prevention counters and phased release."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables."""
    _prevention()
    _rollouts()


def _prevention() -> None:
    op.create_table(
        "prevention_count",
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("week", "message", "kind", name="pk_prevention_count"),
    )
    op.create_table(
        "prevention_cohort",
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("arm", sa.String(16), nullable=False),
        sa.Column("days", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("week", "arm", "days", name="pk_prevention_cohort"),
    )
    op.create_table(
        "prevention_unit",
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("episode", sa.String(16), nullable=False),
        sa.Column("arm", sa.String(16), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("again_at", sa.String(32)),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("unit", name="pk_prevention_unit"),
    )
    op.create_index("ix_prevention_unit_expires_at", "prevention_unit", ["expires_at"])


def _rollouts() -> None:
    op.create_table(
        "rollout_setting",
        sa.Column("one", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("unlisted", sa.String(8), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_rollout_setting_one")),
        sa.CheckConstraint("unlisted IN ('open', 'closed')", name=op.f("ck_rollout_setting_unlisted")),
        sa.PrimaryKeyConstraint("one", name="pk_rollout_setting"),
    )
    op.create_table(
        "rollout",
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("plan_digest", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("period", sa.Integer, nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("override", sa.Text),
        sa.Column("changed_at", sa.String(32), nullable=False),
        sa.CheckConstraint("state IN ('running', 'frozen')", name=op.f("ck_rollout_state")),
        sa.PrimaryKeyConstraint("model", name="pk_rollout"),
    )
    op.create_table(
        "rollout_evidence",
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("period", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("trials", sa.BigInteger, nullable=False),
        sa.Column("breaches", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.String(32)),
        sa.Column("below_at", sa.String(32)),
        sa.Column("above_at", sa.String(32)),
        sa.Column("policies", sa.Text),
        sa.ForeignKeyConstraint(["model"], ["rollout.model"], name="fk_rollout_evidence_model"),
        sa.PrimaryKeyConstraint("model", "period", name="pk_rollout_evidence"),
    )
    op.create_table(
        "rollout_batch",
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("first", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("last_at", sa.String(32), nullable=False),
        sa.Column("policy", sa.Text),
        sa.Column("trials", sa.Integer, nullable=False),
        sa.Column("breaches", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("model", "first", name="pk_rollout_batch"),
    )
    op.create_table(
        "rollout_kill",
        sa.Column("kill_id", sa.String(32), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("revived_at", sa.String(32)),
        sa.Column("revived_by", sa.Text),
        sa.Column("revive_reason", sa.Text),
        sa.CheckConstraint("(revived_at IS NULL) = (revived_by IS NULL)", name=op.f("ck_rollout_kill_revived")),
        sa.PrimaryKeyConstraint("kill_id", name="pk_rollout_kill"),
    )
