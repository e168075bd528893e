"""Retention and viewing."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _retention()
    _viewing()


def _retention() -> None:
    op.create_table(
        "retention_object",
        sa.Column("object", sa.String(32), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("done_at", sa.String(32)),
        sa.ForeignKeyConstraint(["object"], ["vault_object.id"], name="fk_retention_object_object"),
        sa.PrimaryKeyConstraint("object", name="pk_retention_object"),
    )
    op.create_index("ix_retention_object_done_at", "retention_object", ["done_at"])
    op.create_table(
        "retention_hold",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("object", sa.String(32), nullable=False),
        sa.Column("case_id", sa.Text),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("keeps", sa.String(16), nullable=False),
        sa.Column("clock", sa.String(64)),
        sa.Column("place", sa.String(8)),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("receipt", sa.Text),
        sa.Column("person", sa.Text),
        sa.Column("begun_at", sa.String(32), nullable=False),
        sa.Column("until", sa.String(32)),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("ended_why", sa.Text),
        sa.CheckConstraint("kind IN ('finding', 'clock', 'kept')", name=op.f("ck_retention_hold_kind")),
        sa.CheckConstraint("keeps IN ('content', 'reference')", name=op.f("ck_retention_hold_keeps")),
        sa.CheckConstraint("(kind = 'finding') = (until IS NULL)", name=op.f("ck_retention_hold_until")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name=op.f("ck_retention_hold_ended")),
        sa.CheckConstraint("kind = 'finding' OR ended_at IS NULL", name=op.f("ck_retention_hold_extend_only")),
        sa.ForeignKeyConstraint(["object"], ["retention_object.object"], name="fk_retention_hold_object"),
        sa.PrimaryKeyConstraint("id", name="pk_retention_hold"),
    )
    op.create_index("ix_retention_hold_object", "retention_hold", ["object"])
    op.create_index("ix_retention_hold_case_id", "retention_hold", ["case_id"])
    op.create_table(
        "retention_order",
        sa.Column("object", sa.String(32), nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("document", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("first", sa.Text, nullable=False),
        sa.Column("second", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.CheckConstraint("first <> second", name=op.f("ck_retention_order_two_persons")),
        sa.ForeignKeyConstraint(["object"], ["retention_object.object"], name="fk_retention_order_object"),
        sa.PrimaryKeyConstraint("object", name="pk_retention_order"),
    )


def _viewing() -> None:
    op.create_table(
        "medium_facts",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("medium", sa.String(16), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("frames", sa.Integer),
        sa.Column("duration_ms", sa.BigInteger),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_medium_facts"),
    )
    op.create_table(
        "exposure",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("object", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text),
        sa.Column("rung", sa.String(16), nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("shown_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_exposure"),
        sa.UniqueConstraint("id", name="uq_exposure_id"),
    )
    op.create_index("ix_exposure_person_shown_at", "exposure", ["person", "shown_at"])
    op.create_index("ix_exposure_sha256", "exposure", ["sha256"])
    op.create_index("ix_exposure_object", "exposure", ["object"])
    op.create_table(
        "exposure_beacon",
        sa.Column("exposure", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("visible_ms", sa.BigInteger, nullable=False),
        sa.Column("spans", sa.Text, nullable=False),
        sa.Column("sound", sa.Boolean, nullable=False),
        sa.CheckConstraint("visible_ms >= 0", name=op.f("ck_exposure_beacon_visible")),
        sa.ForeignKeyConstraint(["exposure"], ["exposure.id"], name="fk_exposure_beacon_exposure"),
        sa.PrimaryKeyConstraint("exposure", "number", name="pk_exposure_beacon"),
    )
