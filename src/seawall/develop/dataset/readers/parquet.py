"""Parquet tables: ranges of row groups are shards, and a few rows at a time are in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from seawall.content.item import Item
from seawall.develop.dataset.readers.columns import Columns
from seawall.develop.dataset.readers.errors import BadTable, Bomb
from seawall.develop.dataset.readers.folder import lone_file
from seawall.develop.dataset.readers.places import open_place
from seawall.develop.dataset.readers.problems import EXPECTED, problem_item, problem_of
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.develop.dataset.readers.streams import is_bomb
from seawall.develop.dataset.readers.tables import Layout, RowReader, batch_rows, referenced, translated
from seawall.develop.dataset.shards import ShardSpec

_ROWS_PER_SHARD = 16
_BUFFER = 1 << 20


class ParquetReader:
    """Reads Parquet tables."""

    name = "parquet"
    suffixes: tuple[str, ...] = (".parquet", ".pq")

    def plan(self, file: SourceFile, limits: PlanLimits) -> Iterator[ShardSpec]:
        """Yield ranges of row groups; a table whose columns name no items is a document like any other file.

        Raises:
            BadTable: If the footer is damaged.
        """
        with file.open() as raw, translated("a Parquet table"):
            table = _opened(raw)
            layout = Layout.of(table.schema_arrow, limits.columns)
            if not layout.names_items:
                yield lone_file(file)
                return
            for start, end, rows, size, first in _ranges(table.metadata, limits):
                chosen = {"groups": [start, end], "row": first, "columns": limits.columns.to_dict()}
                if layout.references and file.place.path("") is not None:
                    groups = list(range(start, end))
                    named = table.iter_batches(1024, groups, layout.references, use_threads=False)
                    chosen["referenced"] = referenced(file, named, layout)
                items = rows if layout.single or not layout.content else None
                yield file.shard(self.name, chosen, part=f"from row {first}", size_bytes=size, items=items)

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield the items of the rows; a row group that is damaged ends in one problem item."""
        file = SourceFile.of(spec, open_place(spec.location))
        start, end = spec.selector["groups"]
        row = spec.selector["row"]
        with file.open() as raw, translated("a Parquet table"):
            table = _opened(raw)
            layout = Layout.of(table.schema_arrow, Columns.from_dict(spec.selector.get("columns")))
            reader = RowReader(file, layout if media else layout.without_content(), media)
            for group in range(start, end):
                rows = table.metadata.row_group(group).num_rows
                read = 0
                try:
                    with translated("a Parquet table"):
                        for batch in _batches(table, group, reader.layout):
                            yield from reader.items(batch, row + read)
                            read += batch.num_rows
                    if read != rows:
                        raise BadTable("a row group holds another number of rows than it says")
                except EXPECTED as error:
                    origin = replace(file.origin, offset=row + read)
                    yield problem_item(f"{file.key}::group-{group}", problem_of(error), origin)
                row += rows


def _opened(raw: BinaryIO) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetFile(raw, pre_buffer=False, buffer_size=_BUFFER)


def _batches(table: Any, group: int, layout: Layout) -> Iterator[Any]:
    facts = table.metadata.row_group(group)
    wanted = set(layout.columns)
    size = 0
    for number in range(facts.num_columns):
        column = facts.column(number)
        if column.path_in_schema.partition(".")[0] not in wanted:
            continue
        size += column.total_uncompressed_size
        if is_bomb(column.total_uncompressed_size, column.total_compressed_size):
            raise Bomb
    rows = batch_rows(facts.num_rows, size) if layout.content else 1024
    return iter(table.iter_batches(batch_size=rows, row_groups=[group], columns=layout.columns, use_threads=False))


def _ranges(metadata: Any, limits: PlanLimits) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (first group, end, rows, bytes, first row)."""
    start = rows = size = first = 0
    for group in range(metadata.num_row_groups):
        facts = metadata.row_group(group)
        rows += facts.num_rows
        size += sum(facts.column(number).total_compressed_size for number in range(facts.num_columns))
        last = group + 1 == metadata.num_row_groups
        if last or rows >= limits.items * _ROWS_PER_SHARD or size >= limits.size_bytes:
            yield start, group + 1, rows, max(0, size), first
            start, first = group + 1, first + rows
            rows = size = 0
