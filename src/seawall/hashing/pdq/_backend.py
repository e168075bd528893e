"""Which kernel serves: a compiled variant, or the NumPy twin when nothing was compiled.

Both fulfil `Kernel`; callers never see which one works, except through `kernel_name`.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

ENVIRONMENT = "SEAWALL_PDQ_BACKEND"
"""Environment variable that forces a backend, as the argument `backend` does."""

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


def available_backends() -> tuple[str, ...]:
    """Return the backends that can be forced here, fastest first; the last is always `numpy`."""
    try:
        from seawall.hashing.pdq import _kernel
    except ImportError:
        return ("numpy",)
    return (*(f"c/{variant}" for variant in _kernel.variants()), "numpy")


def kernel_name(backend: str | None = None) -> str:
    """Return the name of the kernel that serves, such as `c/avx2`, `c/portable` or `numpy`.

    Args:
        backend: The backend asked for: a name of `available_backends`, `c` for the fastest compiled one, or None
            for the fastest of all unless the environment variable SEAWALL_PDQ_BACKEND names one.

    Raises:
        ValueError: If the backend asked for cannot serve here.
    """
    return load_kernel(backend).name


def load_kernel(backend: str | None = None) -> Kernel:
    """Return the kernel that serves; see `kernel_name`."""
    return _load(backend or os.environ.get(ENVIRONMENT) or None)


@lru_cache(maxsize=16)
def _load(backend: str | None) -> Kernel:
    names = available_backends()
    if backend == "c" and len(names) > 1:
        backend = names[0]
    name = backend or names[0]
    if name not in names:
        raise ValueError(f"PDQ backend {name!r} is not available here (available: {', '.join(names)})")
    if name == "numpy":
        from seawall.hashing.pdq._numpy_kernel import NumpyKernel

        return NumpyKernel()
    from seawall.hashing.pdq._c_kernel import CKernel

    return CKernel(name.removeprefix("c/"))
