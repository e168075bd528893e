"""Replies of the decode process: plain JSON values, read as if a hostile file had written them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from seawall.errors import DecoderDied
from seawall.hashing.pdq import PdqHash
from seawall.hashing.signal import ORIENTATIONS

PDQ_BYTES = 32
MAX_FRAMES = 100_000
_VARIANTS = {"", "on_white", "on_black"}
_FLAG = re.compile(r"[a-z][a-z0-9_=-]{0,31}")


@dataclass(frozen=True, slots=True)
class FrameHash:
    """The PDQ hashes of one distinct frame.

    Attributes:
        frame: Index of the frame in its medium, from 0.
        variant: Empty for the frame itself; `on_white` or `on_black` for a transparent one composited so.
        quality: PDQ quality, 0..100.
        dihedral: The eight dihedral hashes, 256 bytes, in the order of `ORIENTATIONS`.
        time_s: Moment in a video, seconds.
    """

    frame: int
    variant: str
    quality: int
    dihedral: bytes
    time_s: float | None = None

    @property
    def value(self) -> bytes:
        """The hash of the frame as it stands."""
        return self.dihedral[:PDQ_BYTES]

    def orientations(self) -> list[bytes]:
        """Return the eight hashes."""
        return [self.dihedral[at : at + PDQ_BYTES] for at in range(0, len(self.dihedral), PDQ_BYTES)]


@dataclass(frozen=True, slots=True)
class MediaHashes:
    """What the decode process found in one medium."""

    frames: tuple[FrameHash, ...]
    flags: frozenset[str]


def frame_reply(frame: int, variant: str, hashed: PdqHash, *, time_s: float | None = None) -> dict[str, Any]:
    """Return one frame's part of a reply."""
    return {
        "frame": frame,
        "variant": variant,
        "quality": hashed.quality,
        "pdq": b"".join(hashed.dihedral).hex(),
        "time_s": time_s,
    }


def read_reply(reply: dict[str, Any]) -> MediaHashes:
    """Return the hashes in a reply.

    Raises:
        DecoderDied: If the reply is not of the agreed shape.
    """
    try:
        frames = reply["frames"]
        if len(frames) > MAX_FRAMES:
            raise ValueError("too many frames")
        flags = frozenset(str(flag) for flag in reply["flags"])
        if not all(_FLAG.fullmatch(flag) for flag in flags):
            raise ValueError("flag")
        return MediaHashes(tuple(_read_frame(frame) for frame in frames), flags)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DecoderDied("the decode process gave a reply that makes no sense") from None


def _read_frame(frame: dict[str, Any]) -> FrameHash:
    dihedral = bytes.fromhex(frame["pdq"])
    quality = int(frame["quality"])
    time_s = None if frame["time_s"] is None else float(frame["time_s"])
    if len(dihedral) != PDQ_BYTES * len(ORIENTATIONS) or not 0 <= quality <= 100:
        raise ValueError("frame")
    if frame["variant"] not in _VARIANTS or not 0 <= int(frame["frame"]) < 2**31:
        raise ValueError("frame")
    return FrameHash(int(frame["frame"]), frame["variant"], quality, dihedral, time_s)
