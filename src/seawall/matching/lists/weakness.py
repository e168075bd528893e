"""Which of many values are too weak to be matched.

The signal type decides; for the built-in types an array test first picks the few values worth asking about.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.hashing.builtin import HexSignal
from seawall.hashing.signal import Comparison, SignalType

_ORDINARY_BITS = (48, 208)
"""A 256-bit value with a number of set bits in this range is weak only if it repeats a block."""


def weak_rows(signal_type: SignalType, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which values the type calls weak: rows of a uint8 array (n, width), or an object array of bytes."""
    if values.dtype == object:
        return np.array([signal_type.weak(value) for value in values], bool)
    candidates = np.arange(len(values))
    if isinstance(signal_type, HexSignal):
        candidates = np.flatnonzero(_suspect(signal_type, values))
    weak = np.zeros(len(values), bool)
    for number in candidates.tolist():
        weak[number] = signal_type.weak(values[number].tobytes())
    return weak


def _suspect(signal_type: HexSignal, values: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return a superset of the weak rows of a built-in type."""
    width = values.shape[1]
    repeats: NDArray[np.bool_] = (values[:, : width - 4] == values[:, 4:]).all(axis=1)
    if signal_type.empty:
        repeats |= (values == np.frombuffer(signal_type.empty, np.uint8)).all(axis=1)
    if signal_type.comparison is Comparison.EXACT:
        return repeats
    if width != 32:
        return np.ones(len(values), bool)
    ones = np.bitwise_count(values).sum(axis=1, dtype=np.int64)
    repeats |= (ones < _ORDINARY_BITS[0]) | (ones > _ORDINARY_BITS[1])
    return repeats
