"""Statements that both databases know, and for which SQLAlchemy needs a word for each, or much time.

Each is made once for a table: making one costs more than running it.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_Insert = postgresql.Insert | sqlite.Insert


# Made once: `json.dumps` with options makes an encoder for every call.
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_NUL = "\\u0000"  # SQLite's JSON functions end a text there.


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of text, whole numbers and booleans that all have the same columns."""
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        # One statement rather than one for each row: between two, other threads of Python want their turn.
        written = _encode([[row[name] for name in names] for row in rows])
        if _NUL not in written:
            connection.exec_driver_sql(_from_json(table.name, names), (written,))
            return
    connection.execute(table.insert(), list(rows))


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose keys are not there yet; return how many there were, or -1 if the database does not say."""
    statement = _new(connection.dialect.name, table)
    result = connection.execute(statement, list(rows), execution_options={"preserve_rowcount": True})
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
def _from_json(table: str, names: tuple[str, ...]) -> str:
    values = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(names)))
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM json_each(?)"  # noqa: S608 (our own names)


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
