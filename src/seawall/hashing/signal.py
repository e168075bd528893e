"""The contract of a signal type: a kind of hash, its text form, and what "near" means for it.

Names are python-threatexchange's (`pdq`, `video_md5`, `photodna`, ...). A signal type states its own distance, so
that hashes that are not compared by Hamming distance fit in the same slot. Built-ins and plug-ins are
registered alike, through the entry-point group `seawall.signal_types` (see `seawall.hashing.registry`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from seawall.errors import SeawallError

ORIENTATIONS = (
    "original",
    "rotate90",
    "rotate180",
    "rotate270",
    "flipx",
    "flipy",
    "flipplus1",
    "flipminus1",
)
"""Order of the eight dihedral hashes everywhere: kernels, stored rows, JSON."""


class BadSignal(SeawallError):
    """The text is not a value of this signal type."""

    code = "bad_signal"


class Comparison(StrEnum):
    """How values of a signal type are compared, which decides the index that holds them."""

    EXACT = "exact"
    HAMMING = "hamming"
    DISTANCE = "distance"


@runtime_checkable
class SignalType(Protocol):
    """A kind of hash.

    Attributes:
        name: Standard name, lower case.
        comparison: EXACT and HAMMING values live in the exact indexes; DISTANCE values are compared one by one.
        width: Bytes in a value, or None when values vary in length.
        threshold: Largest distance that counts as a match by default; 0 for EXACT.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 (described above)

    @property
    def comparison(self) -> Comparison: ...  # noqa: D102

    @property
    def width(self) -> int | None: ...  # noqa: D102

    @property
    def threshold(self) -> float: ...  # noqa: D102

    def parse(self, text: str) -> bytes:
        """Return the value that `text` writes; surrounding blanks and upper case are accepted.

        Raises:
            BadSignal: If the text is not a value of this type. The message never repeats the text.
        """
        ...

    def format(self, value: bytes) -> str:
        """Return the canonical text of a value."""
        ...

    def distance(self, left: bytes, right: bytes) -> float:
        """Return the distance between two values; 0 means equal."""
        ...

    def weak(self, value: bytes) -> bool:
        """Whether a value carries too little information to be matched (flat images, empty files)."""
        ...


@dataclass(frozen=True, slots=True)
class Signal:
    """One value of one signal type."""

    type: str
    value: bytes
