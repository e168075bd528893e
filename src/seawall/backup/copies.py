"""Files into a backup and out of it: whole, with their digests, and never copied again if they are there already."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from seawall.backup.manifest import Part
from seawall.files import storage
from seawall.settings import PRIVATE_DIR, PRIVATE_FILE

EXCLUDED = frozenset({"keys", "vault", "weights"})
"""Folders of the home that are not copied as they are: secrets; what goes by its objects; what can be fetched again."""

_DATABASE = ".db"
_BLOCK = 1 << 20


def home_files(home: Path) -> Iterator[Path]:
    """Yield the files of a home that belong into a backup, in order, as paths relative to it."""
    for top in sorted(home.iterdir()) if home.is_dir() else ():
        if top.name in EXCLUDED or top.name.startswith(".") or _DATABASE in top.name or top.is_symlink():
            continue
        if top.is_file():
            yield top.relative_to(home)
        elif top.is_dir():
            for folder, folders, names in os.walk(top):
                folders.sort()
                for name in sorted(names):
                    path = Path(folder, name)
                    # What begins with a dot is being written, or was given up.
                    if path.is_file() and not path.is_symlink() and not name.startswith("."):
                        yield path.relative_to(home)


def copy(source: Path, target: Path) -> Part:
    """Copy a file durably under a private name, then give it its own.

    Raises:
        FileNotFoundError: If the source is not there (any more).
        StorageFull: If the disk is full.
    """
    part = target.with_name(f".{target.name}.part")
    with source.open("rb") as taken, storage(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            while block := taken.read(_BLOCK):
                digest.update(block)
                size += len(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    return Part(digest.hexdigest(), size)


def measure(path: Path) -> Part:
    """Return the digest and size of a file."""
    with path.open("rb") as file:
        return Part(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def drop(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
