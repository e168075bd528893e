"""Looking an examined medium up in the lists: what is asked, and what the answers amount to.

The same questions as a scan asks: digests, other hashes, and every frame in eight orientations. An entry that several
frames or orientations reach is one match, at its smallest distance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from seawall.content.media import Medium
from seawall.deploy.guard.lists import OpenLists
from seawall.hashing.examined import LOW_QUALITY, Examined
from seawall.matching import Match, Purpose
from seawall.policy.decide import Evidence

NEGATIVE = "NEGATIVE_CLASS"
"""The exchanges' mark for an entry that was found not to belong on its list."""

_KNOWN = (Purpose.CSAM, Purpose.EXPLOITATIVE)
_NOT_REAL = (Purpose.BENIGN, Purpose.CANARY)
_MOST_EVIDENCE = 256

Signal = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Query:
    """Which part of a medium a value is of: the whole, or a frame in an orientation."""

    frame: int | None = None
    orientation: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a medium reached.

    Attributes:
        match: The match, at its smallest distance.
        query: By which part.
    """

    match: Match
    query: Query

    @property
    def exact(self) -> bool:
        """Whether it is the very file that is listed, rather than one that looks the same."""
        return self.query.orientation is None and self.match.distance == 0

    @property
    def real(self) -> bool:
        """Whether it says that the medium is one that must not be: no canary, no negative bank, not withdrawn."""
        return self.match.purpose not in _NOT_REAL and NEGATIVE not in self.match.labels

    @property
    def rank(self) -> tuple[float, int, int]:
        """Nearest first."""
        return self.match.distance, self.query.orientation or 0, self.query.frame or 0


@dataclass(frozen=True, slots=True)
class Matched:
    """Everything that the lists say of a medium.

    Attributes:
        hits: Entries that it reached, each once.
        drawn: Labels of the nearest canary of each frame.
        failed: Whether a list could not be asked.
    """

    hits: tuple[Hit, ...] = ()
    drawn: tuple[tuple[str, ...], ...] = ()
    failed: bool = False

    @property
    def exact(self) -> bool:
        """Whether the very file is on a list of what must not be: nobody needs to look."""
        return any(hit.exact and hit.real for hit in self.hits)

    @property
    def real(self) -> bool:
        """Whether it is, or looks like, something on such a list."""
        return any(hit.real for hit in self.hits)

    @property
    def known(self) -> bool:
        """Whether it counts as known by itself: of the purposes that say so, and not softened by a negative bank."""
        softened = any(hit.match.purpose is Purpose.BENIGN for hit in self.hits)
        return any(hit.real and hit.match.purpose in _KNOWN and (hit.exact or not softened) for hit in self.hits)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The matches as policy sees them: of entries that say the same the nearest, exact ones first."""
        found: dict[Evidence, Evidence] = {}
        for hit in sorted(self.hits, key=lambda each: (not each.exact, each.rank)):
            match = hit.match
            bare = Evidence(match.purpose.value, match.list, match.type, exact=hit.exact, labels=match.labels)
            whole = Evidence(match.purpose.value, match.list, match.type, match.distance, hit.exact, match.labels)
            found.setdefault(bare, whole)
            if len(found) >= _MOST_EVIDENCE:
                break
        return tuple(found.values())


@dataclass(slots=True)
class _Gathered:
    hits: dict[tuple[str, ...], Hit] = field(default_factory=dict)
    canaries: dict[int, Hit] = field(default_factory=dict)

    def add(self, hit: Hit) -> None:
        match = hit.match
        key = (match.list, match.type, *match.labels) if match.type == "vpdq" else (match.list, match.entry)
        if key not in self.hits or hit.rank < self.hits[key].rank:
            self.hits[key] = hit
        if match.purpose is Purpose.CANARY:
            frame = -1 if hit.query.frame is None else hit.query.frame
            if frame not in self.canaries or hit.rank < self.canaries[frame].rank:
                self.canaries[frame] = hit


def look_up(examined: Examined, lists: OpenLists) -> Matched:
    """Look everything up that is known of a medium."""
    asked = list(_questions(examined, lists.types))
    return _answered([query for query, _ in asked], [signal for _, signal in asked], lists)


def look_up_digests(sha256: Sequence[bytes], lists: OpenLists) -> Matched:
    """Look digests up, each as that of any file and as that of a video; the answer is of all of them together."""
    signals = [(name, each) for each in sha256 for name in ("sha256", "video_sha256") if name in lists.types]
    return _answered([Query()] * len(signals), signals, lists)


def _answered(queries: Sequence[Query], signals: Sequence[Signal], lists: OpenLists) -> Matched:
    found = lists.match(signals)
    gathered = _Gathered()
    for query, matches in zip(queries, found.matches, strict=True):
        for match in matches:
            gathered.add(Hit(match, query))
    drawn = tuple(hit.match.labels for _, hit in sorted(gathered.canaries.items()))
    return Matched(tuple(gathered.hits.values()), drawn, bool(found.failed))


def _questions(examined: Examined, wanted: frozenset[str]) -> Iterator[tuple[Query, Signal]]:
    """Yield what is looked up: values of the wanted types alone."""
    video = examined.kind.medium is Medium.VIDEO
    for name, value in examined.digests.items():
        for type_name in (name, f"video_{name}") if video else (name,):
            if type_name in wanted:
                yield Query(), (type_name, value)
    for signal in examined.signals:
        if signal.type in wanted:
            yield Query(), (signal.type, signal.value)
    for index, frame in enumerate(examined.frames):
        if frame.quality < LOW_QUALITY:
            continue
        if video and "vpdq" in wanted:
            yield Query(index, 0), ("vpdq", frame.value)
        if "pdq" in wanted:
            for orientation, value in enumerate(frame.orientations()):
                yield Query(index, orientation), ("pdq", value)
