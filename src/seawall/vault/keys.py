"""Custody of the key that wraps the objects' own keys: a private file, or the environment.

A wrapped key names the key that wrapped it. A lost key is never replaced for objects that it wrapped.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

from seawall.settings import Settings
from seawall.vault._local_key import WrappedKey, decoded
from seawall.vault.errors import VaultKeyError
from seawall.vault.file_keys import FileKeyProvider

VARIABLE = "SEAWALL_VAULT_KEY"
PREVIOUS = "SEAWALL_VAULT_KEY_PREVIOUS"
"""The key that wrapped before; set it for as long as a rotation takes."""
FILE_NAME = "vault.key"


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


class EnvKeyProvider:
    """The key in `SEAWALL_VAULT_KEY`: 32 bytes in base64, for example from a secret store."""

    def __init__(self, env: Mapping[str, str] | None = None, variable: str = VARIABLE) -> None:
        """Read the variable.

        Args:
            env: The environment; default this process's.
            variable: Its name.

        Raises:
            VaultKeyError: If the variable is missing, or holds no key.
        """
        text = (os.environ if env is None else env).get(variable)
        if text is None:
            raise VaultKeyError(f"{variable} is not set")
        self._key = decoded(text.encode("utf-8", "replace"), variable)

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
    """Return the environment's key if there is one, with the one before it, else that of the file under the home.

    Raises:
        VaultKeyError: If the environment's key is not one.
    """
    env = os.environ if env is None else env
    if not env.get(VARIABLE):
        return FileKeyProvider(settings.home / "keys" / FILE_NAME)
    current = EnvKeyProvider(env)
    return KeyRing(current, EnvKeyProvider(env, PREVIOUS)) if env.get(PREVIOUS) else current
