"""Custody of the signing key: one PKCS8 PEM file, created once, readable by its owner alone.

A key is never replaced: whoever loses it cannot sign this ledger again, and is told so.
"""

import os
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from seawall.files import create_once
from seawall.ledger.errors import KeyFileError
from seawall.ledger.notes import PublicKey

FILE_NAME = "ledger-ed25519.pem"
_MAX_BYTES = 4096


class KeyProvider(Protocol):
    """Where the signing key is kept."""

    def load(self) -> Ed25519PrivateKey | None:
        """Return the key, or None if none was ever created here."""

    def create(self) -> Ed25519PrivateKey:
        """Create the key, or return the one that another process created first."""


class KeyFile:
    """The key in a file under the state directory."""

    def __init__(self, directory: Path) -> None:
        """Name the file; nothing is read or created yet.

        Args:
            directory: Holds the file; created 0700 when the key is.
        """
        self.path = directory / FILE_NAME

    def load(self) -> Ed25519PrivateKey | None:
        """Return the key, or None if there is no file.

        Raises:
            KeyFileError: If others may read the file, or it holds no Ed25519 key.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be read: {error.strerror}") from None
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode & 0o777
            if os.name == "posix" and mode & 0o077:
                raise KeyFileError(
                    f"{self.path} can be read or written by others (mode {mode:04o})",
                    hint="if nobody else has read it: chmod 600, then try again",
                )
            data = file.read(_MAX_BYTES)
        try:
            key = load_pem_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyFileError(f"{self.path} is not a private key", hint="restore it from a backup") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileError(f"{self.path} is not an Ed25519 key", hint="restore it from a backup")
        return key

    def create(self) -> Ed25519PrivateKey:
        """Create the file whole or not at all; if another process was first, its key counts.

        Raises:
            KeyFileError: If the file cannot be written.
        """
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            create_once(self.path, pem)
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be created: {error.strerror}") from None
        key = self.load()
        if key is None:
            raise KeyFileError(f"{self.path} disappeared while it was created")
        return key


def public_key(key: Ed25519PrivateKey) -> PublicKey:
    """Return the public half."""
    return PublicKey(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
