"""A circuit breaker: a detector that keeps failing is left alone for a while, and then tried once.

While it is open nothing is sent to the detector, so that one that hangs costs a few deadlines, not one for each item.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Opens after so many failures in a row; after a cool-down it lets a single item try.

    Args:
        failures: Failures in a row that open it.
        cool_down: Seconds that it stays open before it lets one item through.
        clock: Monotonic seconds.
    """

    def __init__(
        self, failures: int = 5, cool_down: float = 30.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = failures
        self._cool_down = cool_down
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None

    @property
    def allowed(self) -> int:
        """How many items may be tried at once: 0 while open, 1 once it has cooled down, otherwise any number."""
        if self._opened is None:
            return 1 << 31
        return 1 if self._clock() - self._opened >= self._cool_down else 0

    def succeeded(self) -> None:
        """Note that the detector answered: it is closed again."""
        self._failures = 0
        self._opened = None

    def failed(self) -> None:
        """Note that it failed; the last failure that is too many opens it, and so does one after a cool-down."""
        self._failures += 1
        if self._opened is not None or self._failures >= self._most:
            self._opened = self._clock()
