"""What an API key is: `sw_ID_SECRET`. The id may be shown; the secret is printed once and stored nowhere."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from seawall.errors import SeawallError, UsageError

PREFIX = "sw"
_TOKEN = re.compile(r"sw_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Scope(StrEnum):
    """What a key may be used for. `admin` stands for all of them."""

    CHECK = "check"
    """Ask for checks, and read decisions."""
    HMA = "hma"
    """Look hashes and pictures up."""
    EVIDENCE = "evidence"
    """Bring the bytes of items that were notified."""
    NOTICES = "notices"
    """Send notices as a trusted flagger."""
    GATEWAY = "gateway"
    """Use a model through the gateway."""
    EFFECTS = "effects"
    """Acknowledge effects."""
    METRICS = "metrics"
    """Read metrics."""
    ADMIN = "admin"


class KeyProblem(SeawallError):
    """The API key cannot be made or changed."""

    code = "api_key"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, without its secret.

    Attributes:
        id: Visible part of the key, 12 hex digits.
        name: Who holds it, as the operator calls them. While a key is rotated, two have the same name.
        scopes: What it may be used for.
        created_at: When it was made, RFC 3339 in UTC.
        expires_at: From when on it is not accepted; None for never.
        revoked_at: When it was revoked.
        used_on: The last day on which it was used, for a person to see which keys are idle.
        digest: Keyed digest of the whole key.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
    used_on: str | None = None
    digest: str = field(default="", repr=False)

    def allows(self, scope: Scope) -> bool:
        """Whether it may be used for something."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def valid(self, now: str) -> bool:
        """Whether it is accepted at a moment, RFC 3339 in UTC."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def state(self, now: str) -> str:
        """Return `valid`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if self.valid(now) else "expired"

    def to_dict(self) -> dict[str, Any]:
        """Return what may be shown."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "revoked_at": self.revoked_at,
            "used_on": self.used_on,
        }


def new_token() -> tuple[str, str]:
    """Return the id of a new key, and the key."""
    key_id = secrets.token_hex(6)
    return key_id, f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"


def id_of(token: str) -> str | None:
    """Return the id in a key; None if it is not in the form of one."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found else None


def checked_name(name: str) -> str:
    """Return the name of a key.

    Raises:
        UsageError: If it cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise UsageError("a key's name has 1 to 64 letters, digits, '.', '_' or '-', and starts with a letter or digit")
    return name


def checked_scopes(names: list[str]) -> frozenset[Scope]:
    """Return scopes by name.

    Raises:
        UsageError: If there is no such scope.
    """
    try:
        return frozenset(Scope(name) for name in names)
    except ValueError:
        raise UsageError("unknown scope", hint="known: " + ", ".join(Scope)) from None
