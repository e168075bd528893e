"""The hash lists as a service holds them: opened once, shared by threads, and always the newest that is published.

A watcher looks for changes a few times a second, opens what is new beside what is in use, and puts it in place at once;
what was in use is let go when its last user is done. A list that cannot be read is never taken for one without
a match.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from seawall.canary.selection import CANARY_LIST, canary_source
from seawall.deploy.guard.lists.opened import ListsFailed, OpenLists
from seawall.deploy.guard.lists.stamps import Stamp, stamp_of
from seawall.deploy.guard.lists.status import ListsStatus, ListStatus
from seawall.errors import IndexCorrupt, ListConflict, NotFound, SeawallError, SecretUnusable
from seawall.hashing.registry import SignalTypes
from seawall.matching import HashList, ListStore, Match, Matcher, MatchSource
from seawall.matching.lists import FileKey
from seawall.settings import Settings

STALE_SECONDS = 30.0
"""Seconds without a look at the lists after which nothing is concluded from them."""

_CANARY_TRIES = 50
_CANARY_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class _Held:
    source: MatchSource
    list: HashList
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class _State:
    """What is in use, and when it was last looked at."""

    opened: OpenLists
    held: Mapping[str, _Held]
    key: Stamp
    looked_at: float
    generation: int


class LiveLists:
    """The imported lists and the canaries, followed while they change. A context manager.

    Lookups never wait for an update, and never fail because of one.

    Args:
        settings: Where imported lists are.
        names: Which lists; None for every imported one. The canaries are always among them.
        poll: Seconds between two looks.
        types: Known signal types; built-ins and plug-ins by default.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        names: Collection[str] | None = None,
        poll: float = 0.25,
        types: SignalTypes | None = None,
    ) -> None:
        self.types = SignalTypes.installed() if types is None else types
        self._settings = settings
        self._names = None if names is None else frozenset(names) - {CANARY_LIST}
        self._key = settings.home / "keys" / "labels.key"
        self._store = ListStore(settings.home / "lists", types=self.types, keys=FileKey(self._key))
        self._canary: MatchSource | None = None
        self._had_lists = False
        self._refreshing = threading.Lock()
        self._closed = threading.Event()
        empty = OpenLists(Matcher([], [], self.types), self.types)
        self._state = _State(empty, {}, (), time.monotonic(), 0)
        self._look(_CANARY_TRIES)
        watcher = threading.Thread(
            target=_watch, args=(weakref.ref(self), self._closed, poll), name="seawall-lists", daemon=True
        )
        watcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Follow changes no more. What was opened stays usable until it is let go."""
        self._closed.set()

    def refresh(self) -> None:
        """Look for changes now, rather than within the next moment."""
        self._look(1)

    def view(self) -> OpenLists:
        """Return the lists as they are now; for several lookups that have to agree."""
        state = self._state
        if time.monotonic() - state.looked_at > STALE_SECONDS:
            failed = {source.name: "stale" for source in state.opened.matcher.sources} | dict(state.opened.failed)
            return replace(state.opened, failed=failed)
        return state.opened

    @contextmanager
    def matcher(self) -> Iterator[Matcher]:
        """Lend what looks values up in all lists.

        Raises:
            ListsFailed: If a list cannot be read.
        """
        yield self.view().chosen(None, None)

    def search(
        self,
        type_name: str,
        values: Sequence[bytes],
        *,
        lists: Collection[str] | None = None,
        max_distance: int | None = None,
    ) -> list[list[Match]]:
        """Look values of one signal type up.

        Args:
            type_name: Signal type; one that no list holds matches nothing.
            values: The values, each of the type's own length.
            lists: Names of the lists to ask; None for all.
            max_distance: Largest distance for Hamming types, 0..63; None for each type's own threshold.

        Returns:
            For each value its matches, by list, then distance, then entry.

        Raises:
            ListsFailed: If one of the lists cannot be read.
            NotFound: If there is no list of a name.
            UsageError: If a value has the wrong length, or the distance is out of range.
        """
        matcher = self.view().chosen(lists, max_distance)
        try:
            return matcher.match([(type_name, value) for value in values])
        except (IndexCorrupt, OSError) as problem:
            raise ListsFailed from problem

    def match_digest(self, name: str, value: bytes) -> list[Match]:
        """Look one digest up, as that of any file and as that of a video.

        Args:
            name: `sha256`, `md5`, `sha1` or `blake3`.
            value: The digest.

        Raises:
            ListsFailed: If a list cannot be read.
            UsageError: If it has the wrong length.
        """
        found = self.view().chosen(None, None).match([(name, value), (f"video_{name}", value)])
        return [match for matches in found for match in matches]

    def status(self) -> ListsStatus:
        """Return which lists are in use, and what is wrong with any."""
        state = self._state
        age = time.monotonic() - state.looked_at
        good = [
            ListStatus(
                each.source.name,
                each.source.purpose.value,
                each.source.version,
                each.list.version.at,
                len(each.list),
                tuple(each.list.types),
            )
            for each in state.held.values()
        ]
        bad = [ListStatus(name, error=code) for name, code in state.opened.failed.items()]
        ordered = sorted((*good, *bad), key=lambda each: (each.name == CANARY_LIST, each.name))
        error = next(iter(state.opened.failed.values()), None)
        return ListsStatus(tuple(ordered), age, age > STALE_SECONDS, state.generation, error)

    def _look(self, canary_tries: int) -> None:
        with self._refreshing:
            before = self._state
            key = stamp_of(self._key)
            held: dict[str, _Held] = {}
            failed: dict[str, str] = {}
            kept = before.held if key == before.key else {}
            names = self._wanted(failed)
            lost = not key and bool(names or failed)
            for name in names:
                if lost:
                    failed[name] = SecretUnusable.code
                else:
                    self._take(name, self._store.root / name, kept.get(name), held, failed)
            if lost:
                failed[CANARY_LIST] = SecretUnusable.code
            else:
                self._take_canary(kept.get(CANARY_LIST), held, failed, canary_tries)
            # The first import of the canaries makes the key.
            key = key or stamp_of(self._key)
            same = held.keys() == before.held.keys() and all(held[name] is before.held[name] for name in held)
            if same and failed == dict(before.opened.failed):
                self._state = _State(before.opened, before.held, key, time.monotonic(), before.generation)
                return
            opened = self._opened(held, failed)
            self._state = _State(opened, held, key, time.monotonic(), before.generation + 1)

    def _wanted(self, failed: dict[str, str]) -> list[str]:
        """Return the names of the lists that are to be open, without the canaries."""
        try:
            found = [name for name in self._store.names() if name != CANARY_LIST]
        except OSError:
            failed["lists"] = "system"
            return []
        if self._had_lists and not self._store.root.is_dir():
            failed["lists"] = NotFound.code
        self._had_lists = self._had_lists or bool(found)
        if self._names is None:
            return found
        for name in self._names - set(found):
            failed[name] = NotFound.code
        return [name for name in found if name in self._names]

    def _take(
        self, name: str, folder: Path, kept: _Held | None, held: dict[str, _Held], failed: dict[str, str]
    ) -> None:
        try:
            stamp = stamp_of(folder)
            if kept is not None and kept.stamp == stamp and kept.source.path == str(folder):
                held[name] = kept
                return
            found = HashList.open(folder, self.types, self._store.keys)
            source = MatchSource(name, found.version.version, found.purpose, str(folder))
            held[name] = _Held(source, found, stamp)
        except NotFound:
            # Deleted a moment ago, unless somebody asked for it by name.
            if self._names is not None or name == CANARY_LIST:
                failed[name] = NotFound.code
        except ListConflict as problem:
            if kept is not None:
                held[name] = kept
            else:
                failed[name] = problem.code
        except SeawallError as problem:
            failed[name] = problem.code
        except (OSError, ValueError, MemoryError):
            failed[name] = "system"

    def _take_canary(self, kept: _Held | None, held: dict[str, _Held], failed: dict[str, str], tries: int) -> None:
        try:
            if kept is None or self._canary is None:
                self._canary = self._imported_canary(tries)
            self._take(CANARY_LIST, Path(self._canary.path), kept, held, failed)
        except SeawallError as problem:
            failed[CANARY_LIST] = problem.code
        except (OSError, ValueError):
            failed[CANARY_LIST] = "system"

    def _imported_canary(self, tries: int) -> MatchSource:
        for left in range(tries - 1, -1, -1):
            try:
                return canary_source(self._store, self._settings)
            except ListConflict:
                # Another process that starts at the same time is importing them.
                if not left or self._closed.wait(_CANARY_PAUSE):
                    raise
        raise ListConflict

    def _opened(self, held: Mapping[str, _Held], failed: Mapping[str, str]) -> OpenLists:
        matcher = Matcher([each.source for each in held.values()], [each.list for each in held.values()], self.types)
        fingerprint = f"{matcher.fingerprint()}:{','.join(sorted(failed))}"
        return OpenLists(matcher, self.types, dict(failed), frozenset(matcher.types()), fingerprint)


def _watch(lists: weakref.ref[LiveLists], closed: threading.Event, poll: float) -> None:
    while not closed.wait(poll):
        found = lists()
        if found is None:
            return
        # What cannot be looked at grows old, and is then not relied on.
        with suppress(OSError):
            found.refresh()
        del found
