"""Looking values up in several lists at once.

A matcher holds open lists read-only and is described by plain values (`MatchSource`), so that any process can open the
same one. Each list is searched for values of its own types only: a caller that wants the frames of a video compared
with picture hashes passes them twice, as `vpdq` and as `pdq`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seawall.errors import IndexCorrupt, ListConflict, NotFound, UsageError
from seawall.hashing.registry import SignalTypes
from seawall.hashing.signal import Comparison
from seawall.matching.lists import Format, HashList, KeyProvider, ListStore, Purpose

MAX_DISTANCE = 63
"""Largest distance, in bits, at which the Hamming index is exact."""


@dataclass(frozen=True, slots=True)
class MatchSource:
    """A list to match against, in plain values.

    Attributes:
        name: Name under which matches are reported.
        version: Version of the list.
        purpose: What a match means.
        path: Directory of the list.
        since: Match only entries added after this version; None for all.
    """

    name: str
    version: int
    purpose: Purpose
    path: str
    since: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"purpose": self.purpose.value}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> MatchSource:
        """Return the source that `as_dict` described.

        Raises:
            UsageError: If a field is missing or malformed.
        """
        try:
            return cls(**{**fields, "purpose": Purpose(fields["purpose"])})
        except (KeyError, TypeError, ValueError) as problem:
            raise UsageError("this does not describe a list to match against") from problem

    @classmethod
    def from_store(cls, store: ListStore, name: str, *, since: int | None = None) -> MatchSource:
        """Describe the newest version of a list.

        Raises:
            NotFound: If there is no such list, or no such earlier version.
        """
        manifest = store.manifest(name)
        if since is not None:
            manifest.version(since)
        return cls(name, manifest.current.version, manifest.purpose, str(store.root / name), since)

    @classmethod
    def from_file(
        cls,
        path: Path,
        directory: Path,
        *,
        types: SignalTypes,
        keys: KeyProvider,
        purpose: Purpose = Purpose.CSAM,
        format: Format | None = None,
        type: str | None = None,
    ) -> MatchSource:
        """Import a file into a temporary list under `directory`; the same content is imported once.

        Args:
            path: The file, in any format that `ListStore.import_file` reads.
            directory: Where temporary lists live.
            types: Known signal types.
            keys: Secret that protects labels.
            purpose: What a match means.
            format: Format of the file; told from the content by default.
            type: Signal type of every value of a plain list.

        Raises:
            NotFound: If there is no such file.
            ListFormatError: If it is not a hash list.
        """
        if not path.is_file():
            raise NotFound(f"no such list file: {path.name}")
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        # All that shapes the temporary list names it: content, how it is read, installed types, and the secret.
        reading = [content, purpose, format or "", type or "", sorted(kind.name for kind in types)]
        identity = hashlib.blake2b(
            json.dumps(reading).encode(), key=keys.secret(), person=b"seawall-filelist", digest_size=16
        ).hexdigest()
        store = ListStore(directory, types=types, keys=keys)
        if identity not in store.names():
            try:
                store.import_file(path, name=identity, purpose=purpose, format=format, type=type, identity=identity)
            except ListConflict:
                # Another process is importing the same content, or has just done so.
                if identity not in store.names():
                    raise
        version = store.manifest(identity).current.version
        return cls(path.name, version, purpose, str(directory / identity))


@dataclass(frozen=True, slots=True)
class Match:
    """An entry near a value.

    Attributes:
        list: Name of the list.
        list_version: Version of the list that was searched.
        entry: Id of the entry, opaque; never its value.
        type: Signal type.
        distance: 0 for equal; bits for Hamming types, the type's own measure otherwise.
        labels: What the list says about the entry.
        purpose: Purpose of the list.
    """

    list: str
    list_version: int
    entry: str
    type: str
    distance: float
    labels: tuple[str, ...]
    purpose: Purpose


class Matcher:
    """Several lists, opened for looking values up in all of them."""

    def __init__(
        self,
        sources: Sequence[MatchSource],
        lists: Sequence[HashList],
        types: SignalTypes,
        max_distance: int | None = None,
    ) -> None:
        self.sources = tuple(sources)
        self.lists = tuple(lists)
        self._types = types
        self._max_distance = max_distance
        self._first = [
            0 if source.since is None else found.first_entry_since(source.since)
            for source, found in zip(sources, lists, strict=True)
        ]

    @classmethod
    def open(
        cls,
        sources: Sequence[MatchSource],
        types: SignalTypes,
        *,
        max_distance: int | None = None,
        key_provider: KeyProvider,
    ) -> Matcher:
        """Open the lists that `sources` describe.

        Args:
            sources: The lists.
            types: Known signal types.
            max_distance: Largest distance for Hamming types, 0..63; None for each type's own threshold.
            key_provider: Secret that protects labels.

        Raises:
            NotFound: If a list or version is gone.
            IndexCorrupt: If a list is damaged, or not the list that was described.
            UsageError: If `max_distance` is out of range, or a list holds values of a type that is not installed.
        """
        if max_distance is not None and not 0 <= max_distance <= MAX_DISTANCE:
            raise UsageError(f"the distance must be between 0 and {MAX_DISTANCE}")
        lists = [HashList.open(Path(source.path), types, key_provider, source.version) for source in sources]
        for source, found in zip(sources, lists, strict=True):
            if found.purpose is not source.purpose:
                raise IndexCorrupt(f"the list {source.name} is not the one that was described: its purpose differs")
        return cls(sources, lists, types, max_distance)

    def match(self, signals: Sequence[tuple[str, bytes]]) -> list[list[Match]]:
        """Look values up in all lists.

        Args:
            signals: (signal type, value) pairs; a type that no list holds matches nothing.

        Returns:
            For each value its matches, by list in the order of the sources, then distance, then entry.

        Raises:
            UsageError: If a value has the wrong length for its type.
        """
        places: dict[str, list[int]] = {}
        for place, (type_name, _) in enumerate(signals):
            places.setdefault(type_name, []).append(place)
        results: list[list[Match]] = [[] for _ in signals]
        for source, found, first in zip(self.sources, self.lists, self._first, strict=True):
            hits: dict[int, list[Match]] = {}
            for type_name in found.types:
                where = places.get(type_name)
                if where is None:
                    continue
                values = [signals[place][1] for place in where]
                rows, entries, distances = found.search(
                    type_name, values, max_distance=self._max_distance, min_entry=first
                )
                for row, entry, distance in zip(rows.tolist(), entries.tolist(), distances.tolist(), strict=True):
                    hits.setdefault(where[row], []).append(
                        Match(
                            source.name,
                            source.version,
                            str(entry),
                            type_name,
                            distance,
                            found.labels_of(entry),
                            source.purpose,
                        )
                    )
            for place, matches in hits.items():
                results[place].extend(sorted(matches, key=lambda match: (match.distance, int(match.entry))))
        return results

    def types(self) -> set[str]:
        """Return the signal types of which the lists hold values: others need not be computed."""
        return {name for found in self.lists for name in found.types}

    def digest_types(self) -> set[str]:
        """Return the exact digest types of which the lists hold values."""
        return {name for name in self.types() if self._types[name].comparison is Comparison.EXACT}

    def fingerprint(self) -> str:
        """Return the identity of what is matched, and how: SHA-256, in hexadecimal."""
        described = [
            [source.name, source.version, source.purpose, source.since, found.manifest.id]
            for source, found in zip(self.sources, self.lists, strict=True)
        ]
        return hashlib.sha256(json.dumps([described, self._max_distance]).encode()).hexdigest()
