"""Three statements that both databases know and SQLAlchemy spells differently for each."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose keys are not there yet; return how many there were, or -1 if the database does not say."""
    result = connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))
    return result.rowcount


def insert_or_replace(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, replacing those with the same primary key."""
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), list(rows))


def insert_or_add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], count: str) -> None:
    """Insert rows with distinct keys; where a row is there already, add to its column `count`."""
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    added = {count: table.c[count] + statement.excluded[count]}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=added), list(rows))
