"""The value that PDQ gives: 32 bytes, a quality, and the hashes of the seven other orientations."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.hashing.signal import ORIENTATIONS

__all__ = ["HASH_BYTES", "ORIENTATIONS", "PdqHash", "distance"]

HASH_BYTES = 32
"""Bytes in a PDQ value: 256 bits, bit 255 first."""


@dataclass(frozen=True, slots=True)
class PdqHash:
    """The PDQ hash of one picture.

    Attributes:
        value: The hash, 32 bytes, bit 255 first as in the published hexadecimal form.
        quality: 0 (flat or too small: do not match on it) to 100; lists usually ask for at least 50.
        dihedral: The hashes that the picture would have rotated or flipped, in the order of `ORIENTATIONS`; the first
            is `value`. Only that one when the other seven were not asked for.
    """

    value: bytes
    quality: int
    dihedral: tuple[bytes, ...]

    def hex(self) -> str:
        """Return the value as 64 lower-case hexadecimal digits."""
        return self.value.hex()


def distance(a: bytes, b: bytes) -> int:
    """Return the number of differing bits of two hashes, 0 to 256.

    Raises:
        ValueError: If a hash is not 32 bytes long.
    """
    if len(a) != HASH_BYTES or len(b) != HASH_BYTES:
        raise ValueError("a PDQ hash is 32 bytes")
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()
