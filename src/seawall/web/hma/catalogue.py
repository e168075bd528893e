"""`/c/...`, `/m/index/status` and `/status`: which banks and signal types there are, and whether lookups work."""

from __future__ import annotations

import json
import time
from typing import Any

from fastapi import FastAPI

from seawall.deploy.guard.lists import ListStatus
from seawall.web.errors import UnknownPath
from seawall.web.hma.hashing import PHOTO, VIDEO
from seawall.web.hma.lookups import hma
from seawall.web.hma.names import bank_of
from seawall.web.parts import Parts
from seawall.web.route import Reply, add_plain, anybody

_TEXT = "text/plain; charset=utf-8"


class BankMissing(UnknownPath):
    """There is no bank of this name."""

    code = "no_bank"
    hint = "GET /c/banks names them"


def add_catalogue(app: FastAPI, parts: Parts) -> None:
    """Add the routes."""
    catalogue = _Catalogue(parts)
    add_plain(app, ["GET"], "/c/banks", catalogue.banks)
    add_plain(app, ["GET"], "/c/bank/{name}", catalogue.bank)
    add_plain(app, ["GET"], "/c/signal_type", catalogue.signal_types)
    add_plain(app, ["GET"], "/c/content_type", catalogue.content_types)
    add_plain(app, ["GET"], "/m/index/status", catalogue.index)
    add_plain(app, ["GET"], "/status", catalogue.status)
    add_plain(app, ["GET"], "/status/live", catalogue.live)


class _Catalogue:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @hma
    async def banks(self) -> Reply:
        """Return the banks."""
        return _json([_bank(name) for name in self._names()])

    @hma
    async def bank(self, name: str) -> Reply:
        """Return one bank."""
        if name not in self._names():
            raise BankMissing
        return _json(_bank(name))

    @hma
    async def signal_types(self) -> Reply:
        """Return the signal types that are installed."""
        return _json([{"name": kind.name, "enabled_ratio": 1.0} for kind in self._parts.types])

    @hma
    async def content_types(self) -> Reply:
        """Return what can be hashed."""
        return _json([{"name": PHOTO, "enabled": True}, {"name": VIDEO, "enabled": True}])

    @hma
    async def index(self) -> Reply:
        """Return how many entries can be matched, by signal type. Lists of several types count for each."""
        status = self._parts.lists.status()
        seen = int(time.time() - status.age)
        found: dict[str, Any] = {}
        for kind in self._parts.types:
            size = sum(each.entries for each in status.lists if kind.name in each.types)
            found[kind.name] = {"present": size > 0, "built_to": seen if size else -1, "size": size}
        return _json(found)

    @anybody
    async def status(self) -> Reply:
        """Say whether lookups can be relied on."""
        status = self._parts.lists.status()
        if status.stale:
            return Reply(b"INDEX-STALE", 503, _TEXT)
        if status.error is not None:
            return Reply(b"INDEX-NOT-LOADED", 503, _TEXT)
        return Reply(b"I-AM-ALIVE", 200, _TEXT)

    @anybody
    async def live(self) -> Reply:
        """Say that the process lives."""
        return Reply(b"I-AM-ALIVE", 200, _TEXT)

    def _names(self) -> list[str]:
        return sorted({bank_of(each.name) for each in self._parts.lists.status().lists if _readable(each)})


def _readable(status: ListStatus) -> bool:
    return status.error is None


def _bank(name: str) -> dict[str, Any]:
    return {"name": name, "matching_enabled_ratio": 1.0}


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value).encode())
