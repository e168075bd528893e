"""Rows of Arrow data without some of them, and nothing of those left behind in shared buffers.

Dictionaries and views may hold values that no row uses any more; such columns are made anew from what is kept.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def without(batch: Any, first_row: int, removed: Collection[int]) -> Any:
    """Return a batch without some of its rows.

    Args:
        batch: `pyarrow.RecordBatch`.
        first_row: Number of its first row in the table.
        removed: Numbers of the rows that go.
    """
    import numpy as np
    import pyarrow as pa

    keep = np.fromiter((first_row + row not in removed for row in range(batch.num_rows)), bool, batch.num_rows)
    columns = [_without(column, keep) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def shares(kind: Any) -> bool:
    """Whether values of a type may live in buffers that hold values of other rows too."""
    import pyarrow.types as types

    if isinstance(kind, _extension_type()):
        return shares(kind.storage_type)
    apart = (
        types.is_dictionary,
        types.is_binary_view,
        types.is_string_view,
        types.is_list_view,
        types.is_large_list_view,
        types.is_run_end_encoded,
        types.is_union,
    )
    if any(test(kind) for test in apart):
        return True
    return any(shares(kind.field(number).type) for number in range(kind.num_fields))


def _without(column: Any, keep: Any) -> Any:
    import pyarrow as pa
    import pyarrow.types as types

    kind = column.type
    if not shares(kind):
        return column if keep.all() else column.filter(pa.array(keep))
    if types.is_dictionary(kind) and not shares(kind.value_type):
        return column.filter(pa.array(keep)).dictionary_decode().dictionary_encode().cast(kind)
    if isinstance(kind, _extension_type()):
        return pa.ExtensionArray.from_storage(kind, _without(column.storage, keep))
    return pa.array([value for value, stays in zip(column.to_pylist(), keep, strict=True) if stays], type=kind)


def _extension_type() -> Any:
    import pyarrow as pa

    return pa.BaseExtensionType
