"""Receipts of statements: 125 bits that follow from the installation's secret and the decision; a digest is kept.

An account gets its receipt with the statement, and appeals with it. It has the form of the receipts of notices.
"""

from __future__ import annotations

import hashlib
import hmac
import re

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 25
_GROUP = 5
_BITS = 5
_SHAPE = re.compile(rf"[{_LETTERS}]{{{_LENGTH}}}")
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def receipt_of(secret: bytes, decision_id: str) -> str:
    """Return the receipt of the account that a decision is about: always the same one."""
    number = int.from_bytes(hmac.digest(secret, f"statement\0{decision_id}".encode(), "sha256"))
    return _grouped("".join(_LETTERS[number >> (place * _BITS) & 31] for place in range(_LENGTH)))


def read_receipt(text: str) -> str | None:
    """Return a receipt as a person typed it; None if it cannot be one."""
    if len(text) > 4 * _LENGTH:
        return None
    letters = re.sub(r"[\s-]", "", text).upper().translate(_MISREAD)
    return _grouped(letters) if _SHAPE.fullmatch(letters) else None


def digest_of(receipt: str) -> str:
    """Return what is kept of a receipt."""
    return hashlib.sha256(f"seawall-statement\0{receipt}".encode()).hexdigest()


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
