"""The rows of one import, gathered in columns, and what they say once they have been weighed against each other.

A file may state a thing more than once: the latest statement wins, and at the same moment a withdrawal wins over an
addition of the same key. Weak and low-quality values are set aside here, so that they never reach an index. Memory:
about the size of a value plus 40 bytes a row.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.errors import UsageError
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import SignalType
from seawall.matching.lists.grouping import group_equal
from seawall.matching.lists.keys import DIGEST_BYTES, key_digest
from seawall.matching.lists.labels import Labels, LabelSets, merged
from seawall.matching.lists.rows import Action, ListRow, ValueBlock
from seawall.matching.lists.weakness import weak_rows

LOWEST_QUALITY = 50
"""PDQ hashes of lower quality match pictures that have nothing in common."""

_NO_KEY = -1


class _Column:
    """Rows of one signal type."""

    def __init__(self, signal_type: SignalType) -> None:
        self.signal_type = signal_type
        self.values = bytearray()
        self.odd: list[bytes] = []
        self.order = array("q")
        self.labels = array("q")
        self.keys = array("q")
        self.at = array("d")
        self.withdraw = array("b")

    def append(self, row: ListRow, order: int, labels: int, key: int) -> None:
        if self.signal_type.width is None:
            self.odd.append(row.value)
        else:
            self.values += row.value
        self.order.append(order)
        self.labels.append(labels)
        self.keys.append(key)
        self.at.append(row.at)
        self.withdraw.append(row.action is Action.WITHDRAW)

    def extend(self, values: NDArray[np.uint8], order: NDArray[np.int64], labels: int) -> None:
        count = len(values)
        self.values += values.tobytes()
        self.order.frombytes(order.tobytes())
        self.labels.frombytes(np.full(count, labels, np.int64).tobytes())
        self.keys.frombytes(np.full(count, _NO_KEY, np.int64).tobytes())
        self.at.frombytes(np.zeros(count).tobytes())
        self.withdraw.frombytes(np.zeros(count, np.int8).tobytes())

    def array(self) -> NDArray[Any]:
        width = self.signal_type.width
        if width is None:
            found = np.empty(len(self.odd), object)
            found[:] = self.odd
            return found
        return np.frombuffer(self.values, np.uint8).reshape(-1, width)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch says about one signal type: distinct (value, key) pairs, in order of first appearance.

    Attributes:
        values: uint8 array (n, width), or an object array of bytes.
        keys: Number of the key of each, -1 for none.
        labels: Number of the label set of each, in the batch's own numbering.
        order: Row number at which each appeared first.
        withdraw: Whether the value is to be withdrawn rather than added.
    """

    values: NDArray[Any]
    keys: NDArray[np.int64]
    labels: NDArray[np.int64]
    order: NDArray[np.int64]
    withdraw: NDArray[np.bool_]


