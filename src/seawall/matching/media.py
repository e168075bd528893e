"""Looking an examined medium up: what is asked of the lists, and which of the answers are one.

Every door asks the same: digests, other hashes, and every frame in eight orientations. An entry that several frames or
orientations reach is one match, at its smallest distance.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from seawall.content.media import Medium
from seawall.hashing.examined import LOW_QUALITY, Examined
from seawall.matching.matcher import Match

Value = tuple[str, bytes]
"""A signal type by name, and a value of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a medium a value is of: the whole, or a frame in an orientation."""

    frame: int | None = None
    orientation: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry, or for vPDQ a list's video frames, that a medium reached.

    Attributes:
        match: The match.
        part: By which part.
    """

    match: Match
    part: Part

    @property
    def exact(self) -> bool:
        """Whether it is the very file that is listed, rather than one that looks the same."""
        return self.part.orientation is None and self.match.distance == 0

    @property
    def key(self) -> tuple[str, ...]:
        """What hits of one medium share that are one match."""
        match = self.match
        return (match.list, match.type, *match.labels) if match.type == "vpdq" else (match.list, match.entry)

    @property
    def rank(self) -> tuple[float, int, int]:
        """Nearest first."""
        return self.match.distance, self.part.orientation or 0, self.part.frame or 0


def questions(examined: Examined, wanted: Container[str]) -> Iterator[tuple[Part, Value]]:
    """Yield what is looked up of a medium: values of the wanted types alone."""
    video = examined.kind.medium is Medium.VIDEO
    for name, value in examined.digests.items():
        for type_name in (name, f"video_{name}") if video else (name,):
            if type_name in wanted:
                yield Part(), (type_name, value)
    for signal in examined.signals:
        if signal.type in wanted:
            yield Part(), (signal.type, signal.value)
    for index, frame in enumerate(examined.frames):
        if frame.quality < LOW_QUALITY:
            continue
        if video and "vpdq" in wanted:
            yield Part(index, 0), ("vpdq", frame.value)
        if "pdq" in wanted:
            for orientation, value in enumerate(frame.orientations()):
                yield Part(index, orientation), ("pdq", value)
