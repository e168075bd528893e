"""`url=`: off unless the operator names hosts in `HOME/guard.yaml`; fetched by the gateway's guarded fetcher."""

from __future__ import annotations

from pathlib import Path

from seawall.errors import UsageError
from seawall.settings import Settings
from seawall.web.parts import Remote

FILE = "guard.yaml"


def open_remote(settings: Settings) -> Remote | None:
    """Return what fetches from the hosts that are allowed; None if there are none.

    Raises:
        UsageError: If the file cannot be read.
    """
    hosts = allowed_hosts(settings.home / FILE)
    if not hosts:
        return None
    from seawall.deploy.gateway.fetch import BlockingFetcher

    return BlockingFetcher(hosts)


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
