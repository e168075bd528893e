"""How a server is run, in plain values that can be handed to worker processes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from seawall.errors import UsageError

MAX_WORKERS = 64
SURFACES = ("api",)
"""What can be served. The public form and the console are surfaces of their own."""

_LATER = ("public", "console")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Options of a server.

    Attributes:
        host: Address to listen on.
        port: Port; 0 for any that is free.
        workers: Processes that answer.
        detectors: Ids of detectors; empty for the default of the guard, `canary` alone for a rehearsal.
        policy: File of the guard policy; None for the active one.
        hma_no_auth: Whether HMA-compatible reads need no key; on loopback alone.
        drain: Seconds that requests under way may still take when the server stops.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    workers: int = 1
    detectors: tuple[str, ...] = ()
    policy: Path | None = None
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


def check_surfaces(names: str | None) -> None:
    """Refuse to serve what there is not.

    Args:
        names: Separated by commas; None for everything there is.

    Raises:
        UsageError: If one cannot be served.
    """
    for name in (names or "api").split(","):
        if name in _LATER:
            raise UsageError(f"{name!r} cannot be served yet", hint="serve --only api")
        if name not in SURFACES:
            raise UsageError("unknown surface", hint="known: " + ", ".join((*SURFACES, *_LATER)))
