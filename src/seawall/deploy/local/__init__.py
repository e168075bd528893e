"""The local profile: the guard for open-source builds, with the same policies and no network."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seawall.deploy.local.errors import FlagRefused, FlagsDamaged, NotOffline
    from seawall.deploy.local.export import export_flags, read_export
    from seawall.deploy.local.flags import Flag, FlagBook, FlagKind
    from seawall.deploy.local.guard import LocalGuard, open_local
    from seawall.deploy.local.offline import local_settings

_HOMES = {
    "Flag": "flags",
    "FlagBook": "flags",
    "FlagKind": "flags",
    "FlagRefused": "errors",
    "FlagsDamaged": "errors",
    "LocalGuard": "guard",
    "NotOffline": "errors",
    "export_flags": "export",
    "local_settings": "offline",
    "open_local": "guard",
    "read_export": "export",
}

__all__ = [
    "Flag",
    "FlagBook",
    "FlagKind",
    "FlagRefused",
    "FlagsDamaged",
    "LocalGuard",
    "NotOffline",
    "export_flags",
    "local_settings",
    "open_local",
    "read_export",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'seawall.deploy.local' has no attribute {name!r}")
    return getattr(import_module(f"seawall.deploy.local.{_HOMES[name]}"), name)
