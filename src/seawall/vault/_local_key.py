"""A wrapping key in this process's memory: it seals and opens the keys of objects, and is never shown."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seawall.vault.errors import VaultKeyError

KEY_BYTES = 32
_NONCE_BYTES = 12
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


class LocalKey:
    """Thirty-two bytes in memory. It has no `repr` that shows them."""

    __slots__ = ("_cipher", "id")

    def __init__(self, key: bytes) -> None:
        self.id = hashlib.sha256(_ID_CONTEXT + key).hexdigest()[:16]
        self._cipher = AESGCM(key)

    def wrap(self, data_key: bytes, binding: bytes) -> WrappedKey:
        """Seal an object's key."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return WrappedKey(self.id, nonce + self._cipher.encrypt(nonce, data_key, self._context(binding)))

    def unwrap(self, wrapped: WrappedKey, binding: bytes) -> bytes:
        """Open an object's key.

        Raises:
            VaultKeyError: If another key sealed it, or it is not authentic.
        """
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


def decoded(text: bytes, place: str) -> LocalKey:
    """Return the key that a text in base64 holds.

    Args:
        text: From a file or the environment.
        place: What errors call it.

    Raises:
        VaultKeyError: If it holds none.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultKeyError(f"{place} does not hold 32 bytes in base64", hint="openssl rand -base64 32 makes a key")
    return LocalKey(key)
