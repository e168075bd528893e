"""Counting checks and refusals: what one account may do in a minute, an hour, a day, and when it is probing.

Pure but for its memory: the same calls at the same moments give the same answers. Memory is bounded; who was idle
longest is forgotten first.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from fnmatch import fnmatchcase

from seawall.accounts import Pace

MOST_ACCOUNTS = 50_000
LATE = 86_400.0
"""Seconds for which a refusal makes the next one a repeated one."""

_LENGTHS = {"minute": 60.0, "hour": 3600.0, "day": 86_400.0}
_NOTHING: frozenset[str] = frozenset()


class Rates:
    """How many checks each account asked for, by sliding windows.

    A window is estimated from two fixed ones, the last weighed by how much of it still counts: exact for an even
    flow, and never off by more than the last window held.

    Args:
        pace: The limits.
        workers: How many processes share the traffic; each allows its part.
    """

    def __init__(self, pace: Pace, workers: int = 1) -> None:
        self._limits = [
            (f"rate:{name}", _LENGTHS[name], math.ceil(limit / workers), 3 * place)
            for place, (name, limit) in enumerate(pace.rate.items())
        ]
        self._counts: OrderedDict[str, list[float]] = OrderedDict()

    def count(self, account: str, now: float) -> frozenset[str]:
        """Count a check, and return the limits that it passes."""
        if not self._limits:
            return _NOTHING
        counts = self._counts.get(account)
        if counts is None:
            counts = self._counts[account] = [0.0] * (3 * len(self._limits))
            if len(self._counts) > MOST_ACCOUNTS:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(account)
        passed: list[str] | None = None
        for word, length, limit, place in self._limits:
            window, into = divmod(now, length)
            if counts[place] != window:
                counts[place + 1] = counts[place + 2] if counts[place] == window - 1 else 0.0
                counts[place] = window
                counts[place + 2] = 0.0
            counts[place + 2] += 1
            if counts[place + 2] + counts[place + 1] * (1 - into / length) > limit:
                passed = [*(passed or ()), word]
        return frozenset(passed) if passed else _NOTHING


class Attempts:
    """Who was refused of late, and how often, whatever was checked.

    Args:
        pace: The limits.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._most = pace.refusals or 1
        self._seen: OrderedDict[str, deque[tuple[float, str]]] = OrderedDict()

    def counts(self, rules: Iterable[str]) -> bool:
        """Whether a refusal by these rules is a refused attempt: not if the account's state alone led to it."""
        patterns = self._pace.not_counted
        return any(not any(fnmatchcase(rule, pattern) for pattern in patterns) for rule in rules)

    def add(self, account: str, at: float, digest: str) -> None:
        """Count a refusal. More than the limit need not be remembered."""
        seen = self._seen.get(account)
        if seen is None:
            seen = self._seen[account] = deque(maxlen=self._most)
            if len(self._seen) > MOST_ACCOUNTS:
                self._seen.popitem(last=False)
        else:
            self._seen.move_to_end(account)
        seen.append((at, digest))

    def look(self, account: str, now: float) -> tuple[bool, bool]:
        """Return whether an account is probing, and whether it was refused of late."""
        seen = self._seen.get(account)
        if seen is None:
            return False, False
        repeated = any(at > now - LATE for at, _ in seen)
        if not repeated:
            del self._seen[account]
            return False, False
        if self._pace.refusals is None:
            return False, True
        inside = [digest for at, digest in seen if at > now - self._pace.seconds]
        enough = self._pace.distinct is not None and len(set(inside)) >= self._pace.distinct
        return enough or len(inside) >= self._pace.refusals, True
