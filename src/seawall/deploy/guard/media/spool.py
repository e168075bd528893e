"""Bytes to check, in memory or in anonymous memory: never in a file that anybody could find on a disk.

All that is under way in a process shares one budget, so that many large uploads together are refused before the
machine runs out of memory.
"""

from __future__ import annotations

import fcntl
import io
import os
import threading
import weakref
from contextlib import suppress
from typing import BinaryIO, Self

from seawall.deploy.guard.errors import GuardBusy
from seawall.errors import TooLarge

_STEP = 1 << 20
"""Memory is taken from the budget by the megabyte."""

_SEALS = ("F_SEAL_WRITE", "F_SEAL_GROW", "F_SEAL_SHRINK", "F_SEAL_SEAL")


class MediaBudget:
    """How many bytes may be under way at once. Shared by threads.

    Args:
        size: The most.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._used = 0
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes that are taken."""
        return self._used

    def take(self, size: int) -> None:
        """Take bytes.

        Raises:
            GuardBusy: If so many are not left.
        """
        with self._lock:
            if self._used + size > self.size:
                raise GuardBusy("too many bytes wait to be checked")
            self._used += size

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._used = max(0, self._used - size)


class MemoryMedia:
    """Bytes that are in memory already."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self._data)

    def open(self) -> BinaryIO:
        """Return a stream from the start."""
        return io.BytesIO(self._data)


class SpooledMedia:
    """Bytes that come in pieces, kept in anonymous memory. Close it, or leave its context, when the check is done.

    Use `create`. One writer at a time; once sealed, any thread may open it, and nothing can change it.
    """

    def __init__(self, limit: int, budget: MediaBudget | None, descriptor: int | None) -> None:
        self.limit = limit
        self._budget = budget
        self._descriptor = descriptor
        self._pieces: list[bytes] | None = [] if descriptor is None else None
        self._held = _Held(budget, descriptor)
        self._size = 0
        self._sealed: bytes | None = None
        self._done = False
        self._finalizer = weakref.finalize(self, self._held.release)

    @classmethod
    def create(cls, limit: int, budget: MediaBudget | None = None) -> Self:
        """Make room.

        Args:
            limit: The most bytes that are taken.
            budget: What all that is under way may hold together; None for no such limit.

        Raises:
            GuardBusy: If the system has nothing to give.
        """
        if not hasattr(os, "memfd_create"):
            return cls(limit, budget, None)
        try:
            descriptor = os.memfd_create("seawall-upload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        except OSError:
            raise GuardBusy("the system has no memory left for an upload") from None
        return cls(limit, budget, descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def in_place(self) -> bool:
        """Whether its streams have a descriptor that shows exactly its bytes."""
        return self._descriptor is not None

    @property
    def size(self) -> int:
        """Length in bytes, so far."""
        return self._size

    def write(self, chunk: bytes | memoryview) -> None:
        """Take the next piece.

        Raises:
            TooLarge: If it is over the limit; nothing of the upload can be used.
            GuardBusy: If there is no room left for all uploads together.
            ValueError: If it was sealed or closed.
        """
        if self._done or not self._finalizer.alive:
            raise ValueError("the upload was sealed")
        if self._size + len(chunk) > self.limit:
            raise TooLarge(f"the upload is longer than {self.limit} bytes")
        self._held.reach(self._size + len(chunk))
        if self._pieces is not None:
            self._pieces.append(bytes(chunk))
        elif self._descriptor is not None:
            _write_all(self._descriptor, chunk)
        self._size += len(chunk)

    def seal(self) -> Self:
        """End it: from now on it can be opened, and never changed."""
        if not self._done:
            if self._pieces is not None:
                self._sealed, self._pieces = b"".join(self._pieces), []
            elif self._descriptor is not None:
                with suppress(OSError, AttributeError):
                    seals = sum(getattr(fcntl, name) for name in _SEALS)
                    fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, seals)
            self._done = True
        return self

    def open(self) -> BinaryIO:
        """Return a stream from the start, with a place of its own.

        Raises:
            ValueError: If it is not sealed yet, or closed.
        """
        if not self._done or not self._finalizer.alive:
            raise ValueError("the upload is not there to be read")
        if self._sealed is not None or self._descriptor is None:
            return io.BytesIO(self._sealed or b"")
        try:
            # Opened anew, since a duplicate would share its place with every other reader.
            return open(f"/proc/self/fd/{self._descriptor}", "rb", buffering=0)  # noqa: PTH123 (a descriptor)
        except OSError:
            return io.BytesIO(os.pread(self._descriptor, self._size, 0))

    def close(self) -> None:
        """Give the memory back; streams that are open stay good."""
        self._sealed = self._pieces = None
        self._finalizer()


class _Held:
    """What an upload holds, to be given back once."""

    def __init__(self, budget: MediaBudget | None, descriptor: int | None) -> None:
        self._budget = budget
        self._descriptor = descriptor
        self._taken = 0

    def reach(self, size: int) -> None:
        if self._budget is not None and size > self._taken:
            more = -(-(size - self._taken) // _STEP) * _STEP
            self._budget.take(more)
            self._taken += more

    def release(self) -> None:
        if self._budget is not None:
            self._budget.give(self._taken)
        if self._descriptor is not None:
            os.close(self._descriptor)


def _write_all(descriptor: int, chunk: bytes | memoryview) -> None:
    rest = memoryview(chunk)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        raise GuardBusy("the system has no memory left for an upload") from None
