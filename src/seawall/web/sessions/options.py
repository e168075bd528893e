"""How people reach this server and how long they stay signed in: `SEAWALL_BASE_URL` and a few spans.

Cookies are `__Host-` cookies of https. Without a base URL the server is for this machine alone, and they have plain
names, since browsers take no `__Host-` cookie over http.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from seawall.errors import UsageError

BASE_URL = "SEAWALL_BASE_URL"


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How people sign in.

    Attributes:
        base_url: Where people reach this server, such as `https://review.example.org`; None for this machine alone.
        idle: After how long without a request a session ends.
        absolute: After how long it ends in any case.
        factor: How long a one-time code may take.
        home: Where to after signing in.
    """

    base_url: str | None = None
    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)
    factor: timedelta = timedelta(minutes=10)
    home: str = "/account"

    def __post_init__(self) -> None:
        if self.base_url is not None and self.base_url != f"https://{urlsplit(self.base_url).netloc}":
            raise UsageError(
                f"{BASE_URL} is https:// and a host, without a path", hint="for this machine alone, leave it out"
            )

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> SessionOptions:
        """Read the options from the environment (default: this process's).

        Raises:
            UsageError: If the base URL is not https, or has a path.
        """
        env = os.environ if env is None else env
        return cls((env.get(BASE_URL) or "").rstrip("/") or None)

    @property
    def secure(self) -> bool:
        """Whether cookies are for https alone."""
        return self.base_url is not None
