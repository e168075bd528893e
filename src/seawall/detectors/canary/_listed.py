"""The shipped canary list as this detector uses it: PDQ codes, and what each stands for."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from seawall.hashing.pdq import pdq_array

MAX_DISTANCE = 31
_TAG = "canary."


@dataclass(frozen=True, slots=True)
class Listed:
    """The canary list.

    Attributes:
        codes: uint64 (entries, 4).
        concepts: What each entry shows: of `a`, `b`, `c`, and `blurred`.
    """

    codes: npt.NDArray[np.uint64]
    concepts: tuple[frozenset[str], ...]

    @classmethod
    def shipped(cls) -> Listed:
        """Read the list that ships."""
        rows = list(csv.DictReader(io.StringIO(_text())))
        codes = np.frombuffer(bytes.fromhex("".join(row["signal_str"] for row in rows)), np.uint64).reshape(-1, 4)
        tags = [row["tags"].split() for row in rows]
        return cls(codes, tuple(frozenset(tag.removeprefix(_TAG) for tag in each) for each in tags))

    def nearest(self, pixels: npt.NDArray[np.uint8]) -> tuple[int, frozenset[str]]:
        """Return the distance of the nearest entry in any of the eight orientations, and what it shows."""
        hashed = pdq_array(pixels)
        asked = np.frombuffer(b"".join(hashed.dihedral), np.uint64).reshape(-1, 1, 4)
        distances = np.bitwise_count(self.codes[None] ^ asked).sum(axis=2, dtype=np.int64)
        entry = int(distances.min(axis=0).argmin())
        return int(distances[:, entry].min()), self.concepts[entry]


def list_version() -> str:
    """Return a short digest of the list that ships."""
    return hashlib.sha256(_text().encode()).hexdigest()[:8]


def _text() -> str:
    return (files("seawall.canary") / "canary_list.csv").read_text(encoding="utf-8")
