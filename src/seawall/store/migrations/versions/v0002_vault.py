"""The vault's objects."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table of the vault."""
    op.create_table(
        "vault_object",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("key_digest", sa.String(64)),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text),
        sa.Column("media_type", sa.String(128)),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("put_at", sa.String(32), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("destroyed_at", sa.String(32)),
        sa.Column("destroyed_by", sa.Text),
        sa.Column("destroyed_reason", sa.Text),
        sa.PrimaryKeyConstraint("seq", name="pk_vault_object"),
        sa.UniqueConstraint("id", name="uq_vault_object_id"),
        sa.UniqueConstraint("key_digest", name="uq_vault_object_key_digest"),
        sa.CheckConstraint(
            "(wrapped_key IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_vault_object_tombstone")
        ),
    )
    op.create_index("ix_vault_object_case_id", "vault_object", ["case_id"])
    op.create_index("ix_vault_object_sha256", "vault_object", ["sha256"])
