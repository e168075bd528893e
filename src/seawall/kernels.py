"""Which kernels serve, and the one line that says so where a C kernel is missing."""

from __future__ import annotations


def missing_kernels() -> list[str]:
    """Return the names of kernels for which the NumPy twin serves."""
    from seawall.hashing.pdq import kernel_name as pdq_kernel
    from seawall.matching.index import kernel_name as index_kernel

    names = {"PDQ": pdq_kernel(), "index": index_kernel()}
    return [kernel for kernel, name in names.items() if name == "numpy"]


def notice() -> str | None:
    """Return the one line that says what is missing and what to do, or None when all is compiled."""
    missing = missing_kernels()
    if not missing:
        return None
    return (
        f"note: no compiled {' and '.join(missing)} kernel: the slower NumPy twin serves "
        "(Debian: apt-get install gcc python3-dev, then make clean demo)"
    )
