"""Signatures on what seawall tells a host: who sent it, when, and that nothing was changed. Hosts verify with this too.

The signed text is `t.id.body`: the moment, the event's id and the bytes as they were sent. A header that is too old
or too new is refused; within that window, a repeated id says that the event was seen.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from seawall.errors import SeawallError

SIGNATURE = "Seawall-Signature"
EVENT = "Seawall-Event"
TOLERANCE = 300

_MOST = 1024
_HEADER = re.compile(r"t=([0-9]{1,15})((?:,v1=[0-9a-f]{64}){1,4})")
_ID = re.compile(r"[0-9a-f]{32}")


class SignatureInvalid(SeawallError):
    """The signature is not one of this sender's, or not of now."""

    code = "signature"


@dataclass(frozen=True, slots=True)
class Verified:
    """A message that is genuine.

    Attributes:
        id: Its event id, the same at every delivery.
        at: When it was sent, in seconds since 1970.
        repeated: Whether it was seen before: answer with success, and do nothing again.
    """

    id: str
    at: int
    repeated: bool


def sign(secrets: Sequence[bytes], event: str, body: bytes, now: int) -> dict[str, str]:
    """Return the headers of a message, signed with every secret: two while one replaces the other."""
    values = ",".join(f"v1={_mac(secret, now, event, body)}" for secret in secrets)
    return {SIGNATURE: f"t={now},{values}", EVENT: event}


def verify_signature(
    headers: Mapping[str, str],
    body: bytes,
    secret: bytes | Sequence[bytes],
    now: float,
    tolerance: int = TOLERANCE,
    seen: Container[str] = (),
) -> Verified:
    """Verify what a host received.

    Args:
        headers: As received; names in any case.
        body: The bytes as received, before any parsing.
        secret: The shared secret, or several while it is rotated.
        now: Seconds since 1970.
        tolerance: How many seconds a message may be older or newer.
        seen: Ids of events that were applied before. Put an id there in the transaction that applies its event.

    Raises:
        SignatureInvalid: If it is not genuine, or not of now.
    """
    known = {name.lower(): value for name, value in headers.items()}
    header, event = known.get(SIGNATURE.lower(), ""), known.get(EVENT.lower(), "")
    found = _HEADER.fullmatch(header) if len(header) <= _MOST else None
    if found is None or not _ID.fullmatch(event):
        raise SignatureInvalid(f"{SIGNATURE} or {EVENT} is missing or malformed")
    at = int(found[1])
    given = [part.removeprefix("v1=") for part in found[2].split(",") if part]
    secrets = [secret] if isinstance(secret, bytes) else list(secret)
    matches = [hmac.compare_digest(_mac(each, at, event, body), value) for each in secrets for value in given]
    if not any(matches):
        raise SignatureInvalid("the signature was not made with this secret, or the message was changed")
    if abs(now - at) > tolerance:
        raise SignatureInvalid("the message is too old or too new", hint="check both clocks")
    return Verified(event, at, event in seen)


def _mac(secret: bytes, at: int, event: str, body: bytes) -> str:
    return hmac.new(secret, f"{at}.{event}.".encode() + body, hashlib.sha256).hexdigest()
