"""Clients of a seawall server: synchronous, asynchronous, middleware, and a hook for diffusers pipelines.

Names are imported when they are first used: the hook and the middleware do not need an HTTP client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seawall.client._backoff import Backoff
    from seawall.client.async_client import AsyncClient
    from seawall.client.client import Client
    from seawall.client.errors import Busy, Malformed, NotDecided, Refused, Unreachable
    from seawall.client.remote import RemoteChecks
    from seawall.deploy.guard.requests import Attachment, CheckReply, InputCheck, Turn
    from seawall.deploy.local.permission import permit

_HOMES = {
    "AsyncClient": "seawall.client.async_client",
    "Attachment": "seawall.deploy.guard.requests",
    "Backoff": "seawall.client._backoff",
    "Busy": "seawall.client.errors",
    "CheckReply": "seawall.deploy.guard.requests",
    "Client": "seawall.client.client",
    "InputCheck": "seawall.deploy.guard.requests",
    "Malformed": "seawall.client.errors",
    "NotDecided": "seawall.client.errors",
    "Refused": "seawall.client.errors",
    "RemoteChecks": "seawall.client.remote",
    "Turn": "seawall.deploy.guard.requests",
    "Unreachable": "seawall.client.errors",
    "permit": "seawall.deploy.local.permission",
}

__all__ = [
    "AsyncClient",
    "Attachment",
    "Backoff",
    "Busy",
    "CheckReply",
    "Client",
    "InputCheck",
    "Malformed",
    "NotDecided",
    "Refused",
    "RemoteChecks",
    "Turn",
    "Unreachable",
    "permit",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'seawall.client' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
