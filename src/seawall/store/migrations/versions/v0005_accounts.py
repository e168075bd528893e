"""Accounts, strikes, restrictions, and the outbox of effects."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
