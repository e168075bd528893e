"""One-time codes (RFC 6238, six digits, 30 seconds, as every authenticator has them), and recovery codes."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP_SECONDS = 30
RECOVERY_CODES = 10
_DIGITS = 6
_SECRET_BYTES = 20
_DRIFT = 1
_CODE = re.compile(r"[0-9]{6}", re.ASCII)
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 4, 5
_RECOVERY = re.compile(rf"[{_ALPHABET}]{{{_GROUPS * _GROUP}}}")


def new_secret() -> bytes:
    """Return a secret for one-time codes."""
    return secrets.token_bytes(_SECRET_BYTES)


def shown_secret(secret: bytes) -> str:
    """Return a secret as authenticators take it by hand."""
    return base64.b32encode(secret).decode().rstrip("=")


def setup_uri(secret: bytes, name: str, service: str = "seawall") -> str:
    """Return a secret as authenticators take it by link or picture."""
    label = quote(f"{service}:{name}", safe="")
    return f"otpauth://totp/{label}?secret={shown_secret(secret)}&issuer={quote(service, safe='')}"


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step of 30 seconds since 1970."""
    digest = SHA1()  # noqa: S303 (authenticators know no other; the weakness of SHA-1 is none of HMAC)
    return HOTP(secret, _DIGITS, digest).generate(step).decode()


def step_at(moment: datetime) -> int:
    """Return the step of a moment."""
    return int(moment.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, code: str, now: datetime, *, after: int) -> int | None:
    """Return the step that a code belongs to; None if it is no code of now.

    Args:
        secret: Of the user.
        code: As it was typed.
        now: The moment; a clock may be half a minute off.
        after: The last step that was used: it and those before it count no more.
    """
    typed = "".join(code.split())
    if not _CODE.fullmatch(typed):
        return None
    here = step_at(now)
    found = None
    for step in range(here - _DRIFT, here + _DRIFT + 1):
        if step > after and hmac.compare_digest(code_at(secret, step), typed) and found is None:
            found = step
    return found


def new_recovery_codes() -> tuple[str, ...]:
    """Return codes that each stand in for the authenticator once."""
    return tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(RECOVERY_CODES)
    )


def plain_recovery_code(typed: str) -> str | None:
    """Return a recovery code as it is digested; None if it is not in the form of one."""
    plain = re.sub(r"[\s-]", "", typed[:64]).upper()
    return plain if _RECOVERY.fullmatch(plain) else None
