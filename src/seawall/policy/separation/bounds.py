"""Exact bounds on a rate from a count: what a sample of harmless items proves, and how many items it takes.

Bounds err on the safe side: what is returned is never below the exact value, up to the rounding of floating point.
"""

from __future__ import annotations

import math

_STEPS = 200
_TINY = 1e-300
_SLACK = 1e-9
"""Share of a probability by which a tail that is almost excluded still counts as possible."""


def binomial_upper(count: int, trials: int, confidence: float = 0.95) -> float:
    """Return the one-sided Clopper-Pearson upper bound on a rate.

    If the true rate were higher, a count this low would come up in less than `1 - confidence` of all samples.

    Args:
        count: How often it happened.
        trials: Out of how many independent trials; 0 trials prove nothing, and the bound is 1.
        confidence: How sure the bound is to hold, in (0, 1).
    """
    _check(count, trials, confidence)
    if count == trials:
        return 1.0
    alpha = 1 - confidence
    if count == 0:
        return -math.expm1(math.log(alpha) / trials)
    low, high = count / trials, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if binomial_cdf(count, trials, middle) > alpha:
            low = middle
        else:
            high = middle
    return high


def binomial_cdf(count: int, trials: int, rate: float) -> float:
    """Return the probability of at most `count` in `trials` at a true rate."""
    if count >= trials or rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    return _beta(trials - count, count + 1, math.log1p(-rate), math.log(rate), 1 - rate, rate)


def finite_upper(count: int, sample: int, population: int, confidence: float = 0.95) -> int:
    """Return the exact upper bound on a count in a finite population from a sample without replacement.

    It is the largest number in the population at which a count this low still comes up in more than `1 - confidence` of
    all samples (hypergeometric). The larger the part that is sampled, the tighter it is; sampling all gives the count.

    Args:
        count: How often it happened in the sample.
        sample: Size of the sample.
        population: Size of the population.
        confidence: How sure the bound is to hold, in (0, 1).
    """
    _check(count, sample, confidence)
    if sample > population:
        raise ValueError("a sample without replacement is at most the population")
    alpha = (1 - confidence) * (1 - _SLACK)
    low, high = count, population - (sample - count)
    while low < high:
        middle = (low + high + 1) // 2
        if hypergeometric_cdf(count, sample, population, middle) > alpha:
            low = middle
        else:
            high = middle - 1
    return low


def hypergeometric_cdf(count: int, sample: int, population: int, marked: int) -> float:
    """Return the probability of at most `count` marked in a sample without replacement."""
    least = max(0, sample - (population - marked))
    if count < least:
        return 0.0
    if count >= min(sample, marked):
        return 1.0
    clear = population - marked
    # The chance of the least count, as a product of ratios that keeps its precision in huge populations.
    if least == 0:
        few, many = (sample, marked) if sample <= marked else (marked, sample)
        log = math.fsum(math.log1p(-many / (population - place)) for place in range(few))
    else:
        log = math.fsum(math.log((sample - place) / (population - place)) for place in range(clear))
    logs = [log]
    for taken in range(least, count):
        up = (marked - taken) * (sample - taken)
        down = (taken + 1) * (clear - sample + taken + 1)
        log += math.log(up) - math.log(down)
        logs.append(log)
    top = max(logs)
    return min(1.0, math.exp(top) * math.fsum(math.exp(each - top) for each in logs))


def smallest_sample(rate: float, confidence: float = 0.95, count: int = 0) -> int:
    """Return the smallest sample in which `count` findings still prove a rate of at most `rate`."""
    if not 0 < rate < 1:
        raise ValueError("a rate lies between 0 and 1")
    low, high = count, max(count + 1, 1)
    while binomial_upper(count, high, confidence) > rate:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if binomial_upper(count, middle, confidence) <= rate:
            high = middle
        else:
            low = middle
    return high


def largest_count(trials: int, rate: float, confidence: float = 0.95) -> int | None:
    """Return the most findings in a sample that still prove a rate of at most `rate`; None if not even 0 do."""
    if trials <= 0 or binomial_upper(0, trials, confidence) > rate:
        return None
    low, high = 0, trials
    while high - low > 1:
        middle = (low + high) // 2
        if binomial_upper(middle, trials, confidence) <= rate:
            low = middle
        else:
            high = middle
    return low


def _check(count: int, trials: int, confidence: float) -> None:
    if not 0 <= count <= trials:
        raise ValueError("a count lies between 0 and the number of trials")
    if not 0 < confidence < 1:
        raise ValueError("a confidence lies between 0 and 1")


def _beta(first: int, second: int, log_x: float, log_y: float, x: float, y: float) -> float:
    """Return the regularised incomplete beta function at x, where y = 1 - x."""
    if x > (first + 1) / (first + second + 2):
        return 1 - _beta(second, first, log_y, log_x, y, x)
    front = math.lgamma(first + second) - math.lgamma(first) - math.lgamma(second) + first * log_x + second * log_y
    return min(1.0, math.exp(front) * _fraction(first, second, x) / first)


def _fraction(first: int, second: int, x: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    total = first + second
    c, d = 1.0, 1 / _away(1 - total * x / (first + 1))
    value = d
    for step in range(1, 100_000):
        double = 2 * step
        even = step * (second - step) * x / ((first + double - 1) * (first + double))
        odd = -(first + step) * (total + step) * x / ((first + double) * (first + double + 1))
        for term in (even, odd):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return value


def _away(value: float) -> float:
    """Keep a denominator away from zero."""
    return value if abs(value) > _TINY else _TINY
