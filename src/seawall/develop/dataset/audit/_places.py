"""One writer at a time in an audit's directory, and names that are names."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seawall.develop.dataset.audit.errors import NotAuditable
from seawall.develop.dataset.audit.sample import FOLDER
from seawall.errors import StateLocked, UsageError
from seawall.files import storage
from seawall.settings import PRIVATE_DIR, PRIVATE_FILE

_LONGEST = 200


@contextmanager
def audit_lock(out: Path) -> Iterator[None]:
    """Hold an audit's directory; the operating system lets go of it when the holder dies.

    Raises:
        NotAuditable: If the output directory does not exist.
        StateLocked: If another process is writing to it.
    """
    if not out.is_dir():
        raise NotAuditable(f"{out} does not exist")
    folder = out / FOLDER
    with storage(folder):
        folder.mkdir(exist_ok=True, mode=PRIVATE_DIR)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StateLocked(
                    f"another process is writing to {folder}", hint="run the same command again"
                ) from None
            yield
        finally:
            os.close(descriptor)


def named(text: str, what: str) -> str:
    """Return a name, which is short and has nothing unprintable in it.

    Raises:
        UsageError: If it is none.
    """
    if not 0 < len(text) <= _LONGEST or not text.isprintable() or not text.strip():
        raise UsageError(f"{what} is a name of 1 to {_LONGEST} printable characters")
    return text
