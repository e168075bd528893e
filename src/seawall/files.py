"""Writing files whole: a reader sees the old one or the new one, never a part; a full disk has a name.

Secrets are created once: of several processes that start together, all use the one that came first.
"""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seawall.errors import SecretUnusable, StorageFull

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def storage(place: Path) -> Iterator[None]:
    """Turn a full disk into the error that says so.

    Raises:
        StorageFull: If the system has no space, or no quota, left at `place`.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"no space left to write {place}") from None
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file, readable by its owner alone, by writing beside it and renaming.

    Raises:
        StorageFull: If the disk is full; the old file stays.
        OSError: If the directory cannot be written to; the old file stays.
    """
    with storage(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def create_once(path: Path, data: bytes) -> None:
    """Create a file, whole and readable by its owner alone; if another process was first, its file stays.

    Its directory is made private if it is missing.

    Raises:
        StorageFull: If the disk is full.
        OSError: If the directory cannot be written to.
    """
    with storage(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # A link, unlike a rename, never replaces a file that another process has just created.
            with suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def installation_secret(path: Path, length: int = 32) -> bytes:
    """Return the random bytes that a private file keeps; the first call creates it.

    Args:
        path: The file, under `HOME/keys`.
        length: How many bytes.

    Raises:
        SecretUnusable: If it cannot be read or made, others may read it, or it holds something else.
    """
    try:
        if not path.exists():
            create_once(path, secrets.token_bytes(length))
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            data = file.read(length + 1)
    except OSError as error:
        raise SecretUnusable(f"{path} cannot be read or made: {error.strerror}") from None
    if os.name == "posix" and mode & 0o077:
        raise SecretUnusable(f"{path} can be read or written by others (mode {mode:04o})")
    if len(data) != length:
        raise SecretUnusable(f"{path} is not a key file")
    return data
