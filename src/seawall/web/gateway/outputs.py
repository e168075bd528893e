"""Checked pictures, kept in memory for a while under addresses that nobody can guess."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

PATH = "/v1/seawall/outputs/"


@dataclass(frozen=True, slots=True)
class Output:
    """One picture.

    Attributes:
        data: Its bytes.
        kind: Its content type.
        until: When it is gone.
    """

    data: bytes = field(repr=False)
    kind: str
    until: float


class Outputs:
    """Keeps pictures; the oldest go first.

    Args:
        size: Most bytes.
        seconds: How long each is kept.
        clock: Tells seconds.
    """

    def __init__(self, size: int = 256 << 20, seconds: float = 3600, clock: Callable[[], float] = time.monotonic):
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._held: OrderedDict[str, Output] = OrderedDict()
        self._used = 0

    def keep(self, data: bytes, kind: str) -> str:
        """Keep a picture, and return the path under which it is."""
        self._expire()
        token = secrets.token_urlsafe(32)
        self._held[token] = Output(data, kind, self._clock() + self._seconds)
        self._used += len(data)
        while self._used > self._size and len(self._held) > 1:
            self._drop(next(iter(self._held)))
        return PATH + token

    def get(self, token: str) -> Output | None:
        """Return a picture that is still kept."""
        self._expire()
        return self._held.get(token)

    def _expire(self) -> None:
        now = self._clock()
        while self._held and next(iter(self._held.values())).until <= now:
            self._drop(next(iter(self._held)))

    def _drop(self, token: str) -> None:
        self._used -= len(self._held.pop(token).data)


_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def kind_of(data: bytes) -> str:
    """Return the content type of a picture by its first bytes; a page or a script never gets one of its own."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in _SIGNS if data.startswith(sign)), "application/octet-stream")
