"""The DCT rows that PDQ keeps (frequencies 1 to 16 of 64), shared by both kernels."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from seawall.hashing.pdq._windows import GRID

BLOCK = 16
"""Side of the block of coefficients whose signs are the hash."""


@lru_cache(maxsize=1)
def basis() -> npt.NDArray[np.float64]:
    """Return the orthonormal DCT-II rows 1..16, float64 (16, 64)."""
    frequency = np.arange(1, BLOCK + 1)[:, None]
    position = 2 * np.arange(GRID) + 1
    rows: npt.NDArray[np.float64] = np.sqrt(2 / GRID) * np.cos(np.pi / (2 * GRID) * frequency * position)
    return rows


@lru_cache(maxsize=1)
def half_basis() -> npt.NDArray[np.float64]:
    """Return the first halves of the rows, transposed, float64 (32, 16): the second halves mirror them up to sign."""
    return np.ascontiguousarray(basis()[:, : GRID // 2].T)
