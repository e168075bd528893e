"""The vault's directory: `ab/<id>`, written beside, made durable, and put in place once.

A name holds nothing but a random id. A file is complete or it is not there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO, TypeVar

from seawall.files import storage
from seawall.settings import PRIVATE_DIR, PRIVATE_FILE
from seawall.vault.stream import HEADER_BYTES

_WHOLE = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"\.([0-9a-f]{32})\.part")
_Result = TypeVar("_Result")


class Kind(Enum):
    """What a file in the vault's directory is."""

    OBJECT = auto()
    PART = auto()
    FOREIGN = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """A file in the vault's directory.

    Attributes:
        path: Where.
        kind: What it is by its name and place.
        id: The object that it belongs to, if any.
        changed: When it was written last, in seconds of the epoch.
    """

    path: Path
    kind: Kind
    id: str | None
    changed: float


class VaultFiles:
    """Files by object id under one private directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, object_id: str) -> Path:
        """Return where an object's file is."""
        return self.root / object_id[:2] / object_id

    def write(self, object_id: str, fill: Callable[[BinaryIO], _Result]) -> _Result:
        """Create a file: `fill` writes it, then it is made durable and given its name, which must be new.

        Raises:
            StorageFull: If the disk is full; nothing is left.
            OSError: If the system refuses; nothing is left.
        """
        path = self.path(object_id)
        part = path.with_name(f".{object_id}.part")
        with storage(self.root):
            self._make(path.parent)
            try:
                with open(part, "xb", opener=_private) as file:
                    result = fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(part, path)
            finally:
                part.unlink(missing_ok=True)
            _settle(path.parent)
        return result

    def open(self, object_id: str) -> BinaryIO:
        """Open an object's file.

        Raises:
            FileNotFoundError: If there is none.
        """
        return self.path(object_id).open("rb", buffering=0)

    def erase(self, object_id: str) -> bool:
        """Overwrite the salt in the header, then remove the file; return whether there was one."""
        path = self.path(object_id)
        try:
            file = path.open("r+b", buffering=0)
        except FileNotFoundError:
            return False
        with file:
            try:
                file.write(bytes(HEADER_BYTES))
                os.fsync(file.fileno())
            finally:
                path.unlink(missing_ok=True)
        _settle(path.parent)
        return True

    def discard(self, path: Path) -> None:
        """Remove a file if it is there."""
        path.unlink(missing_ok=True)
        _settle(path.parent)

    def walk(self) -> Iterator[Found]:
        """Go through everything in the directory, in no order."""
        if not self.root.is_dir():
            return
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                try:
                    changed = path.lstat().st_mtime
                except FileNotFoundError:
                    continue
                yield self._found(path, changed)

    def _found(self, path: Path, changed: float) -> Found:
        part = _PART.fullmatch(path.name)
        object_id = part[1] if part else path.name
        if _WHOLE.fullmatch(object_id) and path.parent == self.path(object_id).parent and not path.is_symlink():
            return Found(path, Kind.PART if part else Kind.OBJECT, object_id, changed)
        return Found(path, Kind.FOREIGN, None, changed)

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self.root.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
        for directory in (self.root, folder):
            directory.mkdir(exist_ok=True, mode=PRIVATE_DIR)
            _settle(directory.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _settle(folder: Path) -> None:
    """Make the names in a directory durable; only POSIX systems can be asked to."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
