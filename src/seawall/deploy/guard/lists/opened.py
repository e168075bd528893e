"""Lists that were opened together, and lookups in them.

A list that cannot be read is never taken for one without a match: a lookup says so, or is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from seawall.canary.selection import CANARY_LIST
from seawall.errors import IndexCorrupt, NotFound, SeawallError
from seawall.hashing.registry import SignalTypes
from seawall.matching import Match, Matcher


class ListsFailed(SeawallError):
    """A hash list cannot be read, so nothing can be said of a match."""

    code = "lists_failed"
    hint = "run 'seawall lists verify'"


@dataclass(frozen=True, slots=True)
class Found:
    """What a lookup gave.

    Attributes:
        matches: Matches of each value, in order.
        failed: Names of lists that could not be asked: what they would have said is not known.
    """

    matches: list[list[Match]]
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenLists:
    """Lists that were opened together. Immutable: hold it, and it stays usable whatever is imported meanwhile.

    Attributes:
        matcher: Looks values up in all of them.
        known: Signal types that are installed.
        failed: Code by name of lists that cannot be read.
        types: Signal types of which they hold values.
        fingerprint: Identity of what is matched.
    """

    matcher: Matcher
    known: SignalTypes
    failed: Mapping[str, str] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    fingerprint: str = ""

    @property
    def real(self) -> bool:
        """Whether there is any list besides the canaries, readable or not."""
        return any(name != CANARY_LIST for name in (*self.failed, *(each.name for each in self.matcher.sources)))

    def match(self, signals: Sequence[tuple[str, bytes]]) -> Found:
        """Look values up in every list that can be read; say which could not.

        Raises:
            UsageError: If a value has the wrong length for its type.
        """
        broken = frozenset(self.failed)
        try:
            return Found(self.matcher.match(signals), broken)
        except (IndexCorrupt, OSError):
            return self._one_by_one(signals, broken)

    def chosen(self, names: Collection[str] | None, max_distance: int | None) -> Matcher:
        """Return what looks values up in some of the lists.

        Raises:
            NotFound: If there is no list of a name.
            ListsFailed: If one of them cannot be read.
        """
        pairs = list(zip(self.matcher.sources, self.matcher.lists, strict=True))
        if names is not None:
            missing = sorted(set(names) - {source.name for source, _ in pairs} - self.failed.keys())
            if missing:
                raise NotFound(f"no list {missing[0]}", hint="'seawall lists ls' shows them")
            pairs = [(source, found) for source, found in pairs if source.name in names]
        broken = sorted(self.failed if names is None else self.failed.keys() & set(names))
        if broken:
            raise ListsFailed(f"the list {broken[0]} cannot be read: {self.failed[broken[0]]}")
        if max_distance is None and len(pairs) == len(self.matcher.sources):
            return self.matcher
        return Matcher([source for source, _ in pairs], [found for _, found in pairs], self.known, max_distance)

    def _one_by_one(self, signals: Sequence[tuple[str, bytes]], broken: frozenset[str]) -> Found:
        results: list[list[Match]] = [[] for _ in signals]
        for source, found in zip(self.matcher.sources, self.matcher.lists, strict=True):
            try:
                for place, matches in enumerate(Matcher([source], [found], self.known).match(signals)):
                    results[place] += matches
            except (IndexCorrupt, OSError):
                broken |= {source.name}
        return Found(results, broken)
