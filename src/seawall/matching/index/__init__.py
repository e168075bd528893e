"""Exact indexes: 256-bit codes by Hamming distance, digests by equality. Files are mapped, so processes share them."""

from seawall.matching.index._backend import available_backends, kernel_name
from seawall.matching.index.digests import DigestTable
from seawall.matching.index.hamming import HammingIndex

__all__ = ["DigestTable", "HammingIndex", "available_backends", "kernel_name"]
