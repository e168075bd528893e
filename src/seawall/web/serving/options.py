"""How a server is run, in plain values that can be handed to worker processes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from seawall.errors import UsageError

MAX_WORKERS = 64
API, PUBLIC, CONSOLE = "api", "public", "console"
SURFACES = (API, PUBLIC, CONSOLE)
"""What can be served: what programs ask, the pages for everybody, the pages of people who have signed in."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Options of a server.

    Attributes:
        host: Address to listen on.
        port: Port; 0 for any that is free.
        workers: Processes that answer.
        detectors: Ids of detectors; empty for the default of the guard, `canary` alone for a rehearsal.
        policy: File of the guard policy; None for the active one.
        surfaces: What is served.
        named: Whether it was asked for by name: then a part that cannot be served is an error.
        hma_no_auth: Whether HMA-compatible reads need no key; on loopback alone.
        drain: Seconds that requests under way may still take when the server stops.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    workers: int = 1
    detectors: tuple[str, ...] = ()
    policy: Path | None = None
    surfaces: frozenset[str] = frozenset(SURFACES)
    named: bool = False
    hma_no_auth: bool = False
    drain: int = 30

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise UsageError("a port is a number from 0 to 65535")
        if not 1 <= self.workers <= MAX_WORKERS:
            raise UsageError(f"a server has 1 to {MAX_WORKERS} workers")
        if not 0 <= self.drain <= 3600:
            raise UsageError("the drain time is 0 to 3600 seconds")
        if self.hma_no_auth and not self.loopback:
            raise UsageError("--hma-no-auth needs a loopback host", hint="use --host 127.0.0.1, or keys of scope hma")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


def surfaces_of(names: str | None) -> frozenset[str]:
    """Return what is to be served.

    Args:
        names: Separated by commas; None for everything there is.

    Raises:
        UsageError: If one is not known.
    """
    if names is None:
        return frozenset(SURFACES)
    found = frozenset(name.strip() for name in names.split(",") if name.strip())
    if not found or found - set(SURFACES):
        raise UsageError("unknown surface", hint="known: " + ", ".join(SURFACES))
    return found
