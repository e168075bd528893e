"""Signatures of the ledger's key over other things than the tree: attestations, manifests.

What is signed is a line that names the context and the SHA-256 of the data. It can never be read as a checkpoint, nor a
signature for one context be used for another.
"""

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from seawall.ledger.errors import VerificationFailed
from seawall.ledger.notes import PublicKey


def signed_text(context: str, data: bytes) -> bytes:
    """Return the text that is signed for some data."""
    return f"seawall/signed/{context}\n{sha256(data).hexdigest()}\n".encode()


def verify_signature(key: PublicKey, context: str, data: bytes, signature: bytes) -> None:
    """Check a signature that `Ledger.sign` made.

    Raises:
        VerificationFailed: If it is not this key's, for this context and data.
    """
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, signed_text(context, data))
    except InvalidSignature:
        raise VerificationFailed("the signature is not this key's, or what it signs was changed") from None
