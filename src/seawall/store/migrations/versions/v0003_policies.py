"""Guard policies and the stages that they pass through."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
