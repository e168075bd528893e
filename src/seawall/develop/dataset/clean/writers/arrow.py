"""Arrow files and streams: rows that go are left out; schema, order and batches stay.

Columns with dictionaries are gathered whole, because a file has one dictionary for all its batches.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from seawall.develop.dataset.readers.errors import BadTable
from seawall.develop.dataset.readers.source import SourceFile

from .rows import without

_MAGIC = b"ARROW1"
_COPY = 1 << 20


def write_arrow(source: SourceFile, removed: Collection[int], out: BinaryIO) -> int:
    """See `Writer`. Places are the numbers of rows, from 0."""
    import pyarrow as pa

    with source.open() as raw, _translated():
        if not removed:
            shutil.copyfileobj(raw, out, _COPY)
            return 0
        whole = raw.read(len(_MAGIC)) == _MAGIC
        raw.seek(0)
        file = pa.PythonFile(raw, mode="r")
        reader = pa.ipc.open_file(file) if whole else pa.ipc.open_stream(file)
        options = pa.ipc.IpcWriteOptions(compression=_compression(source))
        sink = pa.PythonFile(out, mode="w")
        make = pa.ipc.new_file if whole else pa.ipc.new_stream
        with make(sink, reader.schema, options=options) as writer:
            for batch in _joined(_kept(reader, removed), reader.schema):
                if batch.num_rows:
                    writer.write_batch(batch)
    return 0


def _kept(reader: Any, removed: Collection[int]) -> Iterator[Any]:
    row = 0
    stored = hasattr(reader, "num_record_batches")
    batches = (reader.get_batch(number) for number in range(reader.num_record_batches)) if stored else reader
    for batch in batches:
        yield without(batch, row, removed)
        row += batch.num_rows


def _joined(batches: Iterator[Any], schema: Any) -> Iterator[Any]:
    """Yield batches that share their dictionaries, if they have any."""
    import pyarrow as pa

    if not any(_has_dictionary(field.type) for field in schema):
        yield from batches
        return
    yield from pa.Table.from_batches(list(batches), schema=schema).unify_dictionaries().to_batches()


def _has_dictionary(kind: Any) -> bool:
    import pyarrow as pa
    import pyarrow.types as types

    if isinstance(kind, pa.BaseExtensionType):
        return _has_dictionary(kind.storage_type)
    return bool(types.is_dictionary(kind)) or any(_has_dictionary(kind.field(at).type) for at in range(kind.num_fields))


def _compression(source: SourceFile) -> str | None:
    """Feather files are compressed as a rule, other Arrow files are not; a file does not say."""
    return "lz4" if source.name.lower().endswith(".feather") else None


@contextmanager
def _translated() -> Iterator[None]:
    """Turn Arrow's errors into BadTable; they may quote the file, so their texts go no further."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise BadTable("the table cannot be written again") from error
