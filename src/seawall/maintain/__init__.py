"""The third wing, Maintain: people decide, authorities are told, and what was promised is shown."""
