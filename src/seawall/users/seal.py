"""The secrets of users at rest: sealed with a key in `HOME/keys`, so that a copy of the database opens none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seawall.errors import SecretUnusable
from seawall.files import installation_secret
from seawall.settings import Settings

SECRET_FILE = "users.key"  # noqa: S105 (the name of a file)
_NONCE = 12


class Seal:
    """Seals, opens and makes keyed digests.

    Args:
        secret: 32 random bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(hmac.digest(secret, b"seawall users: seal", hashlib.sha256))
        self._mac = hmac.digest(secret, b"seawall users: digest", hashlib.sha256)

    @classmethod
    def of(cls, settings: Settings) -> Seal:
        """Return the seal of an installation; the first call creates its key.

        Raises:
            SecretUnusable: If the key cannot be read or made.
        """
        return cls(installation_secret(settings.home / "keys" / SECRET_FILE))

    def close(self, data: bytes, purpose: str) -> str:
        """Return data sealed for a purpose, such as one user's second factor."""
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + self._aead.encrypt(nonce, data, purpose.encode())).decode()

    def open(self, sealed: str, purpose: str) -> bytes:
        """Return what was sealed for this purpose.

        Raises:
            SecretUnusable: If it was not sealed with this key, for this purpose.
        """
        try:
            data = base64.b64decode(sealed, validate=True)
            return self._aead.decrypt(data[:_NONCE], data[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError):
            raise SecretUnusable("a secret of a user was sealed with another key") from None

    def digest(self, *parts: str) -> str:
        """Return a keyed digest, in hex; parts cannot run into each other."""
        mac = hmac.new(self._mac, digestmod=hashlib.sha256)
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            mac.update(len(data).to_bytes(8, "big") + data)
        return mac.hexdigest()
