"""Writing a file whole: a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from seawall.errors import StorageFull


def write_text(path: Path, text: str) -> None:
    """Replace a file with text in UTF-8, by writing beside it and renaming.

    Raises:
        StorageFull: If the disk is full; the old file stays.
        OSError: If the directory cannot be written to; the old file stays.
    """
    data = text.encode()
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
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
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(f"no space left to write {path.name}") from None
        raise
