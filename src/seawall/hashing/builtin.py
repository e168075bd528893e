"""The built-in signal types: exact digests, PDQ with the video hashes made of it, and Chromaprint."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from seawall.hashing.signal import BadSignal, Comparison, SignalType

_LOWEST_PDQ_BITS = 40
"""PDQ sets half its bits by construction; values with far fewer set (or clear) bits come from flat pictures."""


@dataclass(frozen=True, slots=True)
class HexSignal:
    """A fixed-width value written in hexadecimal.

    Attributes:
        name: Standard name.
        width: Bytes in a value.
        comparison: EXACT for cryptographic digests, HAMMING for PDQ.
        threshold: Default largest matching distance, in bits.
        empty: Digest of zero bytes, which matches every empty file and so is weak.
    """

    name: str
    width: int | None
    comparison: Comparison = Comparison.EXACT
    threshold: float = 0
    empty: bytes = b""

    def parse(self, text: str) -> bytes:
        """Return the bytes that the hexadecimal `text` writes.

        Raises:
            BadSignal: If it is not `2 * width` hexadecimal digits.
        """
        digits = text.strip()
        if self.width is None or not re.fullmatch(rf"[0-9A-Fa-f]{{{2 * self.width}}}", digits):
            raise BadSignal(f"a {self.name} value is {2 * (self.width or 0)} hexadecimal digits")
        return bytes.fromhex(digits)

    def format(self, value: bytes) -> str:
        """Return lower-case hexadecimal."""
        return value.hex()

    def distance(self, left: bytes, right: bytes) -> float:
        """Return the number of differing bits (HAMMING), or 0 or 1 (EXACT)."""
        if self.comparison is Comparison.EXACT:
            return float(left != right)
        return float((int.from_bytes(left) ^ int.from_bytes(right)).bit_count())

    def weak(self, value: bytes) -> bool:
        """Whether the value is of an empty file, a placeholder, or (PDQ) has nearly all bits alike or a pattern."""
        if self.comparison is Comparison.EXACT:
            return value == self.empty or not any(value) or set(value) == {0xFF}
        if len(set(value)) == 1:
            return True
        ones = int.from_bytes(value).bit_count()
        return min(ones, 8 * len(value) - ones) < _LOWEST_PDQ_BITS or _periodic(value)


def _periodic(value: bytes) -> bool:
    """Whether a value repeats a block of at most four bytes, as hashes of stripes and blanks do."""
    return any(value == value[:size] * (len(value) // size) for size in (1, 2, 4))


def _digest(name: str, algorithm: str) -> HexSignal:
    empty = hashlib.new(algorithm, usedforsecurity=False).digest()
    return HexSignal(name, len(empty), empty=empty)


_EMPTY_BLAKE3 = bytes.fromhex("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")


def builtin_signal_types() -> list[SignalType]:
    """Return the signal types that ship with seawall."""
    from seawall.hashing.chromaprint import ChromaprintSignal

    return [
        ChromaprintSignal(),
        HexSignal("pdq", 32, Comparison.HAMMING, 31),
        HexSignal("vpdq", 32, Comparison.HAMMING, 31),
        _digest("md5", "md5"),
        _digest("sha1", "sha1"),
        _digest("sha256", "sha256"),
        HexSignal("blake3", 32, empty=_EMPTY_BLAKE3),
        _digest("video_md5", "md5"),
        _digest("video_sha1", "sha1"),
        _digest("video_sha256", "sha256"),
        _digest("url_md5", "md5"),
    ]
