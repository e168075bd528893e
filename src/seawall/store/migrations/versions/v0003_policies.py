"""Guard policies and the stages that they pass through."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "policy_version",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("percent", sa.Integer),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "stage IN ('draft', 'shadow', 'percentage', 'live', 'retired')", name=op.f("ck_policy_version_stage")
        ),
        sa.CheckConstraint("(stage = 'percentage') = (percent IS NOT NULL)", name=op.f("ck_policy_version_percent")),
        sa.PrimaryKeyConstraint("hash", name="pk_policy_version"),
        sa.UniqueConstraint("name", "version", name="uq_policy_version_name_version"),
        sa.UniqueConstraint("change", name="uq_policy_version_change"),
    )
    for stage in ("live", "percentage"):
        only = sa.text(f"stage = '{stage}'")
        op.create_index(
            f"ix_policy_version_{stage}",
            "policy_version",
            ["stage"],
            unique=True,
            sqlite_where=only,
            postgresql_where=only,
        )
