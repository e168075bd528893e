"""How a guard is set up: which detectors, how long a check may take, how much may wait."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seawall.errors import UsageError

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class GuardOptions:
    """Options of a guard. There is none that makes it fail open.

    Attributes:
        detectors: Ids of detectors; empty for the default: term packs, and every picture detector whose model files
            are installed; `canary` alone for a rehearsal. Canary words are looked for in any case.
        deadline: Seconds that a check may take; what has not answered by then has timed out, and policy decides.
        slow_deadline: The same of fine-tuning jobs.
        queue: Most checks that may be under way at once; more are refused as busy.
        queue_bytes: Most bytes of text and attachments that may be under way at once.
        batch: Most checks that are examined and recorded together.
        media_threads: Media that are examined at once.
        scorers: Calls of slow text detectors (models, services) that run at once.
        policy: File of the guard policy; None for the active one.
        hold_back: Characters of a stream that are held back at least.
        workers: Processes that share the traffic; each allows its part of the rates.
        warm: Whether decoders and picture detectors are started before the guard is given out, so that no request
            waits for them.
    """

    detectors: tuple[str, ...] = ()
    deadline: float = 20.0
    slow_deadline: float = 150.0
    queue: int = 1024
    queue_bytes: int = 512 * _MIB
    batch: int = 256
    media_threads: int = 2
    scorers: int = 4
    policy: Path | None = None
    hold_back: int = 200
    workers: int = 1
    warm: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.deadline <= 3600 or not 0 < self.slow_deadline <= 36_000:
            raise UsageError("the deadline of a check is over 0 and at most 3600 seconds, of a slow one 36000")
        for name in ("queue", "queue_bytes", "batch", "media_threads", "scorers", "workers"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} of the guard is at least 1")
        if not 0 <= self.hold_back <= 100_000:
            raise UsageError("hold_back is 0 to 100000 characters")
