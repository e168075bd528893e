"""The keys that packs are encrypted with, and the public keys whose signatures count.

A pack names the key that it was sealed with. A home has one of its own, made at the first use, and may keep keys that
came with packs of others. Whoever may write to the home's key directory decides whom this home trusts.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from seawall.files import create_once, write_whole
from seawall.settings import PRIVATE_DIR
from seawall.text.errors import PackKeyError, PackUntrusted

VARIABLE = "SEAWALL_PACKS_KEY"
"""The home's own key, 64 hexadecimal digits, instead of the file."""

KEY_BYTES = 32
_ID_CONTEXT = b"seawall/packs/key-id/1\0"
_MAX_FILE_BYTES = 4096
_OTHERS_CAN_USE = 0o077


class KeyProvider(Protocol):
    """Where the keys of packs are kept."""

    def own(self) -> bytes:
        """Return the home's own key, 32 bytes; the first call makes it."""
        ...

    def find(self, key_id: str) -> bytes | None:
        """Return the key with this id, or None if it is not here."""
        ...


class HomeKeys:
    """Keys in private files under `HOME/keys`; the environment may hold the home's own."""

    def __init__(self, home: Path, env: Mapping[str, str] | None = None) -> None:
        """Name the place; nothing is read or made yet."""
        self._folder = home / "keys"
        self._env = os.environ if env is None else env

    def own(self) -> bytes:
        """Return the home's own key; the first call makes it.

        Raises:
            PackKeyError: If the variable or the file holds no key, or others may read the file.
        """
        key = self._own()
        if key is not None:
            return key
        create_once(self._folder / "packs.key", secrets.token_bytes(KEY_BYTES).hex().encode() + b"\n")
        key = self._own()
        if key is None:
            raise PackKeyError("keys/packs.key disappeared while it was made")
        return key

    def find(self, key_id: str) -> bytes | None:
        """Return the key with this id, or None.

        Raises:
            PackKeyError: If a key file holds no key, or others may read it.
        """
        for key in (self._own(), self._kept(key_id)):
            if key is not None and key_id_of(key) == key_id:
                return key
        return None

    def keep(self, key: bytes) -> None:
        """Keep a key that came with a pack."""
        folder = self._folder / "packs"
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
        write_whole(folder / f"{key_id_of(key)}.key", key.hex().encode() + b"\n")

    def _own(self) -> bytes | None:
        text = self._env.get(VARIABLE)
        return _key(text, VARIABLE) if text else read_key(self._folder / "packs.key")

    def _kept(self, key_id: str) -> bytes | None:
        return read_key(self._folder / "packs" / f"{key_id}.key")


class BesideHome:
    """The keys of a home, and one more."""

    def __init__(self, home: KeyProvider, key: bytes) -> None:
        """Take both."""
        self._home = home
        self._key = key

    def own(self) -> bytes:
        """Return the home's own key."""
        return self._home.own()

    def find(self, key_id: str) -> bytes | None:
        """Return the key with this id, or None."""
        return self._key if key_id_of(self._key) == key_id else self._home.find(key_id)


def key_id_of(key: bytes) -> str:
    """Return the name of a key: 16 hexadecimal digits that say nothing about it."""
    return hashlib.sha256(_ID_CONTEXT + key).hexdigest()[:16]


def read_key(path: Path) -> bytes | None:
    """Return the key in a file, or None if there is no file.

    Raises:
        PackKeyError: If it holds no key, or others may read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PackKeyError(f"{path.name} cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        if os.name == "posix" and os.fstat(descriptor).st_mode & _OTHERS_CAN_USE:
            raise PackKeyError(f"{path.name} can be read by others", hint="chmod 600, if nobody else has read it")
        try:
            data = file.read(_MAX_FILE_BYTES)
        except OSError as error:
            raise PackKeyError(f"{path.name} cannot be read: {error.strerror}") from None
    return _key(data.decode("ascii", "replace"), path.name)


def _key(text: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise PackKeyError(f"{name} does not hold a key", hint=f"{2 * KEY_BYTES} hexadecimal digits")
    return key


class TrustedKeys:
    """Public keys whose signatures count in this home: files under `HOME/keys/packs-trusted`."""

    def __init__(self, home: Path) -> None:
        """Name the place; nothing is read yet."""
        self._folder = home / "keys" / "packs-trusted"

    def trust(self, public_key: bytes) -> None:
        """Trust a key from now on."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
        pem = Ed25519PublicKey.from_public_bytes(public_key).public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        write_whole(self._folder / f"{hashlib.sha256(public_key).hexdigest()[:16]}.pem", pem)

    def all(self) -> frozenset[bytes]:
        """Return the keys.

        Raises:
            PackUntrusted: If a file there is no public key.
        """
        return frozenset(read_public_key(path) for path in sorted(self._folder.glob("*.pem")))


def read_public_key(path: Path) -> bytes:
    """Return the Ed25519 public key in a PEM file, 32 bytes.

    Raises:
        PackUntrusted: If it is anything else.
    """
    try:
        with path.open("rb") as file:
            key = load_pem_public_key(file.read(_MAX_FILE_BYTES))
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise PackUntrusted(f"{path} is not an Ed25519 public key in PEM", hint="'seawall ledger key' prints one")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
