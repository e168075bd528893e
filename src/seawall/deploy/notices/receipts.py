"""Receipts: 125 random bits, easy to write down. seawall keeps only a digest, so nobody can be shown it again."""

from __future__ import annotations

import hashlib
import hmac
import re

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS = 125
_GROUP = 5
_SHAPE = re.compile(rf"[{_LETTERS}]{{25}}")
_READ = str.maketrans({"O": "0", "I": "1", "L": "1"})


def derive_receipt(secret: bytes, *what: str) -> str:
    """Return the receipt of what a sender handed in: the same again gives the same.

    Args:
        secret: The installation's.
        what: Who, under which id, and the digest of all that was said.
    """
    number = int.from_bytes(hmac.digest(secret, "\0".join(what).encode("utf-8", "surrogatepass"), "sha256"))
    number >>= 256 - _BITS
    letters = "".join(_LETTERS[(number >> shift) & 31] for shift in range(_BITS - 5, -1, -5))
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def read_receipt(text: str) -> str | None:
    """Return a receipt as a person typed it; None if it cannot be one."""
    if len(text) > 100:
        return None
    letters = re.sub(r"[\s-]", "", text).upper().translate(_READ)
    if not _SHAPE.fullmatch(letters):
        return None
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def receipt_digest(receipt: str) -> str:
    """Return what is kept of a receipt."""
    return hashlib.sha256(f"seawall-receipt\0{receipt}".encode()).hexdigest()
