"""Finding equal values in large arrays quickly and exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MIX = np.uint64(0x9E3779B97F4A7C15)


def group_equal(values: NDArray[Any], keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Number the distinct (value, key) pairs.

    Args:
        values: uint8 array (rows, bytes) or an object array (rows,) of bytes.
        keys: Number of the key of each row.

    Returns:
        Group of each row, and the number of groups.
    """
    if values.dtype == object:
        numbers: dict[tuple[bytes, int], int] = {}
        pairs = zip(values.tolist(), keys.tolist(), strict=True)
        return np.array([numbers.setdefault(pair, len(numbers)) for pair in pairs], np.int64), len(numbers)
    words = _words(values, keys)
    mixed = np.zeros(len(words), np.uint64)
    for column in words.T:
        mixed = (mixed ^ column) * _MIX
        mixed ^= mixed >> np.uint64(29)
    order = np.argsort(mixed, kind="stable")
    same_mix = mixed[order][1:] == mixed[order][:-1]
    same = same_mix.copy()
    suspects = np.flatnonzero(same_mix)
    same[suspects] = (words[order[suspects]] == words[order[suspects + 1]]).all(axis=1)
    if not np.array_equal(same, same_mix):
        # Different rows mix to one number: sort by the rows themselves.
        order = np.lexsort(words.T)
        same = (words[order][1:] == words[order][:-1]).all(axis=1)
    groups = np.empty(len(words), np.int64)
    if len(words):
        groups[order] = np.concatenate([[0], np.cumsum(~same)])
    return groups, int(groups.max()) + 1 if len(words) else 0


def _words(values: NDArray[np.uint8], keys: NDArray[np.int64]) -> NDArray[np.uint64]:
    rows, width = values.shape
    padded = np.zeros((rows, -(-width // 8) * 8 + 8), np.uint8)
    padded[:, :width] = values
    padded[:, -8:] = keys.astype("<i8").view(np.uint8).reshape(rows, 8)
    return padded.view(np.uint64)
