"""PDQ: the 256-bit perceptual hash of a picture, with its quality and its eight dihedral variants.

The hash is that of the full-resolution luma, computed as a fixed linear operator in strips, so a picture of any
size needs no second full-size buffer. The compiled kernel and its NumPy twin give the same hashes.
Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook, 2019.
"""

from __future__ import annotations

from seawall.hashing.pdq._backend import available_backends, kernel_name
from seawall.hashing.pdq.accumulator import PdqAccumulator, pdq_array
from seawall.hashing.pdq.value import ORIENTATIONS, PdqHash, distance

__all__ = [
    "ORIENTATIONS",
    "PdqAccumulator",
    "PdqHash",
    "available_backends",
    "distance",
    "kernel_name",
    "pdq_array",
]
