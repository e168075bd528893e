"""Alembic's entry: runs the scripts on the connection, and inside the transaction, that the caller holds."""

from alembic import context

from seawall.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
