"""The compiled kernel behind the `Kernel` protocol. It releases the GIL while it works."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seawall.hashing.pdq import _kernel
from seawall.hashing.pdq._contract import Rows, Sums
from seawall.hashing.pdq._dct import half_basis


class CKernel:
    """One compiled variant."""

    sums_type: type[np.floating[Any]] = np.float32

    def __init__(self, variant: str) -> None:
        self._variant = variant

    @property
    def name(self) -> str:
        """Its name, as `kernel_name` reports it."""
        return f"c/{self._variant}"

    def add(
        self,
        rows: Rows,
        first_row: int,
        height: int,
        channels: int,
        partial: Sums,
        grid: npt.NDArray[np.float64],
    ) -> None:
        """Add rows to the grid; see `Kernel.add`."""
        _kernel.add(self._variant, rows, first_row, height, channels, partial, grid)

    def hashes(self, grid: npt.NDArray[np.float64], orientations: int) -> tuple[bytes, int]:
        """Return hashes and quality; see `Kernel.hashes`."""
        return _kernel.hashes(grid, half_basis(), orientations)
