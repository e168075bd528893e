"""What the lists say of an examined medium, and what their answers amount to. The questions are those of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from seawall.deploy.guard.lists import OpenLists
from seawall.hashing.examined import Examined
from seawall.matching import Purpose
from seawall.matching.media import Hit, Part, Value, questions
from seawall.policy.decide import Evidence

NEGATIVE = "NEGATIVE_CLASS"
"""The exchanges' mark for an entry that was found not to belong on its list."""

_KNOWN = (Purpose.CSAM, Purpose.EXPLOITATIVE)
_NOT_REAL = (Purpose.BENIGN, Purpose.CANARY)
_MOST_EVIDENCE = 256


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
        return any(hit.exact and _real(hit) for hit in self.hits)

    @property
    def real(self) -> bool:
        """Whether it is, or looks like, something on such a list."""
        return any(_real(hit) for hit in self.hits)

    @property
    def known(self) -> bool:
        """Whether it counts as known by itself: of the purposes that say so, and not softened by a negative bank."""
        softened = any(hit.match.purpose is Purpose.BENIGN for hit in self.hits)
        return any(_real(hit) and hit.match.purpose in _KNOWN and (hit.exact or not softened) for hit in self.hits)

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


def _real(hit: Hit) -> bool:
    """Whether it says that the medium is one that must not be: no canary, no negative bank, not withdrawn."""
    return hit.match.purpose not in _NOT_REAL and NEGATIVE not in hit.match.labels


@dataclass(slots=True)
class _Gathered:
    hits: dict[tuple[str, ...], Hit] = field(default_factory=dict)
    canaries: dict[int, Hit] = field(default_factory=dict)

    def add(self, hit: Hit) -> None:
        key = hit.key
        if key not in self.hits or hit.rank < self.hits[key].rank:
            self.hits[key] = hit
        if hit.match.purpose is Purpose.CANARY:
            frame = -1 if hit.part.frame is None else hit.part.frame
            if frame not in self.canaries or hit.rank < self.canaries[frame].rank:
                self.canaries[frame] = hit


def look_up(examined: Examined, lists: OpenLists) -> Matched:
    """Look everything up that is known of a medium."""
    asked = list(questions(examined, lists.types))
    return _answered([part for part, _ in asked], [value for _, value in asked], lists)


def look_up_digests(sha256: Sequence[bytes], lists: OpenLists) -> Matched:
    """Look digests up, each as that of any file and as that of a video; the answer is of all of them together."""
    values = [(name, each) for each in sha256 for name in ("sha256", "video_sha256") if name in lists.types]
    return _answered([Part()] * len(values), values, lists)


def _answered(parts: Sequence[Part], values: Sequence[Value], lists: OpenLists) -> Matched:
    found = lists.match(values)
    gathered = _Gathered()
    for part, matches in zip(parts, found.matches, strict=True):
        for match in matches:
            gathered.add(Hit(match, part))
    drawn = tuple(hit.match.labels for _, hit in sorted(gathered.canaries.items()))
    return Matched(tuple(gathered.hits.values()), drawn, bool(found.failed))
