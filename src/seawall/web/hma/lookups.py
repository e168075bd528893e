"""`/m/...` and `/h/hash`: hash a medium, look a hash or a medium up, compare two hashes; labels stay here."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from seawall.deploy.guard.contract import Media
from seawall.deploy.guard.media.spool import SpooledMedia
from seawall.errors import SeawallError
from seawall.hashing.signal import SignalType
from seawall.matching import Match
from seawall.web import strict_json
from seawall.web.body import media_type, read
from seawall.web.errors import HttpProblem, WrongMediaType
from seawall.web.hma.hashing import PHOTO, VIDEO
from seawall.web.hma.names import bank_of, lists_of
from seawall.web.keys.model import Scope
from seawall.web.multipart import read_form
from seawall.web.parts import Hashed, Parts
from seawall.web.route import JSON, Reply, add_plain, needs

_FORM = "multipart/form-data"
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FILES = (PHOTO, VIDEO, "file")
_MAX_PAIRS = 32

hma = needs(Scope.HMA, unless=lambda parts: parts.hma_open)
"""What every HMA-compatible route asks for."""


class ParameterMissing(HttpProblem):
    """A parameter is missing, or is not what it must be."""

    code = "parameter"
    hint = "see docs/hma.md"


class UrlRefused(HttpProblem):
    """This server fetches nothing from that address."""

    code = "url_refused"
    hint = "name the host under url_hosts in guard.yaml; only public addresses are fetched"
    status = 403


def add_lookups(app: FastAPI, parts: Parts) -> None:
    """Add the routes."""
    lookups = _Lookups(parts)
    add_plain(app, ["GET"], "/m/raw_lookup", lookups.raw_lookup)
    add_plain(app, ["GET"], "/m/lookup", lookups.lookup)
    add_plain(app, ["POST"], "/m/lookup", lookups.lookup_medium)
    add_plain(app, ["POST"], "/m/compare", lookups.compare)
    add_plain(app, ["GET"], "/h/hash", lookups.hash_url)
    add_plain(app, ["POST"], "/h/hash", lookups.hash_medium)


class _Lookups:
    """The routes' functions, over the parts of one server."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._types = parts.types

    @hma
    async def raw_lookup(self, request: Request) -> Reply:
        """Return the ids of the entries near a hash."""
        query = request.query_params
        found = self._near(query, self._lists(query))
        if query.get("include_distance", "").lower() in _TRUE:
            return _json({"matches": [_entry(match) for match in found]})
        return _json({"matches": [int(match.entry) for match in found]})

    @hma
    async def lookup(self, request: Request) -> Reply:
        """Return the entries near a hash, or near what is under an address, by bank."""
        query = request.query_params
        lists = self._lists(query)
        if query.get("url"):
            with await self._fetched(query["url"]) as media:
                return _json(await run_in_threadpool(self._medium, media, lists))
        return _json(_by_bank(self._near(query, lists)))

    @hma
    async def lookup_medium(self, request: Request) -> Reply:
        """Return the entries near a picture or video, by signal type and bank."""
        lists = self._lists(request.query_params)
        with SpooledMedia.create(self._parts.limits.file_bytes, self._parts.budget) as media:
            await self._receive(request, media)
            return _json(await run_in_threadpool(self._medium, media, lists))

    @hma
    async def hash_url(self, request: Request) -> Reply:
        """Return the hashes of what is under an address."""
        url = request.query_params.get("url")
        if not url:
            raise ParameterMissing("url is missing")
        with await self._fetched(url) as media:
            return _json((await run_in_threadpool(self._hashes, media)).shown)

    @hma
    async def hash_medium(self, request: Request) -> Reply:
        """Return the hashes of a picture or video."""
        with SpooledMedia.create(self._parts.limits.file_bytes, self._parts.budget) as media:
            await self._receive(request, media)
            return _json((await run_in_threadpool(self._hashes, media)).shown)

    @hma
    async def compare(self, request: Request) -> Reply:
        """Compare two hashes of each signal type that is named."""
        if media_type(request) != JSON:
            raise WrongMediaType(f"this path takes {JSON}")
        asked = strict_json.parse(await read(request, self._parts.limits, self._parts.limits.json_bytes))
        if not isinstance(asked, dict) or not 1 <= len(asked) <= _MAX_PAIRS:
            raise ParameterMissing("the body is an object of signal types, each with two hashes")
        return _json({name: self._compared(name, pair) for name, pair in asked.items()})

    def _near(self, query: Mapping[str, str], lists: Collection[str] | None) -> list[Match]:
        kind = self._type(query.get("signal_type"))
        text = query.get("signal")
        if not text:
            raise ParameterMissing("signal is missing")
        if lists is not None and not lists:
            return []
        return self._parts.lists.search(kind.name, [kind.parse(text)], lists=lists)[0]

    def _type(self, name: str | None) -> SignalType:
        if name is None or name not in self._types:
            raise ParameterMissing("signal_type is missing or not known")
        return self._types[name]

    def _lists(self, query: Mapping[str, str]) -> set[str] | None:
        banks = query.get("banks")
        if not banks:
            return None
        return lists_of(banks.split(","), (each.name for each in self._parts.lists.status().lists))

    def _medium(self, media: Media, lists: Collection[str] | None) -> dict[str, Any]:
        hashed = self._hashes(media)
        found: dict[str, Any] = {}
        for name, values in hashed.sought.items():
            if lists is not None and not lists:
                found[name] = {}
                continue
            nearest: dict[tuple[str, str], Match] = {}
            for matches in self._parts.lists.search(name, values, lists=lists):
                for match in matches:
                    before = nearest.get((match.list, match.entry))
                    if before is None or match.distance < before.distance:
                        nearest[match.list, match.entry] = match
            found[name] = _by_bank(sorted(nearest.values(), key=lambda each: (each.distance, int(each.entry))))
        return found

    def _hashes(self, media: Media) -> Hashed:
        return self._parts.hashes.hashes(media)

    def _compared(self, name: str, pair: Any) -> list[Any]:
        kind = self._type(name)
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(each, str) for each in pair):
            raise ParameterMissing("each signal type has two hashes")
        distance = kind.distance(kind.parse(pair[0]), kind.parse(pair[1]))
        return [distance <= kind.threshold, {"distance": _plain(distance)}]

    async def _fetched(self, url: str) -> AbstractContextManager[Media]:
        remote = self._parts.remote
        if remote is None:
            raise UrlRefused
        try:
            media = await run_in_threadpool(remote.fetch, url, self._parts.limits.file_bytes)
        except SeawallError:
            # Why is nobody's business: it would tell what is inside the network.
            raise UrlRefused from None
        return media if isinstance(media, AbstractContextManager) else nullcontext(media)

    async def _receive(self, request: Request, media: SpooledMedia) -> None:
        if media_type(request) != _FORM:
            raise WrongMediaType(f"this path takes {_FORM} with a photo or a video")
        form = await read_form(request, self._parts.limits, media, _FILES)
        if form.file is None:
            raise ParameterMissing("photo or video is missing")
        media.seal()


def _by_bank(found: Sequence[Match]) -> dict[str, list[dict[str, Any]]]:
    banks: dict[str, list[dict[str, Any]]] = {}
    for match in found:
        banks.setdefault(bank_of(match.list), []).append(_entry(match))
    return banks


def _entry(match: Match) -> dict[str, Any]:
    return {"bank_content_id": int(match.entry), "distance": str(_plain(match.distance))}


def _plain(distance: float) -> float:
    return int(distance) if distance == int(distance) else distance


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value).encode())
