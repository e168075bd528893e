"""Items by key, and digests, on disk: any number of them can be looked up without being held in memory.

Rows are sorted by the first 128 bits of a hash of the key (or of the digest itself) and mapped; processes share pages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

ID_BYTES = 16
_ROW = np.dtype([("hi", "<u8"), ("lo", "<u8"), ("sha256", "u1", 32), ("known", "u1"), ("mark", "u1")])
_COLUMNS = ("hi", "lo", "sha256", "known", "mark")
_CHUNK = 1 << 18
_BUFFER = 4096


def key_id(key: str) -> bytes:
    """Return the id under which a key is stored."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=ID_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Found:
    """A row of a table.

    Attributes:
        row: Its number.
        sha256: The digest that it states; None if it states none.
        mark: What it says besides, 0 to 255.
    """

    row: int
    sha256: bytes | None
    mark: int


class TableConflict(Exception):
    """One key was given two digests."""


class TableWriter:
    """Gathers rows; when the block ends they are sorted and put in place. A context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unsorted = path.with_suffix(".unsorted")
        self._file = self._unsorted.open("wb")
        self._buffer: list[bytes] = []

    def add(self, identity: bytes, sha256: bytes | None, mark: int = 0) -> None:
        """Add a row. A key may come twice, if it comes with the same digest or with none."""
        known = bytes((sha256 is not None, mark))
        self._buffer.append(identity[:ID_BYTES] + (sha256 or bytes(32)) + known)
        if len(self._buffer) >= _BUFFER:
            self._flush()

    def _flush(self) -> None:
        self._file.write(b"".join(self._buffer))
        self._buffer.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        self._file.close()
        try:
            if kind is None:
                self._sort()
        finally:
            self._unsorted.unlink(missing_ok=True)

    def _sort(self) -> None:
        rows = _mapped(self._unsorted)
        order = _order(rows)
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            for name in _COLUMNS:
                column = rows[name]
                for start in range(0, len(order), _CHUNK):
                    file.write(column[order[start : start + _CHUNK]].tobytes())
        temporary.replace(self._path)


def _order(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the places of the rows to keep, sorted by id.

    Raises:
        TableConflict: If two rows of one id state different digests.
    """
    hi, lo = np.ascontiguousarray(rows["hi"]), np.ascontiguousarray(rows["lo"])
    # Among rows of one id: those that state a digest first, then the heaviest mark.
    weight = (1 - rows["known"].astype(np.int16)) * 256 + (255 - rows["mark"].astype(np.int16))
    order: npt.NDArray[Any] = np.lexsort((weight, lo, hi))
    hi, lo = hi[order], lo[order]
    again = np.flatnonzero((hi[1:] == hi[:-1]) & (lo[1:] == lo[:-1])) + 1
    here, before = rows[order[again]], rows[order[again - 1]]
    if bool(((here["sha256"] != before["sha256"]).any(axis=1) & (here["known"] == 1)).any()):
        raise TableConflict
    return np.delete(order, again)


class Table:
    """Rows by id, mapped from a file that `TableWriter` wrote: one column after another."""

    def __init__(self, path: Path) -> None:
        count = path.stat().st_size // _ROW.itemsize
        columns: dict[str, npt.NDArray[Any]] = {}
        start = 0
        for name in _COLUMNS:
            kind, shape = _ROW[name].base, (count, *_ROW[name].shape)
            columns[name] = np.asarray(np.memmap(path, kind, "r", start, shape)) if count else np.empty(shape, kind)
            start += count * _ROW[name].itemsize
        self._hi, self._lo, self._sha256, self._known, self._mark = (columns[name] for name in _COLUMNS)

    def __len__(self) -> int:
        return len(self._hi)

    def find(self, identity: bytes) -> Found | None:
        """Return the row with an id, or None."""
        hi, lo = int.from_bytes(identity[:8], "little"), int.from_bytes(identity[8:ID_BYTES], "little")
        row = int(np.searchsorted(self._hi, np.uint64(hi)))
        while row < len(self._hi) and int(self._hi[row]) == hi:
            if int(self._lo[row]) == lo:
                return Found(row, self._sha256[row].tobytes() if self._known[row] else None, int(self._mark[row]))
            row += 1
        return None

    def find_digest(self, sha256: bytes) -> Found | None:
        """Return the row of a digest, in a table whose ids are digests."""
        found = self.find(sha256[:ID_BYTES])
        return found if found is not None and found.sha256 == sha256 else None

    def digests(self) -> Iterator[bytes]:
        """Yield every digest stated, in the order of ids."""
        for start in range(0, len(self), _CHUNK):
            part = self._sha256[start : start + _CHUNK]
            for digest in part[self._known[start : start + _CHUNK] == 1]:
                yield digest.tobytes()


def _mapped(path: Path) -> npt.NDArray[Any]:
    if path.stat().st_size == 0:
        return np.empty(0, dtype=_ROW)
    return np.memmap(path, dtype=_ROW, mode="r")
