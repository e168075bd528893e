"""Accounts, strikes, restrictions, and the outbox of effects."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _accounts()
    _sanctions()
    _links()
    _outbox()


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("facts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("ref", name="pk_account"),
    )
    op.create_table(
        "account_clock",
        sa.Column("one", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_account_clock_one")),
        sa.PrimaryKeyConstraint("one", name="pk_account_clock"),
    )
    op.create_table(
        "account_fact",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.CheckConstraint("kind IN ('strike', 'void', 'restrict', 'lift')", name=op.f("ck_account_fact_kind")),
        sa.ForeignKeyConstraint(["account"], ["account.ref"], name="fk_account_fact_account"),
        sa.PrimaryKeyConstraint("account", "number", name="pk_account_fact"),
    )
    op.create_table(
        "ladder",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_ladder"),
    )
    op.create_table(
        "ladder_activation",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("ladder", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["ladder"], ["ladder.digest"], name="fk_ladder_activation_ladder"),
        sa.PrimaryKeyConstraint("seq", name="pk_ladder_activation"),
    )
    op.create_table(
        "account_refusal",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_account_refusal"),
        sa.UniqueConstraint("decision_id", name="uq_account_refusal_decision_id"),
    )
    op.create_index("ix_account_refusal_at", "account_refusal", ["at"])


def _sanctions() -> None:
    op.create_table(
        "strike",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("class", sa.Text, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("decay", sa.String(16), nullable=False),
        sa.Column("half_life", sa.Integer),
        sa.Column("issued_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.Column("decision_id", sa.String(32)),
        sa.Column("person", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("ladder", sa.String(64), nullable=False),
        sa.Column("voided_at", sa.String(32)),
        sa.Column("voided_by", sa.Text),
        sa.Column("void_reason", sa.Text),
        sa.CheckConstraint("(voided_at IS NULL) = (voided_by IS NULL)", name=op.f("ck_strike_voided")),
        sa.CheckConstraint("decision_id IS NOT NULL OR person IS NOT NULL", name=op.f("ck_strike_ground")),
        sa.ForeignKeyConstraint(["account"], ["account.ref"], name="fk_strike_account"),
        sa.ForeignKeyConstraint(["ladder"], ["ladder.digest"], name="fk_strike_ladder"),
        sa.PrimaryKeyConstraint("id", name="pk_strike"),
        sa.UniqueConstraint("decision_id", name="uq_strike_decision_id"),
    )
    op.create_index("ix_strike_account_expires_at", "strike", ["account", "expires_at"])
    op.create_table(
        "restriction",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("feature", sa.String(64)),
        sa.Column("starts_at", sa.String(32), nullable=False),
        sa.Column("ends_at", sa.String(32)),
        sa.Column("strike", sa.String(32)),
        sa.Column("ladder", sa.String(64)),
        sa.Column("person", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("link", sa.String(32)),
        sa.Column("inverse_of", sa.String(32)),
        sa.CheckConstraint(
            "(inverse_of IS NULL AND kind IN ('warn', 'cooldown', 'feature_off', 'suspend', 'ban'))"
            " OR (inverse_of IS NOT NULL AND kind IN"
            " ('withdraw_warning', 'end_cooldown', 'feature_on', 'reinstate', 'unban'))",
            name=op.f("ck_restriction_inverse"),
        ),
        sa.CheckConstraint(
            "(kind = 'feature_off') = (feature IS NOT NULL AND inverse_of IS NULL)", name=op.f("ck_restriction_feature")
        ),
        sa.CheckConstraint("strike IS NOT NULL OR person IS NOT NULL", name=op.f("ck_restriction_ground")),
        sa.ForeignKeyConstraint(["account"], ["account.ref"], name="fk_restriction_account"),
        sa.ForeignKeyConstraint(["inverse_of"], ["restriction.id"], name="fk_restriction_inverse_of"),
        sa.ForeignKeyConstraint(["ladder"], ["ladder.digest"], name="fk_restriction_ladder"),
        sa.ForeignKeyConstraint(["strike"], ["strike.id"], name="fk_restriction_strike"),
        sa.PrimaryKeyConstraint("id", name="pk_restriction"),
        sa.UniqueConstraint("inverse_of", name="uq_restriction_inverse_of"),
    )
    op.create_index("ix_restriction_account", "restriction", ["account"])
    op.create_index("ix_restriction_change", "restriction", ["change"])
    op.create_index(
        "ix_restriction_link",
        "restriction",
        ["link"],
        sqlite_where=sa.text("link IS NOT NULL"),
        postgresql_where=sa.text("link IS NOT NULL"),
    )


def _links() -> None:
    op.create_table(
        "link_token",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.ref"], name="fk_link_token_account"),
        sa.PrimaryKeyConstraint("account", "kind", "epoch", "token", name="pk_link_token"),
    )
    op.create_index("ix_link_token_expires_at", "link_token", ["expires_at"])
    op.create_index("ix_link_token_kind_epoch_token", "link_token", ["kind", "epoch", "token"])
    op.create_table(
        "account_link",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("suggested_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.Column("decided_at", sa.String(32)),
        sa.Column("person", sa.Text),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint(
            "state = 'suggested' OR (person IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_account_link_decided"),
        ),
        sa.CheckConstraint(
            "state IN ('suggested', 'confirmed', 'rejected', 'purged')", name=op.f("ck_account_link_state")
        ),
        sa.CheckConstraint("account <> other", name=op.f("ck_account_link_two")),
        sa.ForeignKeyConstraint(["account"], ["account.ref"], name="fk_account_link_account"),
        sa.ForeignKeyConstraint(["other"], ["account.ref"], name="fk_account_link_other"),
        sa.PrimaryKeyConstraint("id", name="pk_account_link"),
        sa.UniqueConstraint("account", "other", name="uq_account_link_account_other"),
    )
    op.create_index("ix_account_link_other", "account_link", ["other"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("lane", sa.Text),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("queued_at", sa.String(32), nullable=False),
        sa.Column("next_at", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("leased_until", sa.String(32)),
        sa.Column("failure", sa.String(64)),
        sa.Column("delivered_at", sa.String(32)),
        sa.Column("acknowledged_at", sa.String(32)),
        sa.Column("dead_at", sa.String(32)),
        sa.Column("dead_by", sa.Text),
        sa.Column("dead_reason", sa.Text),
        sa.CheckConstraint("(state = 'dead') = (dead_by IS NOT NULL)", name=op.f("ck_outbox_dead")),
        sa.CheckConstraint("state IN ('queued', 'delivered', 'acknowledged', 'dead')", name=op.f("ck_outbox_state")),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["topic", "next_at"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_outbox_lane",
        "outbox",
        ["topic", "lane", "seq"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index("ix_outbox_state_seq", "outbox", ["state", "seq"])
