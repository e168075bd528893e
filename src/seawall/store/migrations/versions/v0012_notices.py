"""Notices and trusted flaggers."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the tables."""
    _trusted_flagger()
    _notice()
    _notice_case()
    _notice_object()
    _notice_evidence()
    _notice_reporter()
    _notice_rate()


def _trusted_flagger() -> None:
    op.create_table(
        "trusted_flagger",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("coordinator", sa.Text),
        sa.Column("country", sa.String(2)),
        sa.Column("expertise", sa.Text, nullable=False),
        sa.Column("valid_from", sa.String(32), nullable=False),
        sa.Column("valid_until", sa.String(32)),
        sa.Column("key_name", sa.String(64)),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("suspended_at", sa.String(32)),
        sa.Column("suspended_by", sa.Text),
        sa.Column("suspend_reason", sa.Text),
        sa.CheckConstraint("kind IN ('trusted', 'hotline')", name=op.f("ck_trusted_flagger_kind")),
        sa.CheckConstraint(
            "(suspended_at IS NULL) = (suspended_by IS NULL)", name=op.f("ck_trusted_flagger_suspended")
        ),
        sa.UniqueConstraint("key_name", name="uq_trusted_flagger_key_name"),
        sa.UniqueConstraint("name", name="uq_trusted_flagger_name"),
        sa.PrimaryKeyConstraint("id", name="pk_trusted_flagger"),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("child_safety", sa.Boolean, nullable=False),
        sa.Column("imminent", sa.Boolean, nullable=False),
        sa.Column("sufficient", sa.Boolean, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("relation", sa.String(16)),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("country", sa.String(2)),
        sa.Column("follow_up", sa.Boolean, nullable=False),
        sa.Column("reporter", sa.String(64)),
        sa.Column("flagger", sa.String(32)),
        sa.Column("reference", sa.Text),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("content", sa.String(32)),
        sa.Column("contact", sa.String(32)),
        sa.Column("received_at", sa.String(32), nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("escalate_at", sa.String(32)),
        sa.Column("escalated_at", sa.String(32)),
        sa.Column("decided_at", sa.String(32)),
        sa.Column("outcome", sa.String(16)),
        sa.CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name=op.f("ck_notice_decided")),
        sa.CheckConstraint("lane IN ('user', 'trusted', 'hotline', 'take_it_down')", name=op.f("ck_notice_lane")),
        sa.CheckConstraint("category <> 'ncii_adult' OR NOT child_safety", name=op.f("ck_notice_ncii_adult")),
        sa.CheckConstraint("lane <> 'take_it_down' OR category = 'ncii_adult'", name=op.f("ck_notice_take_it_down")),
        sa.ForeignKeyConstraint(["flagger"], ["trusted_flagger.id"], name="fk_notice_flagger"),
        sa.UniqueConstraint("token", name="uq_notice_token"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index("ix_notice_escalate_at", "notice", ["escalate_at"])
    op.create_index("ix_notice_flagger_received_at", "notice", ["flagger", "received_at"])
    op.create_index("ix_notice_received_at", "notice", ["received_at"])


def _notice_case() -> None:
    op.create_table(
        "notice_case",
        sa.Column("notice", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("decision_id", sa.String(32)),
        sa.Column("decided_at", sa.String(32)),
        sa.Column("outcome", sa.String(16)),
        sa.Column("removal", sa.Boolean, nullable=False),
        sa.Column("removed_at", sa.String(32)),
        sa.CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name=op.f("ck_notice_case_decided")),
        sa.CheckConstraint("removed_at IS NULL OR removal", name=op.f("ck_notice_case_removal")),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_notice_case_notice"),
        sa.PrimaryKeyConstraint("notice", "case_id", name="pk_notice_case"),
    )
    op.create_index("ix_notice_case_case_id", "notice_case", ["case_id"])
    op.create_index("ix_notice_case_decided_at", "notice_case", ["decided_at"])


def _notice_object() -> None:
    op.create_table(
        "notice_object",
        sa.Column("notice", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("location", sa.Text),
        sa.Column("part", sa.Text),
        sa.Column("account", sa.Text),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("fetch_state", sa.String(16)),
        sa.Column("fetch_at", sa.String(32)),
        sa.CheckConstraint("fetch_state IN ('wanted', 'fetched', 'failed')", name=op.f("ck_notice_object_fetch_state")),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_notice_object_notice"),
        sa.PrimaryKeyConstraint("notice", "number", name="pk_notice_object"),
    )
    op.create_index("ix_notice_object_fetch_state_fetch_at", "notice_object", ["fetch_state", "fetch_at"])
    op.create_index("ix_notice_object_key", "notice_object", ["key"])


def _notice_evidence() -> None:
    op.create_table(
        "notice_evidence",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("notice", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("vault", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_notice_evidence_notice"),
        sa.UniqueConstraint("key", "sha256", name="uq_notice_evidence_key_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_notice_evidence"),
    )
    op.create_index("ix_notice_evidence_notice", "notice_evidence", ["notice"])


def _notice_reporter() -> None:
    op.create_table(
        "notice_reporter",
        sa.Column("reporter", sa.String(64), nullable=False),
        sa.Column("founded", sa.Integer, nullable=False),
        sa.Column("unfounded", sa.Integer, nullable=False),
        sa.Column("warned_at", sa.String(32)),
        sa.Column("warned_by", sa.Text),
        sa.Column("warned_unfounded", sa.Integer),
        sa.Column("suspended_until", sa.String(32)),
        sa.Column("suspended_by", sa.Text),
        sa.Column("suspend_reason", sa.Text),
        sa.CheckConstraint("(warned_at IS NULL) = (warned_by IS NULL)", name=op.f("ck_notice_reporter_warned")),
        sa.CheckConstraint(
            "suspended_until IS NULL OR warned_at IS NOT NULL", name=op.f("ck_notice_reporter_warned_first")
        ),
        sa.PrimaryKeyConstraint("reporter", name="pk_notice_reporter"),
    )


def _notice_rate() -> None:
    op.create_table(
        "notice_rate",
        sa.Column("span", sa.String(32), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("span", "sender", name="pk_notice_rate"),
    )
