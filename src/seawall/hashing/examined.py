"""What is known of one item after its examination."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from seawall.content.item import Problem
from seawall.content.media import OTHER, Sniffed
from seawall.hashing.replies import FrameHash, MediaHashes
from seawall.hashing.signal import Signal

LOW_QUALITY = 50
"""PDQ quality below which a hash says too little to be matched (the PDQ reference's own threshold)."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of one item.

    Attributes:
        digests: Cryptographic digests by name; empty if the bytes could not be read to the end.
        size: Length in bytes.
        kind: What the bytes are.
        frames: PDQ hashes of the distinct frames.
        signals: Other hashes of the medium (audio fingerprints, plug-in types).
        flags: `damaged`, `partial`, `animated`, `orientation=N`, ...
        problem: Why the medium could not be examined, if it could not.
        abstained: Why a hash of the medium was not used, although it was read.
    """

    digests: dict[str, bytes] = field(default_factory=dict)
    size: int | None = None
    kind: Sniffed = OTHER
    frames: tuple[FrameHash, ...] = ()
    signals: tuple[Signal, ...] = ()
    flags: frozenset[str] = frozenset()
    problem: Problem | None = None
    abstained: str | None = None

    @property
    def damaged(self) -> bool:
        """Whether only a part of the medium could be hashed."""
        return bool(self.flags & {"damaged", "partial"})


def judged(known: Examined, hashes: MediaHashes) -> Examined:
    """Join digests and hashes; say so if no frame has enough quality to be matched."""
    usable = any(frame.quality >= LOW_QUALITY for frame in hashes.frames)
    abstained = None if usable else "pdq_low_quality"
    return replace(known, frames=hashes.frames, flags=hashes.flags, abstained=abstained)
