"""Arrow IPC files and streams (`.arrow`, `.feather`), HuggingFace's cache files among them.

One record batch is in memory at a time; local files are mapped, so that only what is looked at is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from seawall.content.item import Item
from seawall.develop.dataset.readers.columns import Columns
from seawall.develop.dataset.readers.errors import BadTable
from seawall.develop.dataset.readers.folder import lone_file
from seawall.develop.dataset.readers.places import open_place
from seawall.develop.dataset.readers.problems import EXPECTED, problem_item, problem_of
from seawall.develop.dataset.readers.source import PlanLimits, SourceFile
from seawall.develop.dataset.readers.tables import Layout, RowReader, referenced, translated
from seawall.develop.dataset.shards import ShardSpec

_FILE_MAGIC = b"ARROW1"
_OLD_FEATHER = b"FEA1"


class ArrowReader:
    """Reads Arrow IPC files and streams; one file is one shard."""

    name = "arrow"
    suffixes: tuple[str, ...] = (".arrow", ".feather")

    def plan(self, file: SourceFile, limits: PlanLimits) -> Iterator[ShardSpec]:
        """Yield the one shard; a table whose columns name no items is a document like any other file.

        Raises:
            BadTable: If the schema cannot be read.
        """
        chosen: dict[str, Any] = {"columns": limits.columns.to_dict()}
        with _source(file) as source, translated("an Arrow table"):
            table = _opened(source)
            layout = Layout.of(table.schema, limits.columns)
            if layout.references and file.place.path("") is not None:
                chosen["referenced"] = referenced(file, _batches(table), layout)
        if layout.names_items:
            yield file.shard(self.name, chosen)
        else:
            yield lone_file(file)

    def read(self, spec: ShardSpec, *, media: bool = True) -> Iterator[Item]:
        """Yield the items of the rows, and one problem item where the data are damaged."""
        file = SourceFile.of(spec, open_place(spec.location))
        row = 0
        try:
            with _source(file) as source, translated("an Arrow table"):
                table = _opened(source)
                layout = Layout.of(table.schema, Columns.from_dict(spec.selector.get("columns")))
                reader = RowReader(file, layout if media else layout.without_content(), media)
                for batch in _batches(table):
                    yield from reader.items(batch, row)
                    row += batch.num_rows
        except EXPECTED as error:
            yield problem_item(f"{file.key}::@{row}", problem_of(error), replace(file.origin, offset=row))


@contextmanager
def _source(file: SourceFile) -> Iterator[Any]:
    """Open a table as an Arrow file."""
    import pyarrow as pa

    path = file.place.path(file.name)
    with file.open() as raw, pa.memory_map(str(path)) if path else pa.PythonFile(raw, mode="r") as source:
        yield source


def _opened(source: Any) -> Any:
    import pyarrow as pa

    magic = source.read(len(_FILE_MAGIC))
    source.seek(0)
    if magic.startswith(_OLD_FEATHER):
        raise BadTable("the first version of Feather is not read; write the table again with a current pyarrow")
    return pa.ipc.open_file(source) if magic == _FILE_MAGIC else pa.ipc.open_stream(source)


def _batches(table: Any) -> Iterator[Any]:
    stored = hasattr(table, "num_record_batches")
    for batch in (table.get_batch(number) for number in range(table.num_record_batches)) if stored else table:
        batch.validate(full=True)  # offsets that point outside would be followed
        yield batch
