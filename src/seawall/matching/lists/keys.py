"""The secret that protects what a list says about its entries: labels, and the sources' own identifiers.

One random secret a home; each use derives its own key, so that no two uses share one.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from seawall.errors import IndexCorrupt
from seawall.files import create_once
from seawall.matching.lists.storage import private_directory

SECRET_BYTES = 32
DIGEST_BYTES = 16


class KeyProvider(Protocol):
    """Gives the secret of a home."""

    def secret(self) -> bytes:
        """Return the same 32 random bytes every time."""
        ...


@dataclass(frozen=True, slots=True)
class FileKey:
    """A secret kept in a private file, created at first use.

    Attributes:
        path: The file, `HOME/keys/labels.key` by default.
    """

    path: Path

    def secret(self) -> bytes:
        """Return the secret.

        Raises:
            IndexCorrupt: If the file is not a key.
        """
        if not self.path.exists():
            private_directory(self.path.parent)
            create_once(self.path, secrets.token_bytes(SECRET_BYTES))
        data = self.path.read_bytes()
        if len(data) != SECRET_BYTES:
            raise IndexCorrupt(f"{self.path.name} is not a key file", hint="restore it from a backup")
        return data


@dataclass(frozen=True, slots=True)
class FixedKey:
    """A secret given by the caller."""

    value: bytes

    def secret(self) -> bytes:
        """Return the secret."""
        return self.value


def derived(provider: KeyProvider, use: bytes, list_id: str) -> bytes:
    """Return the 32-byte key of one use in one list."""
    return hashlib.blake2b(list_id.encode(), key=provider.secret(), person=use, digest_size=32).digest()


def key_digest(key: bytes, identity: str) -> bytes:
    """Return the keyed digest under which an external identifier is stored."""
    return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), key=key, digest_size=DIGEST_BYTES).digest()
