"""The vault's key in a file, and the keys before it beside: so that a rotation can be interrupted and nothing is lost.

`vault.key` wraps; `vault-ID.key` is what wrapped before, and still opens. A process that runs while another one rotates
sees the new file before it wraps the next object.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from pathlib import Path
from threading import Lock

from seawall.files import create_once, write_whole
from seawall.vault._local_key import KEY_BYTES, LocalKey, WrappedKey, decoded
from seawall.vault.errors import VaultKeyError

_MAX_FILE_BYTES = 256
_ID = re.compile(r"[0-9a-f]{16}")

_Mark = tuple[int, int, int]


class FileKeyProvider:
    """The key in a file that only its owner can read, made at the first use; and older ones beside it.

    Args:
        path: The file; nothing is read or created yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._loaded: tuple[_Mark, LocalKey] | None = None
        self._older: dict[str, LocalKey] = {}

    def key_id(self) -> str | None:
        """Return the id of the key that wraps, or None if there is no file.

        Raises:
            VaultKeyError: If others may read the file, or it holds no key.
        """
        key = self._current()
        return key.id if key else None

    def has(self, key_id: str) -> bool:
        """Return whether it is the key that wraps, or one before it that is kept."""
        return self.key_id() == key_id or self._before(key_id) is not None

    def create(self) -> str:
        """Create the file whole or not at all; if another process was first, its key counts.

        Raises:
            VaultKeyError: If the file cannot be written.
        """
        try:
            create_once(self.path, _fresh())
        except OSError as error:
            raise VaultKeyError(f"{self.path} cannot be created: {error.strerror}") from None
        return self._present().id

    def wrap(self, data_key: bytes, binding: bytes) -> WrappedKey:
        """Seal an object's key."""
        return self._present().wrap(data_key, binding)

    def unwrap(self, wrapped: WrappedKey, binding: bytes) -> bytes:
        """Open an object's key, with the key that sealed it."""
        key = self._present()
        if key.id != wrapped.key_id:
            key = self._before(wrapped.key_id) or key
        return key.unwrap(wrapped, binding)

    def renew(self) -> str:
        """Let a new key wrap from now on, and keep the one before it; return the id of the new one.

        Raises:
            VaultKeyError: If there is no key, or a file cannot be written; then the old key goes on.
        """
        before = self._read(self.path)
        if before is None:
            raise VaultKeyError(f"{self.path} is missing", hint="restore it from a backup")
        old = decoded(before[1], str(self.path))
        try:
            # The old key is safe before the new one takes its name: at every moment, each object can be opened.
            create_once(self.kept(old.id), before[1])
            write_whole(self.path, _fresh())
        except OSError as error:
            raise VaultKeyError(f"the key cannot be renewed: {error.strerror}") from None
        return self._present().id

    def kept(self, key_id: str) -> Path:
        """Return the file of a key that wrapped before."""
        return self.path.with_name(f"{self.path.stem}-{key_id}{self.path.suffix}")

    def older(self) -> list[str]:
        """Return the ids of the keys before this one that are kept."""
        prefix, suffix = f"{self.path.stem}-", self.path.suffix
        names = (each.name for each in self.path.parent.glob(f"{prefix}*{suffix}"))
        found = (name[len(prefix) : len(name) - len(suffix)] for name in names)
        return sorted(each for each in found if _ID.fullmatch(each) and each != self.key_id())

    def _present(self) -> LocalKey:
        key = self._current()
        if key is None:
            raise VaultKeyError(f"{self.path} is missing", hint="restore it from a backup")
        return key

    def _current(self) -> LocalKey | None:
        with self._lock:
            loaded = self._loaded
            if loaded is not None and _mark(self.path) == loaded[0]:
                return loaded[1]
            found = self._read(self.path)
            if found is None:
                # A key that is in use is not forgotten because its file is: what it sealed can be opened.
                return loaded[1] if loaded is not None else None
            self._loaded = (found[0], decoded(found[1], str(self.path)))
            return self._loaded[1]

    def _before(self, key_id: str) -> LocalKey | None:
        known = self._older.get(key_id)
        if known is None and _ID.fullmatch(key_id):
            path = self.kept(key_id)
            found = self._read(path)
            key = decoded(found[1], str(path)) if found is not None else None
            if key is not None and key.id == key_id:
                known = self._older[key_id] = key
        return known

    def _read(self, path: Path) -> tuple[_Mark, bytes] | None:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultKeyError(f"{path} cannot be read: {error.strerror}") from None
        with os.fdopen(descriptor, "rb") as file:
            known = os.fstat(descriptor)
            mode = known.st_mode & 0o777
            if os.name == "posix" and mode & 0o077:
                raise VaultKeyError(
                    f"{path} can be read or written by others (mode {mode:04o})",
                    hint="if nobody else has read it: chmod 600, then try again",
                )
            return (known.st_ino, known.st_mtime_ns, known.st_size), file.read(_MAX_FILE_BYTES)


def _mark(path: Path) -> _Mark | None:
    try:
        known = path.stat()
    except OSError:
        return None
    return known.st_ino, known.st_mtime_ns, known.st_size


def _fresh() -> bytes:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"
