"""Hash a picture from strips of its rows, so that the luma of the whole is never held.

Between strips only the 64 x 64 grid and one row of sums are kept. Any split into strips gives the same hash.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seawall.hashing.pdq._backend import load_kernel
from seawall.hashing.pdq._contract import Kernel, Rows, Sums
from seawall.hashing.pdq._windows import GRID
from seawall.hashing.pdq.value import HASH_BYTES, ORIENTATIONS, PdqHash

SMALLEST_SIDE = 5
"""Pictures with a shorter side have no PDQ hash: their quality is 0 and their value all zeros."""

_COPIED_SAMPLES = 1 << 20
"""Rows whose samples are not side by side are copied, this many samples at a time."""

_RGB = 3


class PdqAccumulator:
    """Hashes one picture from consecutive blocks of rows.

    Args:
        height: Rows in the picture, at least 1.
        width: Pixels in a row, at least 1.
        backend: A backend to force (see `kernel_name`); None takes the fastest.

    Raises:
        ValueError: If a side is not positive or the backend is not available.
    """

    __slots__ = ("_form", "_grid", "_height", "_kernel", "_next_row", "_partial", "_width")

    def __init__(self, height: int, width: int, *, backend: str | None = None) -> None:
        if height < 1 or width < 1:
            raise ValueError(f"a picture has at least one row and one column, not {height} x {width}")
        self._kernel: Kernel = load_kernel(backend)
        self._height = height
        self._width = width
        self._next_row = 0
        self._form: tuple[str, int] | None = None
        self._partial: Sums = np.empty(0, self._kernel.sums_type)
        self._grid: npt.NDArray[np.float64] = np.zeros((GRID, GRID))

    def add_rows(self, rows: npt.ArrayLike) -> None:
        """Take the next rows, from top to bottom.

        Args:
            rows: (n, width) luma, or (n, width, 3) RGB whose luma is 0.299 R + 0.587 G + 0.114 B, never rounded; uint8
                or float32, 0 to 255. Rows may be any distance apart (a view of a larger array is not copied).

        Raises:
            ValueError: If the shape or type is another, differs from that of the blocks before, or there are more
                rows than the picture has.
        """
        block, channels = self._checked(np.asarray(rows))
        if min(self._height, self._width) >= SMALLEST_SIDE and len(block):
            if not len(self._partial) and self._height > 2 * GRID:
                self._partial = np.zeros(self._width * channels, self._kernel.sums_type)
            in_place = _samples_adjoin(block)
            size = len(block) if in_place else max(1, _COPIED_SAMPLES // (self._width * channels))
            for start in range(0, len(block), size):
                part = block[start : start + size]
                samples = (part if in_place else part.copy("C")).reshape(-1, self._width * channels)
                first_row = self._next_row + start
                self._kernel.add(samples, first_row, self._height, channels, self._partial, self._grid)
        self._next_row += len(block)

    def finish(self, *, dihedral: bool = True) -> PdqHash:
        """Return the hash of the picture.

        Args:
            dihedral: Whether to give all eight orientations, or the original alone.

        Raises:
            ValueError: If rows are missing, or float luma was not finite.
        """
        if self._next_row != self._height:
            raise ValueError(f"{self._next_row} of {self._height} rows were given")
        count = len(ORIENTATIONS) if dihedral else 1
        if min(self._height, self._width) < SMALLEST_SIDE:
            blank = bytes(HASH_BYTES)
            return PdqHash(blank, 0, (blank,) * count)
        values, quality = self._kernel.hashes(self._grid, count)
        hashes = tuple(values[start : start + HASH_BYTES] for start in range(0, len(values), HASH_BYTES))
        return PdqHash(hashes[0], quality, hashes)

    def _checked(self, rows: npt.NDArray[np.generic]) -> tuple[Rows, int]:
        """Return the rows with their number of channels, or say what is wrong with them."""
        channels = 1 if rows.ndim == 2 else _RGB
        expected = (self._width,) if rows.ndim == 2 else (self._width, _RGB)
        if rows.ndim not in (2, 3) or rows.shape[1:] != expected:
            raise ValueError(f"rows of shape {rows.shape} do not fit a picture {self._width} pixels wide (gray or RGB)")
        if rows.dtype != np.uint8 and rows.dtype != np.float32:
            raise ValueError(f"rows are uint8 or float32, not {rows.dtype}")
        form = (rows.dtype.name, channels)
        if self._form not in (None, form):
            raise ValueError(f"rows are {form}, but those before were {self._form}")
        if self._next_row + len(rows) > self._height:
            raise ValueError(f"more than {self._height} rows were given")
        self._form = form
        return rows, channels  # type: ignore[return-value]  # the type of the samples was checked above


def pdq_array(array: npt.ArrayLike, *, backend: str | None = None, dihedral: bool = True) -> PdqHash:
    """Hash a whole picture held in an array.

    Args:
        array: (height, width) luma or (height, width, 3) RGB, uint8 or float32, 0 to 255; not copied.
        backend: A backend to force (see `kernel_name`); None takes the fastest.
        dihedral: Whether to give all eight orientations, or the original alone.

    Raises:
        ValueError: If the shape or type is another, a side is zero, or float luma is not finite.
    """
    pixels = np.asarray(array)
    if pixels.ndim not in (2, 3):
        raise ValueError(f"a picture has 2 or 3 dimensions, not {pixels.ndim}")
    accumulator = PdqAccumulator(pixels.shape[0], pixels.shape[1], backend=backend)
    accumulator.add_rows(pixels)
    return accumulator.finish(dihedral=dihedral)


def _samples_adjoin(block: Rows) -> bool:
    """Whether the samples of a row lie side by side, so that the block can be read where it is."""
    expected = (block.itemsize,) if block.ndim == 2 else (block.shape[2] * block.itemsize, block.itemsize)
    return block.flags.aligned and block.strides[1:] == expected
