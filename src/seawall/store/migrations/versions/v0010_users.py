"""Users and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the tables."""
    _staff()
    _proofs()
    _sessions()
    _break_glass()


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("pseudonym", sa.String(32), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("created_by", sa.String(32)),
        sa.Column("disabled_at", sa.String(32)),
        sa.Column("password", sa.Text),
        sa.Column("factor", sa.Text),
        sa.Column("factor_pending", sa.Text),
        sa.Column("factor_step", sa.BigInteger, nullable=False),
        sa.Column("issuer", sa.Text),
        sa.Column("subject", sa.String(255)),
        sa.Column("granted_by", sa.String(32)),
        sa.Column("granted_at", sa.String(32)),
        sa.Column("grant_reason", sa.Text),
        sa.CheckConstraint("role IN ('reviewer', 'lead', 'admin', 'auditor')", name=op.f("ck_staff_role")),
        sa.CheckConstraint("granted_by <> id", name=op.f("ck_staff_granted_by_another")),
        sa.CheckConstraint(
            "(granted_by IS NULL) = (granted_at IS NULL) AND (granted_by IS NULL) = (grant_reason IS NULL)",
            name=op.f("ck_staff_granted"),
        ),
        sa.CheckConstraint("granted_by IS NULL OR role IN ('reviewer', 'lead')", name=op.f("ck_staff_granted_role")),
        sa.CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name=op.f("ck_staff_single_sign_on")),
        sa.UniqueConstraint("name", name="uq_staff_name"),
        sa.UniqueConstraint("pseudonym", name="uq_staff_pseudonym"),
        sa.UniqueConstraint("issuer", "subject", name="uq_staff_issuer_subject"),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
    )


def _proofs() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["staff.id"], name="fk_recovery_code_person"),
        sa.PrimaryKeyConstraint("person", "digest", name="pk_recovery_code"),
    )
    op.create_table(
        "known_device",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["staff.id"], name="fk_known_device_person"),
        sa.PrimaryKeyConstraint("digest", "person", name="pk_known_device"),
    )
    op.create_index("ix_known_device_person", "known_device", ["person"])
    op.create_table(
        "sign_in_wait",
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failed_at", sa.String(32), nullable=False),
        sa.Column("until", sa.String(32)),
        sa.PrimaryKeyConstraint("who", name="pk_sign_in_wait"),
    )
    op.create_index("ix_sign_in_wait_failed_at", "sign_in_wait", ["failed_at"])
    op.create_table(
        "sign_in_flow",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("next", sa.Text, nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_flow"),
    )
    op.create_index("ix_sign_in_flow_expires_at", "sign_in_flow", ["expires_at"])


def _sessions() -> None:
    op.create_table(
        "staff_session",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.CheckConstraint("stage IN ('factor', 'full')", name=op.f("ck_staff_session_stage")),
        sa.ForeignKeyConstraint(["person"], ["staff.id"], name="fk_staff_session_person"),
        sa.UniqueConstraint("id", name="uq_staff_session_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_staff_session"),
    )
    op.create_index("ix_staff_session_person", "staff_session", ["person"])
    op.create_index("ix_staff_session_expires_at", "staff_session", ["expires_at"])


def _break_glass() -> None:
    op.create_table(
        "break_glass",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("until", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.ForeignKeyConstraint(["person"], ["staff.id"], name="fk_break_glass_person"),
        sa.PrimaryKeyConstraint("id", name="pk_break_glass"),
    )
    op.create_index("ix_break_glass_person_until", "break_glass", ["person", "until"])
    op.create_table(
        "staff_notice",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("about", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32)),
        sa.ForeignKeyConstraint(["person"], ["staff.id"], name="fk_staff_notice_person"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_notice"),
    )
    op.create_index("ix_staff_notice_person_seen_at", "staff_notice", ["person", "seen_at"])
