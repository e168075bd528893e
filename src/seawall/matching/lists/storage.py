"""Writing list files so that a crash or a full disk never leaves half a list.

Whole files are replaced by rename; growing files are appended beyond the length that the manifest states, so what is
appended counts only once a manifest says so.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seawall.errors import IndexCorrupt, StorageFull
from seawall.settings import PRIVATE_DIR, PRIVATE_FILE, write_private

_FULL = (errno.ENOSPC, errno.EDQUOT)
_READ = 1 << 20


@contextmanager
def recording(name: str) -> Iterator[None]:
    """Turn "no space left" into StorageFull, saying that the list `name` is as it was."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in _FULL:
            raise
        raise StorageFull(
            f"there is no space left to change the list {name}; it is as it was", hint="free some space and try again"
        ) from problem


def private_directory(path: Path) -> Path:
    """Create a directory that only its owner can enter, with its parents."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=PRIVATE_DIR, exist_ok=True)
    return path


def sync_directory(path: Path) -> None:
    """Make renames in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file by another, at once; `sync_directory` makes that durable."""
    fresh = path.with_name(f".{path.name}.new")
    write_private(fresh, data)
    fresh.replace(path)


def append_file(path: Path, committed: int, data: bytes) -> None:
    """Cut a file to `committed` bytes, which removes what an interrupted change left, and append `data` durably.

    Raises:
        IndexCorrupt: If the file is shorter than `committed`.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    with os.fdopen(descriptor, "r+b") as file:
        if file.seek(0, os.SEEK_END) < committed:
            raise IndexCorrupt(f"{path.parent.name}/{path.name} is cut")
        file.truncate(committed)
        file.seek(committed)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def checksum_of(path: Path, length: int) -> int:
    """Return the CRC-32 of the first `length` bytes of a file (0 for none).

    Raises:
        IndexCorrupt: If the file is shorter or missing.
    """
    checksum = 0
    if length == 0:
        return checksum
    try:
        with path.open("rb") as file:
            while length and (block := file.read(min(length, _READ))):
                checksum = zlib.crc32(block, checksum)
                length -= len(block)
    except OSError as problem:
        raise IndexCorrupt(f"{path.parent.name}/{path.name} cannot be read") from problem
    if length:
        raise IndexCorrupt(f"{path.parent.name}/{path.name} is cut")
    return checksum
