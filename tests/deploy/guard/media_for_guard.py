"""Files and stand-in detectors for tests of the guard's media side."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image

from seawall.canary.draw import variants
from seawall.detectors.contract import Detector, Info, Input, Result
from seawall.testing import StandInDetector, scores_of


class Stubs:
    """Open detectors that answer as a test says.

    Attributes:
        asked: For each call, how many pictures there were, and whether they had passed the hash stage.
    """

    def __init__(self, *detectors: Detector) -> None:
        self._detectors = detectors
        self.asked: list[tuple[int, bool]] = []
        self.fingerprint = "stubs"
        self.closed = False

    @property
    def infos(self) -> tuple[Info, ...]:
        return tuple(each.info for each in self._detectors)

    def score(self, items: Sequence[Input], *, hashed: bool) -> list[dict[str, Result]]:
        self.asked.append((len(items), hashed))
        answers = {each.info.id: scores_of(each, items) for each in self._detectors}
        return [{name: given[place] for name, given in answers.items()} for place in range(len(items))]

    def close(self) -> None:
        self.closed = True


def stand_in(answer: Mapping[str, float] | Result | Callable[[Input], Mapping[str, float] | Result]) -> StandInDetector:
    """Return a detector that gives one answer to all."""
    return StandInDetector(answer if callable(answer) else lambda item: answer)


def photo(seed: int = 1, *, size: tuple[int, int] = (320, 240), format: str = "JPEG") -> bytes:
    """Return a picture of blurred noise, which no list has."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8))
    out = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(out, format)
    return out.getvalue()


def canary(concepts: str, seed: int = 1, *, blurred: bool = False) -> bytes:
    """Return a drawn canary; `a`, `ab` and so on say what is in it."""
    picture = next(variants(tuple(concepts), 1, seed, blurred=blurred)).picture
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of_a_size(side: int) -> bytes:
    """Return a PNG whose header claims a size that it has no pixels for."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(bytes(100)))


def gif_of_many(frames: int, side: int = 16) -> bytes:
    """Return an animation of so many frames, each of another colour map position."""
    out = io.BytesIO()
    first = Image.fromarray(np.tile(np.arange(side, dtype=np.uint8) * 15, (side, 1)))
    first.save(out, "GIF")
    whole = out.getvalue()
    start = whole.index(b"\x2c", 13)
    return whole[:start] + whole[start:-1] * frames + b"\x3b"
