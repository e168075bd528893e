"""A clock that tests set forward: it goes on by itself from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock


class VirtualClock:
    """Tells the time, as far ahead of the machine's own as it was set."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the moment, in UTC."""
        with self._lock:
            return datetime.now(UTC) + self._ahead

    def forward(self, seconds: float) -> datetime:
        """Set it forward, and return the moment."""
        with self._lock:
            self._ahead += timedelta(seconds=seconds)
        return self()

    def reset(self) -> None:
        """Tell the machine's own time again."""
        with self._lock:
            self._ahead = timedelta()
