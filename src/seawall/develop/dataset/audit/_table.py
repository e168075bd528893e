"""The table of partitions that a separation writes: who is on which side, read in bounded pieces.

Only rows on the sides asked for are counted; a row without a side is on none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seawall.develop.dataset.audit.errors import NotAuditable
from seawall.develop.dataset.audit.sample import Drawn
from seawall.policy.separation import Partition

_BATCH = 65_536
_NEEDED = ("item", "sha256", "partition")
_WELCOME = ("cluster", "origin")


def count_items(table: Path, sides: Sequence[Partition]) -> int:
    """Return the number of rows on these sides."""
    return sum(len(places) for _, places in _places(table, sides))


def find_rows(table: Path, sides: Sequence[Partition], wanted: Sequence[int]) -> list[int]:
    """Return the rows of the items with these numbers, counted from 0 over the rows on these sides."""
    rows: dict[int, int] = {}
    waiting = deque(sorted(wanted))
    seen = 0
    for before, places in _places(table, sides):
        while waiting and waiting[0] < seen + len(places):
            number = waiting.popleft()
            rows[number] = before + places[number - seen].as_py()
        seen += len(places)
    return [rows[number] for number in wanted]


def _places(table: Path, sides: Sequence[Partition]) -> Iterator[tuple[int, Any]]:
    """Yield, for each piece of the table, its first row and the places in it that are on these sides."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array([side.value for side in sides])
    with _opened(table) as file:
        before = 0
        for batch in file.iter_batches(batch_size=_BATCH, columns=["partition"]):
            yield before, pc.indices_nonzero(pc.is_in(pc.cast(batch.column(0), pa.string()), value_set=wanted))
            before += batch.num_rows


def read_items(table: Path, rows: Sequence[int]) -> tuple[Drawn, ...]:
    """Return the items of these rows, numbered from 1 in the order given."""
    numbers = {row: number for number, row in enumerate(rows, 1)}
    found: list[Drawn] = []
    with _opened(table) as file:
        columns = [name for name in (*_NEEDED, *_WELCOME) if name in file.schema_arrow.names]
        waiting = sorted(rows)
        before = 0
        for group in range(file.num_row_groups):
            after = before + file.metadata.row_group(group).num_rows
            here = [row for row in waiting if row < after]
            waiting = waiting[len(here) :]
            if here:
                taken = file.read_row_group(group, columns=columns).take([row - before for row in here])
                pairs = zip(here, taken.to_pylist(), strict=True)
                found += [_drawn(numbers[row], row, data) for row, data in pairs]
            before = after
    return tuple(sorted(found, key=lambda entry: entry.number))


@contextmanager
def _opened(table: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(table) as file:
            missing = sorted(set(_NEEDED) - set(file.schema_arrow.names))
            if missing:
                raise NotAuditable(f"{table} has no column {missing[0]!r}")
            yield file
    except (pa.ArrowException, OSError):
        raise NotAuditable(f"{table} is no table of partitions") from None


def _drawn(number: int, row: int, data: Mapping[str, Any]) -> Drawn:
    sha256, origin, cluster = data["sha256"], data.get("origin"), data.get("cluster")
    return Drawn(
        number=number,
        row=row,
        item=str(data["item"]),
        sha256=sha256.hex() if isinstance(sha256, bytes) else sha256,
        partition=Partition(data["partition"]),
        cluster=None if cluster is None else str(cluster),
        origin=origin if isinstance(origin, dict) else {},
    )
