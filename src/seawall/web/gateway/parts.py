"""What a gateway is made of, given from outside, so that tests can stand in for any of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from seawall.deploy.gateway.fetch import SafeFetcher
from seawall.deploy.guard.contract import Checks
from seawall.deploy.guard.media.spool import MediaBudget
from seawall.errors import UsageError
from seawall.web.body import Limits
from seawall.web.gateway.jobs import Jobs
from seawall.web.gateway.outputs import Outputs
from seawall.web.gateway.upstream import Upstream
from seawall.web.instruments import Instruments
from seawall.web.parts import Probe, Verifier

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """How a gateway is run.

    Attributes:
        upstream: Address of the model server, without `/v1`.
        host: Address to listen on.
        port: Port; 0 for any that is free.
        upstream_key_env: Variable that holds the model server's key.
        pass_auth: Whether clients' own keys go to the model server, and none of seawall's is asked; loopback alone.
        allow_hosts: Hosts beside the model server that picture addresses may name.
        detectors: As for `serve`.
        policy: As for `serve`.
        drain: Seconds that requests under way may take when it stops.
    """

    upstream: str
    host: str = "127.0.0.1"
    port: int = 8322
    upstream_key_env: str | None = None
    pass_auth: bool = False
    allow_hosts: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    policy: Path | None = None
    drain: int = 30

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.upstream)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable or parts.username or parts.query or parts.fragment:
            raise UsageError("--upstream takes an http or https address", hint="such as http://127.0.0.1:8000")
        if not 0 <= self.port <= 65535:
            raise UsageError("a port is a number from 0 to 65535")
        if self.pass_auth and not loopback(self.host):
            raise UsageError("--pass-auth needs a loopback host", hint="use --host 127.0.0.1, or keys of scope gateway")
        if self.pass_auth and self.upstream_key_env:
            raise UsageError("--pass-auth and --upstream-key-env exclude each other")

    @property
    def base(self) -> str:
        """The model server's address, with `/v1` off its end."""
        return self.upstream.rstrip("/").removesuffix("/v1")

    @property
    def upstream_host(self) -> str:
        """Host and port of the model server."""
        parts = urlsplit(self.upstream)
        host = parts.hostname or ""
        shown = f"[{host}]" if ":" in host else host
        return f"{shown}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """The parts of a gateway.

    Attributes:
        checks: The guard.
        keys: Verifies seawall's keys; None if clients' own keys are passed on.
        upstream: The model server.
        fetcher: Fetches pictures that are given by address.
        outputs: Keeps checked pictures for their addresses.
        jobs: Remembers what videos were asked for with.
        secret: Makes pseudonyms of keys.
        budget: Memory that everything under way shares.
        limits: What one request may take.
        instruments: Metrics.
        probes: What must be well for requests to be checked, by name.
        loopback: Whether it is bound to this machine alone.
    """

    checks: Checks
    keys: Verifier | None
    upstream: Upstream
    fetcher: SafeFetcher
    outputs: Outputs
    jobs: Jobs
    secret: bytes = field(repr=False)
    budget: MediaBudget
    limits: Limits = field(default_factory=lambda: Limits(json_bytes=64 * _MIB, file_bytes=64 * _MIB))
    instruments: Instruments = field(default_factory=Instruments)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    loopback: bool = True
