"""What videos were asked for with, by job, so that a video is checked together with its prompt. Bounded; in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seawall.deploy.gateway.pieces import Pieces

_MOST = 10_000
_MOST_CHARACTERS = 64 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """One video that was asked for.

    Attributes:
        owner: Who may have it: the account of the header, or of the key.
        pieces: What it was asked for with, without media.
        meta: What its checks say of it.
    """

    owner: str
    pieces: Pieces
    meta: Mapping[str, Any] = field(repr=False)


class Jobs:
    """Remembers jobs; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._size = 0

    def remember(self, identity: str, owner: str, pieces: Pieces, meta: Mapping[str, Any]) -> None:
        """Remember a job. One that is known already keeps its owner."""
        if identity in self._jobs:
            return
        kept = Pieces(pieces.prompt, system=pieces.system, negative=pieces.negative)
        self._jobs[identity] = Job(owner, kept, meta)
        self._size += _weight(kept)
        while len(self._jobs) > _MOST or (self._size > _MOST_CHARACTERS and len(self._jobs) > 1):
            _, gone = self._jobs.popitem(last=False)
            self._size -= _weight(gone.pieces)

    def get(self, identity: str, owner: str) -> Job | None:
        """Return a job of an account."""
        job = self._jobs.get(identity)
        return job if job is not None and job.owner == owner else None


def _weight(pieces: Pieces) -> int:
    return len(pieces.prompt) + len(pieces.system or "") + len(pieces.negative or "")
