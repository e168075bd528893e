"""Three statements that both databases know and SQLAlchemy spells differently for each.

Each is made once for a table: making one costs more than running it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_Insert = postgresql.Insert | sqlite.Insert


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose keys are not there yet; return how many there were, or -1 if the database does not say."""
    result = connection.execute(_new(connection.dialect.name, table), list(rows))
    return result.rowcount


def insert_or_replace(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, replacing those with the same primary key."""
    connection.execute(_replacing(connection.dialect.name, table), list(rows))


def insert_or_add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], count: str) -> None:
    """Insert rows with distinct keys; where a row is there already, add to its column `count`."""
    connection.execute(_adding(connection.dialect.name, table, count), list(rows))


def _insert(dialect: str, table: Table) -> _Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _new(dialect: str, table: Table) -> _Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _replacing(dialect: str, table: Table) -> _Insert:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


@cache
def _adding(dialect: str, table: Table, count: str) -> _Insert:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    added = {count: table.c[count] + statement.excluded[count]}
    return statement.on_conflict_do_update(index_elements=keys, set_=added)
