"""Cases, their items, tasks and verdicts."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables."""
