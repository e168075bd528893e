"""The ledger, hash lists and the source register."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the first tables, and the head of an empty tree."""
    _create_ledger()
    _create_lists()
    _create_sources()


def _create_ledger() -> None:
    op.create_table(
        "ledger_event",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("leaf", sa.BigInteger),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_event"),
        sa.UniqueConstraint("id", name="uq_ledger_event_id"),
        sa.UniqueConstraint("leaf", name="uq_ledger_event_leaf"),
    )
    queued = sa.text("leaf IS NULL")
    op.create_index("ix_ledger_event_queue", "ledger_event", ["seq"], sqlite_where=queued, postgresql_where=queued)
    op.create_table(
        "ledger_tile",
        sa.Column("level", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("tile", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "tile", name="pk_ledger_tile"),
    )
    head = op.create_table(
        "ledger_head",
        sa.Column("one", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_ledger_head"),
        sa.CheckConstraint("one = 1", name=op.f("ck_ledger_head_one")),
    )
    op.bulk_insert(head, [{"one": 1, "size": 0, "frontier": b""}])
    op.create_table(
        "ledger_checkpoint",
        sa.Column("seq", _SERIAL, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_checkpoint"),
    )
    op.create_index("ix_ledger_checkpoint_size", "ledger_checkpoint", ["size"])


def _create_lists() -> None:
    op.create_table(
        "hash_list",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("current_version", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("name", name="pk_hash_list"),
    )
    op.create_table(
        "hash_list_version",
        sa.Column("list", sa.String(128), nullable=False),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("source_digest", sa.String(64), nullable=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("added", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("list", "version", name="pk_hash_list_version"),
        sa.ForeignKeyConstraint(["list"], ["hash_list.name"], name="fk_hash_list_version_list"),
    )


def _create_sources() -> None:
    op.create_table(
        "source_register",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("register", sa.String(128), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("expert", sa.Text, nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("added_at", sa.String(32), nullable=False),
        sa.Column("removed_at", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_source_register"),
        sa.CheckConstraint("action IN ('deny', 'allow')", name=op.f("ck_source_register_action")),
        sa.CheckConstraint("kind IN ('domain', 'collection', 'dataset', 'url')", name=op.f("ck_source_register_kind")),
    )
    op.create_index("ix_source_register_kind_value", "source_register", ["kind", "value"])
    op.create_index("ix_source_register_register", "source_register", ["register"])
