"""`url=`: off unless the operator names hosts in `HOME/guard.yaml`; fetched by the gateway's guarded fetcher."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from seawall.errors import UsageError
from seawall.settings import Settings

if TYPE_CHECKING:
    from seawall.deploy.gateway.fetch import SafeFetcher
    from seawall.deploy.guard.contract import Media
    from seawall.deploy.guard.media.spool import MediaBudget

FILE = "guard.yaml"

Make = Callable[[int], "SafeFetcher"]
"""Makes a fetcher of at most so many bytes."""


class HostFetcher:
    """Fetches for a thread that waits.

    Args:
        make: Makes the fetcher for one address.
    """

    def __init__(self, make: Make) -> None:
        self._make = make

    def fetch(self, url: str, limit: int) -> Media:
        """Return the bytes under an address.

        Raises:
            FetchRefused: If it, or one that it leads to, is not allowed.
            FetchFailed: If it cannot be fetched within its bounds.
            TooLarge: If there are more bytes than the limit.
        """
        return asyncio.run(self._make(limit).fetch(url))


def open_remote(settings: Settings, budget: MediaBudget | None = None) -> HostFetcher | None:
    """Return what fetches from the hosts that are allowed; None if there are none.

    Args:
        settings: Where the list of hosts is.
        budget: Memory that is shared with uploads.

    Raises:
        UsageError: If the file cannot be read.
    """
    hosts = allowed_hosts(settings.home / FILE)
    return HostFetcher(partial(_fetcher, hosts, budget)) if hosts else None


def _fetcher(hosts: Collection[str], budget: MediaBudget | None, limit: int) -> SafeFetcher:
    from seawall.deploy.gateway.fetch import SafeFetcher

    return SafeFetcher(hosts, limit=limit, budget=budget)


def allowed_hosts(path: Path) -> tuple[str, ...]:
    """Return `url_hosts` of the file; nothing if there is no file.

    Raises:
        UsageError: If it cannot be read.
    """
    import yaml

    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{path.name} cannot be read") from None
    try:
        data = yaml.safe_load(text) or {}
    except (yaml.YAMLError, RecursionError):
        raise UsageError(f"{path.name} is not YAML") from None
    hosts = data.get("url_hosts", []) if isinstance(data, dict) else None
    if not isinstance(hosts, list) or not all(isinstance(host, str) and host for host in hosts):
        raise UsageError(f"{path.name}: url_hosts is a list of host names")
    return tuple(hosts)
