"""Rows of every table as lines of JSON, the same from SQLite and from PostgreSQL, so that one restores into the other.

The columns are the database's own, not those that this version of the code knows. Wrapped keys are left out.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, select, text

from seawall.backup.errors import BackupDamaged
from seawall.settings import PRIVATE_FILE

VAULT, KEY_COLUMN = "vault_object", "wrapped_key"
_CHUNK = 500
_LONGEST_LINE = 64 << 20
_BYTES = "base64"


def tables_of(connection: Connection, version_table: str) -> list[Table]:
    """Return the tables of a database, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != version_table]


def write_rows(connection: Connection, table: Table, path: Path) -> int:
    """Write the rows of a table into a new file; return how many."""
    number = 0
    ordered = select(table).order_by(*table.primary_key.columns)
    streamed = connection.execute(ordered, execution_options={"yield_per": _CHUNK})
    with open(path, "xb", opener=_private) as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=3, mtime=0) as file:
            for row in streamed.mappings():
                written = {name: _written(value) for name, value in row.items()}
                if table.name == VAULT:
                    written[KEY_COLUMN] = None
                file.write(json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
                number += 1
        raw.flush()
        os.fsync(raw.fileno())
    return number


def read_rows(path: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file.

    Raises:
        BackupDamaged: If it cannot be read.
    """
    try:
        with gzip.open(path, "rb") as file:
            while line := file.readline(_LONGEST_LINE):
                row = json.loads(line)
                yield {column: _read(value) for column, value in row.items()}
    except (OSError, EOFError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise BackupDamaged(f"the rows of {name} cannot be read") from None


def insert_rows(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> int:
    """Insert rows into an empty table; return how many."""
    number = 0
    chunk: list[dict[str, Any]] = []
    for row in _parents_first(table, rows):
        chunk.append(row)
        if len(chunk) == _CHUNK:
            connection.execute(table.insert(), chunk)
            number += len(chunk)
            chunk = []
    if chunk:
        connection.execute(table.insert(), chunk)
    _count_on(connection, table)
    return number + len(chunk)


def _parents_first(table: Table, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield rows that refer to others of their own table after those."""
    own = [key for key in table.foreign_keys if key.column.table is table]
    if not own:
        yield from rows
        return
    there: set[tuple[str, Any]] = set()
    waiting: dict[tuple[str, Any], list[dict[str, Any]]] = {}
    columns = {key.column.name for key in own}
    ready: list[dict[str, Any]] = []
    for row in rows:
        ready.append(row)
        while ready:
            one = ready.pop()
            missing = next(
                (place for key in own if (place := _place(one, key)) is not None and place not in there), None
            )
            if missing is not None and missing not in _places(one, columns):
                waiting.setdefault(missing, []).append(one)
                continue
            yield one
            for place in _places(one, columns):
                there.add(place)
                ready += waiting.pop(place, [])
    if waiting:
        raise BackupDamaged(f"rows of {table.name} refer to rows that are not there")


def _place(row: Mapping[str, Any], key: Any) -> tuple[str, Any] | None:
    value = row.get(key.parent.name)
    return None if value is None else (key.column.name, value)


def _places(row: Mapping[str, Any], columns: set[str]) -> list[tuple[str, Any]]:
    return [(name, row[name]) for name in sorted(columns)]


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL's counters go on behind the rows that were inserted; SQLite's do so by themselves."""
    if connection.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        if "nextval" in str(getattr(column.server_default, "arg", "")):
            last = connection.execute(select(func.max(column))).scalar()
            if last is not None:
                named = {"table": table.name, "column": column.name, "last": last}
                connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), named)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _written(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return {_BYTES: base64.b64encode(bytes(value)).decode()}
    return value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value[_BYTES], validate=True)
    return value
