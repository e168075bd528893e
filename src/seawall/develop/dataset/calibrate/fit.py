"""A threshold from scores of harmless items: the lowest that keeps an alarm rate, with a proof.

Let n scores be drawn independently. A threshold above the (k+1)-th largest has a true alarm rate of more than r only
if at most k of the n fell into the top r of the distribution; that has the chance of at most k in n trials at rate r.
So if the Clopper-Pearson bound on k of n is at most r, the rate is kept with the stated confidence, although the
threshold was taken from the same scores. Ties and steps only make it safer. Nothing is assumed of the distribution.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from seawall.develop.dataset.calibrate.errors import OutOfReach, SampleTooSmall
from seawall.policy.separation import binomial_upper, largest_count, smallest_sample

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999, 1.0)
_STEP = 1e-6


@dataclass(frozen=True, slots=True)
class Fit:
    """A threshold and what supports it.

    Attributes:
        threshold: Scores from here on are alarms.
        items: Items that were scored.
        abstained: Items that could not be scored; the statement is not about them.
        allowed: Most alarms in the sample that still prove the rate.
        alarms: Alarms in the sample at the threshold.
        rate_upper: Upper bound on the alarm rate, at the confidence asked for.
        raised: Why the threshold is higher than the scores alone asked for; empty if it is not.
        quantiles: Scores of the sample at a few shares, by share.
    """

    threshold: float
    items: int
    abstained: int
    allowed: int
    alarms: int
    rate_upper: float
    raised: str
    quantiles: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def fit(
    name: str,
    scores: Sequence[float],
    abstained: int,
    *,
    rate: float,
    confidence: float,
    least: float,
    least_reason: str,
    most: float,
) -> Fit:
    """Fit one threshold.

    Args:
        name: Name of the threshold, for errors.
        scores: Scores of harmless items.
        abstained: How many harmless items have no score.
        rate: Alarm rate that is to be kept.
        confidence: How sure it is to be kept.
        least: The threshold is not lower than this; a higher one alarms less, so the rate is kept still.
        least_reason: Why.
        most: The threshold may not be higher than this: a detector that only speaks up beyond it finds too little.

    Raises:
        SampleTooSmall: If not even a sample without any alarm would prove the rate.
        OutOfReach: If the threshold would be too high.
    """
    allowed = largest_count(len(scores), rate, confidence)
    if allowed is None:
        needed = smallest_sample(rate, confidence)
        raise SampleTooSmall(
            f"{name}: {len(scores):,} scored items cannot support an alarm rate of {rate:g} "
            f"at {confidence:g} confidence",
            hint=f"at least {needed:,} different items are needed, and more if any of them alarms",
        )
    rising = sorted(scores)
    above = rising[-1 - allowed] if allowed < len(rising) else 0.0
    fitted = (math.floor(above / _STEP) + 1) * _STEP
    while fitted <= above:
        fitted += _STEP
    threshold = round(max(fitted, least), 6)
    if threshold <= above:
        threshold = max(fitted, least)
    if threshold > most:
        raise OutOfReach(f"{name} would be {threshold:.4g}, and may be {most:g} at most")
    alarms = len(rising) - bisect_left(rising, threshold)
    return Fit(
        threshold=threshold,
        items=len(rising),
        abstained=abstained,
        allowed=allowed,
        alarms=alarms,
        rate_upper=binomial_upper(alarms, len(rising), confidence),
        raised=least_reason if least > fitted else "",
        quantiles={f"{share:g}": _quantile(rising, share) for share in QUANTILES},
    )


def _quantile(rising: Sequence[float], share: float) -> float:
    """Return the score that this share of the sample does not exceed."""
    return round(rising[max(0, math.ceil(share * len(rising)) - 1)], 6)
