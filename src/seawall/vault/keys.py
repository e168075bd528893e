"""Custody of the key that wraps the objects' own keys: a private file, or the environment.

A wrapped key names the key that wrapped it. A lost key is never replaced for objects that it wrapped.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seawall.files import create_once
from seawall.settings import Settings
from seawall.vault.errors import VaultKeyError

VARIABLE = "SEAWALL_VAULT_KEY"
FILE_NAME = "vault.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_MAX_FILE_BYTES = 256
_ID_CONTEXT = b"seawall/vault/key-id/1\0"
_WRAP_CONTEXT = b"seawall/vault/wrap/1\0"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """An object's key, sealed.

    Attributes:
        key_id: The key that sealed it.
        data: Nonce, sealed key and tag.
    """

    key_id: str
    data: bytes


class KeyProvider(Protocol):
    """Where the wrapping key is kept. It may be a service that never gives the key out."""

    def key_id(self) -> str | None:
        """Return the id of the key that wraps, or None if there is none yet."""

    def has(self, key_id: str) -> bool:
        """Return whether what this key wrapped can be unwrapped here."""

    def create(self) -> str:
        """Create the key, or find the one that another process created first; return its id."""

    def wrap(self, data_key: bytes, binding: bytes) -> WrappedKey:
        """Seal an object's key, bound to what `binding` says."""

    def unwrap(self, wrapped: WrappedKey, binding: bytes) -> bytes:
        """Open an object's key.

        Raises:
            VaultKeyError: If the key that sealed it is not here, or it is not authentic.
        """


class _LocalKey:
    """Thirty-two bytes in memory. It has no `repr` that shows them."""

    __slots__ = ("_cipher", "id")

    def __init__(self, key: bytes) -> None:
        self.id = hashlib.sha256(_ID_CONTEXT + key).hexdigest()[:16]
        self._cipher = AESGCM(key)

    def wrap(self, data_key: bytes, binding: bytes) -> WrappedKey:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return WrappedKey(self.id, nonce + self._cipher.encrypt(nonce, data_key, self._context(binding)))

    def unwrap(self, wrapped: WrappedKey, binding: bytes) -> bytes:
        if wrapped.key_id != self.id:
            raise VaultKeyError(
                f"the object's key is wrapped with {wrapped.key_id}; the vault's key here is {self.id}",
                hint="restore that key from a backup",
            )
        nonce, sealed = wrapped.data[:_NONCE_BYTES], wrapped.data[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, self._context(binding))
        except (InvalidTag, ValueError):
            raise VaultKeyError(
                "the object's wrapped key is not authentic", hint="restore the database from a backup"
            ) from None

    def _context(self, binding: bytes) -> bytes:
        return _WRAP_CONTEXT + self.id.encode() + binding


class FileKeyProvider:
    """The key in a file that only its owner can read, made at the first use."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is read or created yet."""
        self.path = path
        self._loaded: _LocalKey | None = None

    def key_id(self) -> str | None:
        """Return the id of the key, or None if there is no file.

        Raises:
            VaultKeyError: If others may read the file, or it holds no key.
        """
        key = self._load()
        return key.id if key else None

    def has(self, key_id: str) -> bool:
        """Return whether it is this key."""
        return self.key_id() == key_id

    def create(self) -> str:
        """Create the file whole or not at all; if another process was first, its key counts.

        Raises:
            VaultKeyError: If the file cannot be written.
        """
        try:
            create_once(self.path, base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        except OSError as error:
            raise VaultKeyError(f"{self.path} cannot be created: {error.strerror}") from None
        return self._present().id

    def wrap(self, data_key: bytes, binding: bytes) -> WrappedKey:
        """Seal an object's key."""
        return self._present().wrap(data_key, binding)

    def unwrap(self, wrapped: WrappedKey, binding: bytes) -> bytes:
        """Open an object's key."""
        return self._present().unwrap(wrapped, binding)

    def _present(self) -> _LocalKey:
        key = self._load()
        if key is None:
            raise VaultKeyError(f"{self.path} is missing", hint="restore it from a backup")
        return key

    def _load(self) -> _LocalKey | None:
        if self._loaded is None:
            text = self._read()
            self._loaded = _LocalKey(_decoded(text, str(self.path))) if text is not None else None
        return self._loaded

    def _read(self) -> bytes | None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultKeyError(f"{self.path} cannot be read: {error.strerror}") from None
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode & 0o777
            if os.name == "posix" and mode & 0o077:
                raise VaultKeyError(
                    f"{self.path} can be read or written by others (mode {mode:04o})",
                    hint="if nobody else has read it: chmod 600, then try again",
                )
            return file.read(_MAX_FILE_BYTES)


class EnvKeyProvider:
    """The key in `SEAWALL_VAULT_KEY`: 32 bytes in base64, for example from a secret store."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        """Read the variable.

        Args:
            env: The environment; default this process's.

        Raises:
            VaultKeyError: If the variable is missing, or holds no key.
        """
        text = (os.environ if env is None else env).get(VARIABLE)
        if text is None:
            raise VaultKeyError(f"{VARIABLE} is not set")
        self._key = _LocalKey(_decoded(text.encode("utf-8", "replace"), VARIABLE))

    def key_id(self) -> str:
        """Return the id of the key."""
        return self._key.id

    def has(self, key_id: str) -> bool:
        """Return whether it is this key."""
        return self.key_id() == key_id

    def create(self) -> str:
        """Return the id of the key, which is there already."""
        return self._key.id

    def wrap(self, data_key: bytes, binding: bytes) -> WrappedKey:
        """Seal an object's key."""
        return self._key.wrap(data_key, binding)

    def unwrap(self, wrapped: WrappedKey, binding: bytes) -> bytes:
        """Open an object's key."""
        return self._key.unwrap(wrapped, binding)


class KeyRing:
    """A key that wraps, and older ones that still unwrap: for the time of a rotation."""

    def __init__(self, current: KeyProvider, *older: KeyProvider) -> None:
        """Name the providers.

        Args:
            current: Wraps.
            *older: Asked for keys that they wrapped.
        """
        self._current = current
        self._all = (current, *older)

    def key_id(self) -> str | None:
        """Return the id of the key that wraps."""
        return self._current.key_id()

    def has(self, key_id: str) -> bool:
        """Return whether one of the providers has the key."""
        return any(one.has(key_id) for one in self._all)

    def create(self) -> str:
        """Create the key that wraps."""
        return self._current.create()

    def wrap(self, data_key: bytes, binding: bytes) -> WrappedKey:
        """Seal an object's key with the current key."""
        return self._current.wrap(data_key, binding)

    def unwrap(self, wrapped: WrappedKey, binding: bytes) -> bytes:
        """Open an object's key with the key that sealed it."""
        holder = next((one for one in self._all if one.has(wrapped.key_id)), self._current)
        return holder.unwrap(wrapped, binding)


def key_provider(settings: Settings, env: Mapping[str, str] | None = None) -> KeyProvider:
    """Return the environment's key if there is one, else that of the file under the state directory.

    Raises:
        VaultKeyError: If the environment's key is not one.
    """
    env = os.environ if env is None else env
    return EnvKeyProvider(env) if env.get(VARIABLE) else FileKeyProvider(settings.home / "keys" / FILE_NAME)


def _decoded(text: bytes, place: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise VaultKeyError(f"{place} does not hold 32 bytes in base64", hint="openssl rand -base64 32 makes a key")
    return key
