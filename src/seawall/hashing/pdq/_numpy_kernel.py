"""PDQ in NumPy: the twin of the C kernel, for machines without a compiler and as its oracle.

It makes its own window tables, sums in float64, and takes coefficients below the same noise floor for
zero, so that both give the same hashes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seawall.hashing.pdq._contract import Rows, Sums
from seawall.hashing.pdq._dct import BLOCK, basis
from seawall.hashing.pdq._windows import AxisPlan, axis_plan

Doubles: TypeAlias = npt.NDArray[np.float64]

_NOISE = 1.0 / 8192.0
"""Coefficients this small are rounding noise of the grid and count as zero. The same figure is in the C kernel."""

_LARGEST = 1e9
_PENDING_SAMPLES = 1 << 19
"""Finished rows of sums are reduced together, up to 4 MB of them."""

_READINGS = (
    (False, False, False),
    (True, True, False),
    (False, True, True),
    (True, False, True),
    (False, True, False),
    (False, False, True),
    (True, False, False),
    (True, True, True),
)
"""For each orientation, whether it reads the block of coefficients transposed, and whether it then negates the odd
frequencies along rows and along columns."""


class NumpyKernel:
    """The NumPy twin."""

    name = "numpy"
    sums_type: type[np.floating[Any]] = np.float64

    def add(
        self,
        rows: Rows,
        first_row: int,
        height: int,
        channels: int,
        partial: Sums,
        grid: Doubles,
    ) -> None:
        """Add rows to the grid; see `Kernel.add`."""
        vertical, horizontal = axis_plan(height, 1), axis_plan(rows.shape[1] // channels, channels)
        scale = vertical.scale * horizontal.scale
        end_row = first_row + len(rows)
        outputs: list[int] = []
        sums: list[Doubles] = []
        for output, (first, length, kind) in enumerate(vertical.bounds.T.tolist()):
            begin, end = max(first, first_row), min(first + length, end_row)
            if begin >= end:
                continue
            weights = vertical.weights[kind, begin - first : end - first]
            row = weights @ rows[begin - first_row : end - first_row].astype(np.float64)
            if begin > first:
                row += partial
            if end < first + length:
                partial[:] = row
                continue
            outputs.append(output)
            sums.append(row)
            if len(sums) * len(row) >= _PENDING_SAMPLES:
                _reduce(outputs, sums, horizontal, scale, grid)
        _reduce(outputs, sums, horizontal, scale, grid)

    def hashes(self, grid: Doubles, orientations: int) -> tuple[bytes, int]:
        """Return hashes and quality; see `Kernel.hashes`."""
        if not np.all(np.abs(grid) < _LARGEST):
            raise ValueError("the picture holds values that are not finite luma")
        block = basis() @ grid @ basis().T
        block[np.abs(block) < _NOISE] = 0
        values = b"".join(_bits(block, *reading) for reading in _READINGS[:orientations])
        return values, _quality(grid)


def _reduce(
    outputs: list[int],
    sums: list[Doubles],
    horizontal: AxisPlan,
    scale: float,
    grid: Doubles,
) -> None:
    """Apply the column windows to finished rows of sums, and forget these."""
    if not outputs:
        return
    stacked = np.stack(sums)
    for column, (first, length, kind) in enumerate(horizontal.bounds.T.tolist()):
        window = stacked[:, first : first + length]
        grid[outputs, column] += scale * (window @ horizontal.weights[kind, :length])
    outputs.clear()
    sums.clear()


def _bits(block: Doubles, transposed: bool, rows: bool, columns: bool) -> bytes:
    read = (block.T if transposed else block).copy()
    if rows:
        read[::2] *= -1
    if columns:
        read[:, ::2] *= -1
    values = read.ravel()
    median = np.partition(values, BLOCK * BLOCK // 2 - 1)[BLOCK * BLOCK // 2 - 1]
    return np.packbits((values > median)[::-1]).tobytes()


def _quality(grid: Doubles) -> int:
    """Return the sum of the steps between neighbours, each cut to hundredths of the range, as the reference does."""
    luma = grid.astype(np.float32)
    steps = (np.abs(np.trunc(np.diff(luma, axis=axis) * np.float32(100) / np.float32(255))).sum() for axis in (0, 1))
    return min(100, int(sum(steps)) // 90)