@dataclass(slots=True)
class Batch:
    """Rows of one import.

    Attributes:
        types: Known signal types.
        key: Key of the digests of external identifiers.
        labels: Labels that every row gets besides its own.
        rows: Rows taken so far.
        additions: Rows that ask to add, quarantined ones included.
        withdrawals: Rows that ask to withdraw.
        quarantined: Rows set aside, by reason; complete once settled.
        superseded: Rows that a later statement of the same file replaced.
        duplicates: Rows that repeat another of the same file.
        label_sets: Label sets in the batch's own numbering.
    """

    types: SignalTypes
    key: bytes
    labels: Labels = ()
    rows: int = 0
    additions: int = 0
    withdrawals: int = 0
    superseded: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    label_sets: LabelSets = field(default_factory=LabelSets)
    _columns: dict[str, _Column] = field(default_factory=dict)
    _keys: dict[bytes, int] = field(default_factory=dict)
    _statements: tuple[array[int], array[float], array[int]] = field(
        default_factory=lambda: (array("q"), array("d"), array("b"))
    )

    def take(self, item: ListRow | ValueBlock) -> None:
        """Take a row, or a block of rows.

        Raises:
            UsageError: If its type is unknown or a value has the wrong length.
        """
        if isinstance(item, ValueBlock):
            self._take_block(item)
        else:
            self._take_row(item)

    def take_all(self, items: Iterable[ListRow | ValueBlock]) -> None:
        """Take many rows."""
        for item in items:
            self.take(item)

    def _take_block(self, block: ValueBlock) -> None:
        column = self._column(block.type)
        order = np.arange(self.rows, self.rows + len(block.values), dtype=np.int64)
        column.extend(block.values, order, self.label_sets.number(self.labels))
        self.rows += len(block.values)
        self.additions += len(block.values)

    def _take_row(self, row: ListRow) -> None:
        order, self.rows = self.rows, self.rows + 1
        withdraw = row.action is Action.WITHDRAW
        key = _NO_KEY
        if row.key is not None:
            digest = key_digest(self.key, row.key)
            key = self._keys.setdefault(digest, len(self._keys))
            numbers, moments, withdrawals = self._statements
            numbers.append(key)
            moments.append(row.at)
            withdrawals.append(withdraw)
        if withdraw:
            self.withdrawals += 1
            if row.key is not None:
                return
        else:
            self.additions += 1
        column = self._column(row.type)
        if column.signal_type.width not in (None, len(row.value)):
            raise UsageError(f"a {row.type} value has {column.signal_type.width} bytes")
        if not withdraw and row.quality is not None and row.quality < LOWEST_QUALITY:
            self.quarantined["low quality"] += 1
            return
        labels = merged(self.labels, row.labels) if row.labels else self.labels
        column.append(row, order, self.label_sets.number(labels), key)

    def _column(self, type_name: str) -> _Column:
        column = self._columns.get(type_name)
        if column is None:
            column = self._columns[type_name] = _Column(self.types[type_name])
        return column

    def keys(self) -> NDArray[np.uint8]:
        """Return the digests of the external keys, by number: uint8 array (keys, 16)."""
        return np.frombuffer(b"".join(self._keys), np.uint8).reshape(-1, DIGEST_BYTES)

    def settle(self) -> dict[str, Wanted]:
        """Weigh the rows against each other; call once.

        Returns:
            By type, what is to be added and withdrawn. Keys of which nothing is to be added are to be withdrawn whole.
        """
        numbers, moments, withdrawals = (np.asarray(column) for column in self._statements)
        latest = np.full(len(self._keys), -np.inf)
        np.maximum.at(latest, numbers, moments)
        gone = np.zeros(len(self._keys), bool)
        gone[numbers[(withdrawals != 0) & (moments == latest[numbers])]] = True
        settled = {name: self._settle(column, latest, gone) for name, column in self._columns.items()}
        self._columns.clear()
        return settled

    def _settle(self, column: _Column, latest: NDArray[np.float64], gone: NDArray[np.bool_]) -> Wanted:
        values = column.array()
        keys, labels, order = (np.asarray(part, np.int64) for part in (column.keys, column.labels, column.order))
        at, withdraw = np.asarray(column.at, np.float64), np.asarray(column.withdraw, np.int8) != 0
        weak = weak_rows(column.signal_type, values) & ~withdraw
        keep = ~weak
        if count := int(weak.sum()):
            self.quarantined["weak"] += count
        if len(latest):
            current = (keys == _NO_KEY) | (~gone[keys] & (at == latest[keys]))
            self.superseded += int((keep & ~current).sum())
            keep &= current
        if not keep.all():
            values, keys, labels, order = values[keep], keys[keep], labels[keep], order[keep]
            at, withdraw = at[keep], withdraw[keep]
        groups, count = group_equal(values, keys)
        by_time = np.lexsort((order, at)) if at.any() else np.arange(len(order))
        last = np.empty(count, np.int64)
        last[groups[by_time]] = by_time
        first = np.empty(count, np.int64)
        first[groups[::-1]] = np.arange(len(order))[::-1]
        added = ~withdraw[last]
        self.superseded += int((~withdraw & ~added[groups]).sum())
        self.duplicates += int((~withdraw & added[groups]).sum()) - int(added.sum())
        sequence = np.argsort(first, kind="stable")
        last, first = last[sequence], first[sequence]
        return Wanted(values[last], keys[last], labels[last], order[first], withdraw[last])
