"""The migrations build exactly the tables that the code uses."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from seawall.store import Store, migrate
from seawall.store.tables import metadata


def test_the_migrated_schema_is_that_of_the_tables(database_url: str) -> None:
    options = {"version_table": migrate.VERSION_TABLE, "compare_type": True}
    with Store.open(database_url) as store, store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_the_schema_version_that_is_asked_for_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.__file__).replace("migrate.py", "migrations"))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_an_upgrade_that_is_interrupted_leaves_nothing_behind(database_url: str) -> None:
    with Store.open(database_url) as store:
        with store.begin() as connection:
            metadata.drop_all(connection)
            connection.exec_driver_sql(f"DROP TABLE {migrate.VERSION_TABLE}")
        with pytest.raises(ZeroDivisionError), store.begin(alone="schema") as connection:
            migrate.upgrade(connection, store.place)
            raise ZeroDivisionError
        with store.read() as connection:
            assert inspect(connection).get_table_names() == []
    with Store.open(database_url) as store, store.read() as connection:
        assert migrate.revision(connection) == migrate.HEAD
