"""Writing files whole: a reader sees the old one or the new one, never a part; a full disk has a name."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seawall.errors import StorageFull

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
