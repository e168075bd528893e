"""Reviewing: settings, breaks, what was judged before."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the tables."""
