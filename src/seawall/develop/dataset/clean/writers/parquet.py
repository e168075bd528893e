"""Parquet tables: rows that go are left out; schema, order, borders of row groups and compression stay.

A row group of more than 256 MiB becomes several, because all rows of one are in memory when it is written. A table that
loses no row is copied byte for byte.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from seawall.develop.dataset.readers.errors import BadTable
from seawall.develop.dataset.readers.source import SourceFile

from .rows import without

MOST_BYTES = 256 << 20
"""Uncompressed bytes of rows in memory."""
_COPY = 1 << 20
_ARROW_SCHEMA = b"ARROW:schema"


def write_parquet(source: SourceFile, removed: Collection[int], out: BinaryIO) -> int:
    """See `Writer`. Places are the numbers of rows, from 0."""
    with source.open() as raw, _translated():
        if not removed:
            shutil.copyfileobj(raw, out, _COPY)
            return 0
        import pyarrow.parquet as pq

        table = pq.ParquetFile(raw, pre_buffer=False, buffer_size=_COPY)
        row = 0
        with pq.ParquetWriter(out, table.schema_arrow, **_settings(table.metadata)) as writer:
            for group in range(table.metadata.num_row_groups):
                rows = table.metadata.row_group(group).num_rows
                for batches in _parts(table, group):
                    kept = []
                    for batch in batches:
                        kept.append(without(batch, row, removed))
                        row += batch.num_rows
                    _write(writer, kept, table.schema_arrow, rows)
    return 0


def _write(writer: Any, batches: list[Any], schema: Any, rows: int) -> None:
    import pyarrow as pa

    part = pa.Table.from_batches(batches, schema=schema)
    if part.num_rows:
        writer.write_table(part, row_group_size=max(rows, 1))


def _parts(table: Any, group: int) -> Iterator[list[Any]]:
    """Yield the rows of a row group, so many at a time as may be in memory."""
    facts = table.metadata.row_group(group)
    rows = max(1, min(facts.num_rows, 8192, facts.num_rows * MOST_BYTES // max(1, 8 * facts.total_byte_size)))
    held: list[Any] = []
    size = 0
    for batch in table.iter_batches(batch_size=rows, row_groups=[group], use_threads=False):
        held.append(batch)
        size += batch.nbytes
        if size >= MOST_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held


def _settings(metadata: Any) -> dict[str, Any]:
    """Return how the table was written, as far as its footer says."""
    stored = metadata.metadata or {}
    settings: dict[str, Any] = {"version": metadata.format_version, "store_schema": _ARROW_SCHEMA in stored}
    if metadata.num_row_groups:
        group = metadata.row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
        codecs = {each.path_in_schema: _codec(each.compression) for each in columns}
        settings["compression"] = codecs or "NONE"
        settings["use_dictionary"] = [
            each.path_in_schema for each in columns if any("DICTIONARY" in name for name in each.encodings)
        ]
        settings["write_statistics"] = [each.path_in_schema for each in columns if each.is_stats_set]
    return settings


def _codec(name: str) -> str:
    return "NONE" if name == "UNCOMPRESSED" else name


@contextmanager
def _translated() -> Iterator[None]:
    """Turn Arrow's errors into BadTable; they may quote the file, so their texts go no further."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise BadTable("the table cannot be written again") from error
