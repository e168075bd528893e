"""Arrays as they come in and go out: checked queries and values, results of several segments joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seawall.errors import UsageError
from seawall.matching.index._segment import Values

Part = tuple[NDArray[Any], ...]


def joined(parts: Sequence[Part], empty: Part) -> Part:
    """Join the results of segments whose ids ascend: by query, then entry."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return empty
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return tuple(column[order] for column in columns)


def as_rows(values: NDArray[Any], width: int, what: str) -> Values:
    """Return values as contiguous uint8 (n, width); a single (width,) is one row.

    Raises:
        UsageError: If they are something else.
    """
    if not isinstance(values, np.ndarray) or values.dtype != np.uint8:
        raise UsageError(f"{what} are an array of uint8, not {getattr(values, 'dtype', type(values).__name__)}")
    if values.shape[-1:] != (width,) or values.ndim not in (1, 2):
        raise UsageError(f"{what} have shape (n, {width}), not {values.shape}")
    return np.ascontiguousarray(values if values.ndim == 2 else values[None])
