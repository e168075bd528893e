"""Bytes in memory as a file, without a copy of them."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER_BYTES = 1 << 16


class _RawMemory(io.RawIOBase):
    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._view)}[whence]
        if base + offset < 0:
            raise ValueError("a place before the start of the file")
        self._at = base + offset
        return self._at

    def readinto(self, target: WriteableBuffer) -> int:
        room = memoryview(target).cast("B")
        taken = self._view[self._at : self._at + len(room)]
        room[: len(taken)] = taken
        self._at += len(taken)
        return len(taken)

    def readall(self) -> bytes:
        taken = bytes(self._view[self._at :])
        self._at = max(self._at, len(self._view))
        return taken


class MemoryFile(io.BufferedReader):
    """A file open for reading whose bytes are a view of memory.

    Args:
        view: The bytes; they must stay as they are while the file is in use.
    """

    def __init__(self, view: memoryview) -> None:
        super().__init__(_RawMemory(view), _BUFFER_BYTES)
        self._bytes = view

    def getvalue(self) -> memoryview:
        """Return all the bytes; Pillow hands them to libtiff as they are."""
        return self._bytes
