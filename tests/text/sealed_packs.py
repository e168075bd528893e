"""A pack of nonsense words, and a signer and keys to seal it with."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from seawall.ledger.signatures import signed_text
from seawall.text.packs import (
    Pack,
    Term,
)

TERMS = (
    Term("csem.grooming", "zorblax", "en", 0.75),
    Term("adult_sexual", "vexnog plim", whole_word=True),
    Term("own.words", "línea", exact=True),
    Term("own.words", "灯笼", "zh"),
)
PACK = Pack("our-words", "3", "trust and safety", date(2026, 6, 30), TERMS)


class Signer:
    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, context: str, data: bytes) -> bytes:
        return self._key.sign(signed_text(context, data))

    def pem(self, path: Path) -> Path:
        path.write_bytes(self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return path


class Keys:
    def __init__(self, key: bytes = b"k" * 32) -> None:
        self.key = key

    def own(self) -> bytes:
        return self.key

    def find(self, key_id: str) -> bytes | None:
        from seawall.text.packs import key_id_of

        return self.key if key_id_of(self.key) == key_id else None


SIGNER, KEYS = Signer(), Keys()
