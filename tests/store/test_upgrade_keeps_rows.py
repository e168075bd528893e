"""An upgrade from every released schema keeps what is in it: a row in every table, on both kinds of database."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    select,
)

from seawall.store import Store, migrate
from seawall.store.tables import metadata

REVISIONS = [f"{number:04}" for number in range(1, int(migrate.HEAD) + 1)]
_ALLOWED = re.compile(r"(\w+) IN \('(\w+)'")
_GIVEN: dict[str, dict[str, Any]] = {
    "vault_object": {"wrapped_key": b"sealed"},
    "strike": {"person": "ada"},
    "restriction": {"person": "ada"},
    "review_verdict": {"task_id": "id", "reviewer": "ada"},
    "statement": {"payload": "{}", "puid": "puid"},
    "appeal": {"state": "open", "task_id": "id"},
    "report": {"state": "draft"},
    "report_step": {"call": "submit"},
}
"""What a table's constraints want besides its required columns."""


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_upgrade_from_every_schema_keeps_a_row_of_every_table(revision: str, database_url: str) -> None:
    with Store.open(database_url, schema=revision) as store:
        with store.begin() as connection:
            _fill(connection)
        with store.read() as connection:
            assert migrate.revision(connection) == revision
            before = _rows(connection)
    assert all(before.values()), [name for name, rows in before.items() if not rows]
    with Store.open(database_url) as store, store.read() as connection:
        assert migrate.revision(connection) == migrate.HEAD
        after = _rows(connection)
    assert len(before) >= int(revision), "tables were found"
    for name, rows in before.items():
        kept = [{column: row[column] for column in rows[0]} for row in after[name]]
        assert kept == rows, name


def _fill(connection: Connection) -> None:
    """Put a row into every table that has none; later columns of a row refer to rows that were put before."""
    found = MetaData()
    found.reflect(connection)
    put: dict[str, dict[str, Any]] = {}
    for table in found.sorted_tables:
        if table.name == migrate.VERSION_TABLE:
            continue
        there = connection.execute(select(table)).mappings().first()
        if there is None:
            row = _row(table, put)
            if table.name == "account_link":
                connection.execute(found.tables["account"].insert(), put["account"] | {"ref": "other"})
                row["other"] = "other"
            connection.execute(table.insert(), row)
            there = connection.execute(select(table)).mappings().one()
        put[table.name] = dict(there)


def _row(table: Table, put: dict[str, dict[str, Any]]) -> dict[str, Any]:
    allowed: dict[str, str] = {}
    for constraint in metadata.tables[table.name].constraints:
        if isinstance(constraint, CheckConstraint):
            for column, value in _ALLOWED.findall(str(constraint.sqltext)):
                allowed.setdefault(column, value)
    row = dict(_GIVEN.get(table.name, {}))
    for column in table.columns:
        parents = [key.column for key in column.foreign_keys if key.column.table is not table]
        if column.name in row or (column.nullable and not column.primary_key):
            if column.name in row and parents:
                row[column.name] = put[parents[0].table.name][parents[0].name]
            continue
        if parents:
            row[column.name] = put[parents[0].table.name][parents[0].name]
        else:
            row[column.name] = allowed.get(column.name) or _value(column)
    return row


def _value(column: Column[Any]) -> Any:
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, Integer):
        return 1
    if isinstance(column.type, Float):
        return 1.5
    if isinstance(column.type, LargeBinary) or "BYTEA" in str(column.type):
        return b"\x00\xff"
    length = getattr(column.type, "length", None)
    return column.name[:length] if length else column.name


def _rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return every table's rows, in the order of their keys."""
    found = MetaData()
    found.reflect(connection)
    return {
        table.name: [
            dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        ]
        for table in found.sorted_tables
        if table.name != migrate.VERSION_TABLE
    }
