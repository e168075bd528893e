"""Environments of NCMEC's API: `disabled`, which calls nobody, `test`, and `production`; nothing of one is in another.

The authority's own hosts are reached in their own environment alone; instead of the test environment, an operator may
name a server on this machine, such as the test kit. Where `SEAWALL_AUTHORITIES` is `loopback`, as in seawall's own
tests, nothing but this machine can be named.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from seawall.errors import SeawallError

CONFINED = "SEAWALL_AUTHORITIES"
LOOPBACK = "loopback"


class EnvironmentName(StrEnum):
    """Which environment."""

    DISABLED = "disabled"
    TEST = "test"
    PRODUCTION = "production"


class EnvironmentRefused(SeawallError):
    """An environment cannot be used as it is set."""

    code = "environment"


_BASES = {
    EnvironmentName.TEST: "https://exttest.cybertip.org/ispws",
    EnvironmentName.PRODUCTION: "https://report.cybertip.org/ispws",
}


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment, and where it is; made by `environment`.

    Attributes:
        name: Which.
        base_url: Of its API, without a slash at the end; empty if it is disabled.
        hosts: The hosts that may be reached for it.
    """

    name: EnvironmentName
    base_url: str
    hosts: frozenset[str]


DISABLED = Environment(EnvironmentName.DISABLED, "", frozenset())


def environment(name: EnvironmentName, base_url: str | None = None, *, production_allowed: bool = False) -> Environment:
    """Return an environment.

    Args:
        name: Which.
        base_url: A server on this machine in its place; for tests and drills.
        production_allowed: Whether two people have switched production on, on record.

    Raises:
        EnvironmentRefused: If production is not switched on, or the address is not one of this machine.
    """
    if name is EnvironmentName.DISABLED:
        return DISABLED
    if base_url is None:
        if os.environ.get(CONFINED) == LOOPBACK:
            raise EnvironmentRefused(f"{CONFINED} is {LOOPBACK}: no authority is called")
        if name is EnvironmentName.PRODUCTION and not production_allowed:
            raise EnvironmentRefused("production is not switched on", hint="two people do that, after a test run")
        base_url = _BASES[name]
        return Environment(name, base_url, frozenset({str(urlsplit(base_url).hostname)}))
    parts = urlsplit(base_url)
    if parts.scheme != "http" or not _is_here(parts.hostname) or parts.query or parts.username:
        raise EnvironmentRefused(
            "instead of the authority, only a server on this machine is called", hint="http://127.0.0.1:PORT/ispws"
        )
    host = str(parts.hostname)
    return Environment(name, base_url.rstrip("/"), frozenset({host if parts.port is None else f"{host}:{parts.port}"}))


def _is_here(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
