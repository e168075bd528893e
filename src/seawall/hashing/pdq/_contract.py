"""What a PDQ kernel does, compiled or not."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Sums: TypeAlias = npt.NDArray[np.floating[Any]]
"""Weighted sums of rows, one a sample; a kernel says in `sums_type` which precision it keeps."""

Rows: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""Rows of samples, (n, width x channels), samples contiguous along a row."""


class Kernel(Protocol):
    """One implementation of the two steps of PDQ."""

    @property
    def name(self) -> str:
        """Its name, as `kernel_name` reports it."""
        ...

    @property
    def sums_type(self) -> type[np.floating[Any]]:
        """Type of the sums in `partial`."""
        ...

    def add(
        self,
        rows: Rows,
        first_row: int,
        height: int,
        channels: int,
        partial: Sums,
        grid: npt.NDArray[np.float64],
    ) -> None:
        """Add rows `first_row` and following of a picture of `height` rows to the 64 x 64 grid.

        `partial` keeps the sums of the window, at most one, that continues in the next strip; it may be empty when no
        window spans rows (`height` up to 128).
        """
        ...

    def hashes(self, grid: npt.NDArray[np.float64], orientations: int) -> tuple[bytes, int]:
        """Return the hashes of the first `orientations` orientations, 32 bytes each, and the quality.

        Raises:
            ValueError: If the grid holds values that cannot be luma.
        """
        ...
