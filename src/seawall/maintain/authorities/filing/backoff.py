"""How long to wait before another try: full jitter, from a second to a quarter of an hour, without an end."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

FIRST, LONGEST = timedelta(seconds=1), timedelta(minutes=15)
ALARMS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
"""After so long without success a person is told, each time more urgently."""


def _share() -> float:
    return secrets.randbelow(1 << 53) / (1 << 53)


def delay(tries: int, share: Callable[[], float] = _share) -> timedelta:
    """Return how long to wait.

    Args:
        tries: How often it was tried without success; at least one.
        share: Draws from [0, 1).
    """
    most = min(LONGEST, FIRST * (1 << min(max(tries, 1) - 1, 20)))
    return most * share()
