"""One writer at a time: a lock that the operating system releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seawall.errors import ListConflict
from seawall.matching.lists.storage import private_directory, recording
from seawall.settings import PRIVATE_FILE


@contextmanager
def writing(root: Path, name: str) -> Iterator[None]:
    """Hold the right to change the list `name` of the store at `root`.

    Raises:
        ListConflict: If another process, or another part of this one, is changing it.
        StorageFull: If there is no space left, here or in what is done while the lock is held.
    """
    with recording(name), _locked(private_directory(root / ".locks") / name, name):
        yield


@contextmanager
def _locked(path: Path, name: str) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise ListConflict(
                f"the list {name} is being changed by another process", hint="try again when it has finished"
            ) from problem
        yield
    finally:
        os.close(descriptor)
