"""The file of a sealed pack: signed by its owner's key, then encrypted.

    magic (16) · key id (8) · nonce (12) · AES-256-GCM of [ public key (32) · signature (64) · payload ]

The payload is JSON. The signature is the one that the ledger's key gives for the context `pack`, so that one published
key verifies both; the magic and the key id are authenticated with the rest. Nothing of a pack is believed before its
signature is, and an expired pack does not open.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seawall.text._forms import forms
from seawall.text.errors import PackExpired, PackFormat, PackRefused, PackUntrusted
from seawall.text.packs.blind import DIGEST_BYTES, blinded
from seawall.text.packs.keys import KEY_BYTES, KeyProvider, key_id_of
from seawall.text.packs.pack import MOST_TERMS, Blind, BlindTerm, Pack, Term

CONTEXT = "pack"
"""What the ledger's key signs packs as."""

LARGEST_SEALED = 128 << 20
"""Most bytes of a sealed pack."""

_MAGIC = b"seawall pack 01\n"
_ID, _NONCE, _PUBLIC, _SIGNATURE = 8, 12, 32, 64
_HEADER = len(_MAGIC) + _ID
_FORMAT = 1
_SALT_BYTES = 16
_MOST_VIEWS = 3


class Signer(Protocol):
    """Signs packs: the ledger's key."""

    @property
    def public_key(self) -> bytes:
        """Its public half, 32 bytes."""
        ...

    def sign(self, context: str, data: bytes) -> bytes:
        """Return a signature over data for a context."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A pack that was opened.

    Attributes:
        pack: The pack.
        signer: Public key that signed it.
        sha256: Digest of the file, hexadecimal.
    """

    pack: Pack
    signer: bytes
    sha256: str


def seal(pack: Pack, signer: Signer, key: bytes, *, blind: bool = False) -> bytes:
    """Return the file of a pack.

    Args:
        pack: The pack, with its terms.
        signer: Signs it.
        key: Encrypts it.
        blind: Put keyed digests in place of the terms.

    Raises:
        PackFormat: If a term cannot be looked for or cannot be blinded, or the file would be too large.
    """
    if pack.expires is None:
        raise PackFormat("a pack says the day that it expires on")
    for number, term in enumerate(pack.terms, 1):
        if not forms(term.text, exact=term.exact):
            raise PackFormat(f"term {number}: nothing of it can be looked for")
    fields: dict[str, Any] = {
        "format": _FORMAT,
        "name": pack.name,
        "version": pack.version,
        "owner": pack.owner,
        "expires": pack.expires.isoformat(),
    }
    if blind:
        salt = os.urandom(_SALT_BYTES)
        grams = blinded(pack.terms, _derived(key, b"blind", salt))
        fields["salt"] = salt.hex()
        fields["terms"] = [[term.category, term.language, term.weight] for term in pack.terms]
        fields["grams"] = {
            digest.hex(): [[term.number, views] for term, views in grams[digest]] for digest in sorted(grams)
        }
    else:
        fields["terms"] = [
            [term.category, term.language, term.weight, term.whole_word, term.exact, term.not_after, term.text]
            for term in pack.terms
        ]
    payload = json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()
    header = _MAGIC + bytes.fromhex(key_id_of(key))
    nonce = os.urandom(_NONCE)
    plain = signer.public_key + signer.sign(CONTEXT, payload) + payload
    data = header + nonce + AESGCM(_derived(key, b"encryption")).encrypt(nonce, plain, header)
    if len(data) > LARGEST_SEALED:
        raise PackFormat("the sealed pack would be too large")
    return data


def open_sealed(data: bytes, keys: KeyProvider, trusted: Collection[bytes], *, today: date) -> Opened:
    """Decrypt and verify a pack.

    Args:
        data: The file.
        keys: Where its key may be.
        trusted: Public keys that may have signed it.
        today: The day, for its expiry.

    Raises:
        PackFormat: If it is not a sealed pack.
        PackRefused: If its key is not here, or it was changed.
        PackUntrusted: If it is signed by another key.
        PackExpired: If it has expired.
    """
    if len(data) > LARGEST_SEALED or not data.startswith(_MAGIC) or len(data) <= _HEADER + _NONCE:
        raise PackFormat("not a sealed pack")
    key = keys.find(data[len(_MAGIC) : _HEADER].hex())
    if key is None:
        raise PackRefused("the pack is sealed with a key that is not here", hint="--key FILE, from its owner")
    nonce = data[_HEADER : _HEADER + _NONCE]
    try:
        plain = AESGCM(_derived(key, b"encryption")).decrypt(nonce, data[_HEADER + _NONCE :], data[:_HEADER])
    except InvalidTag:
        raise PackRefused("the pack was changed or cut after it was sealed") from None
    public, signature = plain[:_PUBLIC], plain[_PUBLIC : _PUBLIC + _SIGNATURE]
    payload = plain[_PUBLIC + _SIGNATURE :]
    if public not in trusted:
        raise PackUntrusted("the pack is signed by a key that this home does not trust")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed_text(payload))
    except (InvalidSignature, ValueError):
        raise PackRefused("the signature of the pack is not its signer's") from None
    try:
        pack = _pack(json.loads(payload), key)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise PackFormat("not a pack that this version of seawall can read") from None
    if pack.expires is None or today > pack.expires:
        raise PackExpired(f"the pack {pack.name} expired on {pack.expires}")
    return Opened(pack, public, hashlib.sha256(data).hexdigest())


def _signed_text(payload: bytes) -> bytes:
    """Return what `seawall.ledger.signatures` signs, which a worker need not load a database for."""
    return f"seawall/signed/{CONTEXT}\n{hashlib.sha256(payload).hexdigest()}\n".encode()


def _derived(key: bytes, use: bytes, salt: bytes = b"") -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt, b"seawall/packs/1/" + use).derive(key)


def _pack(fields: dict[str, Any], key: bytes) -> Pack:
    if fields["format"] != _FORMAT or len(fields["terms"]) > MOST_TERMS:
        raise ValueError
    expires = date.fromisoformat(fields["expires"])
    common = (str(fields["name"]), str(fields["version"]), str(fields["owner"]), expires)
    if "grams" not in fields:
        rows = fields["terms"]
        terms = tuple(
            Term(category, text, language, weight, whole, exact, tuple(not_after))
            for category, language, weight, whole, exact, not_after, text in rows
        )
        return Pack(*common, terms)
    blind = [BlindTerm(number, *row) for number, row in enumerate(fields["terms"])]
    grams: dict[bytes, tuple[tuple[BlindTerm, int], ...]] = {}
    for digest, owners in fields["grams"].items():
        raw = bytes.fromhex(digest)
        if len(raw) != DIGEST_BYTES or not all(0 < views <= _MOST_VIEWS for _, views in owners):
            raise ValueError
        grams[raw] = tuple((blind[number], views) for number, views in owners)
    return Pack(*common, (), Blind(_derived(key, b"blind", bytes.fromhex(fields["salt"])), grams))
