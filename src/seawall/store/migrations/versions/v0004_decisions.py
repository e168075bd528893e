"""Decisions of the guard."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "decision",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    named = sa.text("request_id IS NOT NULL")
    op.create_index(
        "ix_decision_request",
        "decision",
        ["account", "request_id"],
        unique=True,
        sqlite_where=named,
        postgresql_where=named,
    )
    op.create_index("ix_decision_at", "decision", ["at"])
    op.create_table(
        "decision_count",
        sa.Column("hour", sa.String(13), nullable=False),
        sa.Column("writer", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("drill", sa.Integer, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hour", "writer", "kind", "action", "drill", name="pk_decision_count"),
    )
    op.create_table(
        "decision_hour",
        sa.Column("hour", sa.String(13), nullable=False),
        sa.Column("sealed_at", sa.String(32)),
        sa.PrimaryKeyConstraint("hour", name="pk_decision_hour"),
    )
