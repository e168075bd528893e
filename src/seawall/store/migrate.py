"""Bring a database to this seawall's schema, once, whoever comes first.

The whole upgrade is one transaction under the store's lock: a crash leaves the old schema or the new one. A
database that a newer seawall wrote is refused before anything is changed.
"""

import threading
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from seawall.store.errors import StoreTooNew

HEAD = "0014"
VERSION_TABLE = "seawall_schema"
_SCRIPTS = Path(__file__).parent / "migrations"
# Alembic keeps the running migration in a module global, so one process runs one at a time.
_ALEMBIC = threading.Lock()


def revision(connection: Connection) -> str | None:
    """Return the schema version of the database, or None if it has none yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()
    return found


def upgrade(connection: Connection, place: str, to: str = HEAD) -> None:
    """Run the missing migrations inside the caller's transaction.

    Args:
        connection: Holds a write transaction and the store's lock.
        place: The database, as errors may show it.
        to: Version to bring it to.

    Raises:
        StoreTooNew: If the database's version, or the one to bring it to, is not one of ours.
    """
    found = revision(connection)
    if found == to:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for version in (found, to):
        if version is not None and version not in known:
            raise StoreTooNew(f"{place} has schema version {version}; this seawall knows versions up to {HEAD}")
    with _ALEMBIC:
        command.upgrade(config, to)
