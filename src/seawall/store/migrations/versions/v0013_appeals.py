"""Appeals and statements of reasons."""

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the tables."""
