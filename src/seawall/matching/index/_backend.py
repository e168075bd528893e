"""Which kernel serves: a compiled variant, or the NumPy twin when nothing was compiled.

Both fulfil `Kernel`, make the same tables byte for byte and find the same entries.
"""

from __future__ import annotations

import os
from functools import lru_cache

from seawall.matching.index._contract import Kernel

ENVIRONMENT = "SEAWALL_INDEX_BACKEND"
"""Environment variable that forces a backend for indexes made or opened from then on."""


def available_backends() -> tuple[str, ...]:
    """Return the backends that can be forced here, fastest first; the last is always `numpy`."""
    try:
        from seawall.matching.index import _kernel
    except ImportError:
        return ("numpy",)
    return (*(f"c/{variant}" for variant in _kernel.variants()), "numpy")


def kernel_name() -> str:
    """Return the name of the kernel that serves, such as `c/avx2`, `c/portable` or `numpy`.

    The environment variable SEAWALL_INDEX_BACKEND chooses one: a name of `available_backends`, or `c` for the fastest
    compiled one.

    Raises:
        ValueError: If the one that is asked for cannot serve here.
    """
    return load_kernel().name


def load_kernel() -> Kernel:
    """Return the kernel that serves; see `kernel_name`."""
    return _load(os.environ.get(ENVIRONMENT) or None)


@lru_cache(maxsize=16)
def _load(backend: str | None) -> Kernel:
    names = available_backends()
    if backend == "c" and len(names) > 1:
        backend = names[0]
    name = backend or names[0]
    if name not in names:
        raise ValueError(f"index backend {name!r} is not available here (available: {', '.join(names)})")
    if name == "numpy":
        from seawall.matching.index._numpy_kernel import NumpyKernel

        return NumpyKernel()
    from seawall.matching.index._c_kernel import CKernel

    return CKernel(name.removeprefix("c/"))
