"""How long to wait before trying again: full jitter, bounded, never less than the guard asks for."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from seawall.client.errors import Busy, NotDecided, Unreachable

_SOURCE = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts.

    Attributes:
        retries: How often a check is tried again after the first attempt.
        first: Upper bound of the first pause, seconds; it doubles with every attempt.
        longest: No pause is longer. If the guard asks for more, the check is not tried again.
    """

    retries: int = 2
    first: float = 0.2
    longest: float = 10.0
    _random: random.Random = field(default=_SOURCE, repr=False, compare=False)

    def pause(self, attempt: int, error: NotDecided) -> float | None:
        """Return the seconds to wait before the next attempt; None if there is to be none.

        Args:
            attempt: How many attempts there have been before the one that failed.
            error: How it failed.
        """
        if attempt >= self.retries or not isinstance(error, Unreachable | Busy):
            return None
        asked = (error.retry_after or 0.0) if isinstance(error, Busy) else 0.0
        if asked > self.longest:
            return None
        ceiling = min(self.longest, self.first * 2.0 ** min(attempt, 32))
        return max(asked, self._random.uniform(0.0, ceiling))
