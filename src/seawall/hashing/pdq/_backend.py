"""Which kernel serves: a compiled variant, or the NumPy twin when nothing was compiled.

Callers never see which one works, except through `kernel_name`.
"""

from __future__ import annotations

import os
from functools import lru_cache

from seawall.hashing.pdq._contract import Kernel

ENVIRONMENT = "SEAWALL_PDQ_BACKEND"
"""Environment variable that forces a backend, as the argument `backend` does."""


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
