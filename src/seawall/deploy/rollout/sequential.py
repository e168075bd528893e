"""A test of a rate that may be looked at after every trial: betting against the hypothesis (reference: 3.3).

Pure. Whoever bets against a true hypothesis has, at any time and under any rule for stopping, at most a chance of alpha
of ever holding 1/alpha times the capital that they began with. The capital depends on counts alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STAKES = (0.2, 0.5, 0.8, 0.95, 0.99, 0.999)
"""Shares of the largest possible stake on `no breach`; the capital is the mean over them."""

STOP_STAKES = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5)
"""The same on `breach`. Breaches are rare and pay well, so that large stakes would be lost before the first."""


@dataclass(frozen=True, slots=True)
class BettingTest:
    """An anytime-valid test of the rate of breaches.

    Attributes:
        rate: The bar p0. Bets against `p >= rate`: enough capital shows that the rate is below.
        alpha: Largest chance of a false claim, over all looks together; of either claim.
        stop_rate: Bets against `p <= stop_rate`: enough capital shows that the rate is above. None for `rate`.
    """

    rate: float
    alpha: float = 0.05
    stop_rate: float | None = None

    def __post_init__(self) -> None:
        stop = self.rate if self.stop_rate is None else self.stop_rate
        if not 0 < self.rate < 1 or not 0 < stop < 1:
            raise ValueError("a rate lies between 0 and 1")
        if not 0 < self.alpha < 1:
            raise ValueError("alpha lies between 0 and 1")
        if stop < self.rate:
            raise ValueError("the rate that stops is not below the bar")

    @property
    def goal(self) -> float:
        """Logarithm of the capital at which a claim is made."""
        return -math.log(self.alpha)

    def log_capital(self, trials: int, breaches: int) -> float:
        """Return the logarithm of the capital K_t of the bets against `p >= rate`."""
        good = _good(trials, breaches)
        odds = self.rate / (1 - self.rate)
        return _log_mean(
            [breaches * math.log1p(-stake) + good * math.log1p(stake * odds) for stake in STAKES],
        )

    def log_stop_capital(self, trials: int, breaches: int) -> float:
        """Return the logarithm of the capital of the bets against `p <= stop_rate`."""
        good = _good(trials, breaches)
        stop = self.rate if self.stop_rate is None else self.stop_rate
        odds = (1 - stop) / stop
        return _log_mean(
            [breaches * math.log1p(stake * odds) + good * math.log1p(-stake) for stake in STOP_STAKES],
        )

    def shows_below(self, trials: int, breaches: int) -> bool:
        """Say whether these counts, reached at any time, show that the rate is below the bar."""
        return self.log_capital(trials, breaches) >= self.goal

    def shows_above(self, trials: int, breaches: int) -> bool:
        """Say whether these counts, reached at any time, show that the rate is above the rate that stops."""
        return self.log_stop_capital(trials, breaches) >= self.goal

    def trials_needed(self, breaches: int = 0) -> int:
        """Return the least number of trials that show the rate to be below the bar despite so many breaches."""
        low, high = breaches, max(2 * breaches, 1)
        while not self.shows_below(high, breaches):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            if self.shows_below(middle, breaches):
                high = middle
            else:
                low = middle
        return high


def _good(trials: int, breaches: int) -> int:
    if not 0 <= breaches <= trials:
        raise ValueError("breaches lie between 0 and the number of trials")
    return trials - breaches


def _log_mean(logs: list[float]) -> float:
    top = max(logs)
    return top + math.log(math.fsum(math.exp(each - top) for each in logs) / len(logs))
