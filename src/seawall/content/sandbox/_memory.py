"""Memory that parent and child share: the parent writes, the child can only read.

It is anonymous: no name in any file system, gone with the last of the two.
"""

from __future__ import annotations

import os
import tempfile
from mmap import ACCESS_READ, mmap

_SMALLEST = 4 << 20
_SEAL_SEAL, _SEAL_SHRINK, _SEAL_GROW, _SEAL_FUTURE_WRITE = 0x1, 0x2, 0x4, 0x10


class SharedMemory:
    """The parent's side of a block of shared memory.

    Args:
        size: Bytes that it must hold; it may hold more. Pages that are never touched cost nothing.
        most: Bytes that it may hold at most.

    Attributes:
        descriptor: What the child maps; open for reading alone where the system has sealed memory files.
        capacity: Bytes that it holds.
    """

    def __init__(self, size: int, most: int) -> None:
        self.capacity = min(max(_SMALLEST, 1 << (size - 1).bit_length()), most)
        self.descriptor = _anonymous_file(self.capacity)
        try:
            self._map = mmap(self.descriptor, self.capacity)
            _seal(self.descriptor)
        except BaseException:
            os.close(self.descriptor)
            raise
        self.view = memoryview(self._map)

    def close(self) -> None:
        """Close the descriptor; the memory goes when the last view of it does."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def map_shared(descriptor: int, capacity: int) -> mmap:
    """Return the child's mapping, which cannot be written."""
    return mmap(descriptor, capacity, access=ACCESS_READ)


def _anonymous_file(size: int) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("seawall", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, size)
        return descriptor
    with tempfile.TemporaryFile() as file:
        # A hole in the file would become a fatal signal, should the disk be full when it is first touched.
        block = bytes(1 << 20)
        for start in range(0, size, len(block)):
            file.write(block[: size - start])
        file.flush()
        return os.dup(file.fileno())


def _seal(descriptor: int) -> None:
    """Let no one else ever map the memory for writing, nor change its size, not even through /proc."""
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEAL_GROW | _SEAL_SHRINK | _SEAL_FUTURE_WRITE | _SEAL_SEAL)
    except (ImportError, AttributeError, OSError):
        # No memory files, or Linux before 5.1: the child still maps it for reading alone.
        return
