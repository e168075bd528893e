"""Bounds are exact: against SciPy, by enumeration of all outcomes, and by simulation."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seawall.policy.separation.bounds import (
    binomial_cdf,
    binomial_upper,
    finite_upper,
    hypergeometric_cdf,
    largest_count,
    smallest_sample,
)

confidences = st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999])


@given(st.integers(1, 200_000), st.floats(0, 1), confidences)
def test_the_binomial_bound_agrees_with_scipy(trials: int, part: float, confidence: float) -> None:
    count = min(trials - 1, int(part**3 * trials))
    expected = stats.beta.ppf(confidence, count + 1, trials - count)
    assert binomial_upper(count, trials, confidence) == pytest.approx(expected, rel=1e-8)


@given(st.integers(1, 20_000), st.floats(0, 1), st.floats(0, 1))
def test_the_binomial_distribution_agrees_with_scipy(trials: int, part: float, rate: float) -> None:
    count = int(part * trials)
    assert binomial_cdf(count, trials, rate) == pytest.approx(stats.binom.cdf(count, trials, rate), abs=1e-9)


@given(st.integers(1, 50_000), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_hypergeometric_distribution_agrees_with_scipy(
    population: int, sample_part: float, marked_part: float, part: float
) -> None:
    sample, marked = max(1, int(sample_part * population)), int(marked_part * population)
    count = int(part**2 * sample)
    expected = stats.hypergeom.cdf(count, population, marked, sample)
    assert hypergeometric_cdf(count, sample, population, marked) == pytest.approx(expected, abs=1e-8)


def test_no_leak_in_three_hundred_bounds_the_rate_at_one_percent() -> None:
    assert binomial_upper(0, 300) == pytest.approx(0.00994, abs=5e-6)
    assert smallest_sample(0.01) == 299
    assert smallest_sample(0.001, 0.99) == 4603


def test_nothing_seen_proves_nothing() -> None:
    assert binomial_upper(0, 0) == 1.0
    assert finite_upper(0, 0, 50) == 50
    assert binomial_upper(3, 3) == 1.0
    assert largest_count(0, 0.5) is None
    assert largest_count(298, 0.01) is None


@pytest.mark.parametrize("arguments", [(-1, 3), (4, 3), (0, 3, 0.0), (0, 3, 1.0), (0, 3, math.nan)])
def test_what_is_no_count_is_refused(arguments: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="between"):
        binomial_upper(*arguments)
    with pytest.raises(ValueError, match="population"):
        finite_upper(0, 4, 3)


@given(st.integers(1, 3000), st.floats(0.001, 0.5), confidences)
def test_the_largest_count_is_the_largest(trials: int, rate: float, confidence: float) -> None:
    count = largest_count(trials, rate, confidence)
    if count is None:
        assert trials < smallest_sample(rate, confidence)
    else:
        assert binomial_upper(count, trials, confidence) <= rate
        assert count + 1 >= trials or binomial_upper(count + 1, trials, confidence) > rate
        assert smallest_sample(rate, confidence, count) <= trials


@pytest.mark.parametrize("trials", [1, 20, 100, 299, 1000])
@pytest.mark.parametrize("rate", [0.0005, 0.004, 0.01, 0.05, 0.3])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_the_bound_holds_at_its_confidence_over_all_outcomes(trials: int, rate: float, confidence: float) -> None:
    """Not a simulation: the chance of every outcome is added up."""
    holds = math.fsum(
        float(stats.binom.pmf(count, trials, rate))
        for count in range(trials + 1)
        if stats.binom.pmf(count, trials, rate) > 1e-12 and binomial_upper(count, trials, confidence) >= rate
    )
    assert holds >= confidence - 1e-9


@pytest.mark.parametrize(("population", "sample", "marked"), [(50, 10, 3), (400, 60, 9), (2000, 300, 20), (90, 90, 7)])
def test_the_finite_bound_holds_at_its_confidence_over_all_outcomes(population: int, sample: int, marked: int) -> None:
    holds = math.fsum(
        float(stats.hypergeom.pmf(count, population, marked, sample))
        for count in range(min(sample, marked) + 1)
        if finite_upper(count, sample, population) >= marked
    )
    assert holds >= 0.95 - 1e-9


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_the_finite_bound_is_the_largest_count_that_is_not_excluded(
    population: int, sample_part: float, part: float
) -> None:
    sample = int(sample_part * population)
    count = int(part * sample)
    bound = finite_upper(count, sample, population)
    assert count <= bound <= population - (sample - count)
    assert bound <= population * binomial_upper(count, sample) + 1
    if bound < population - (sample - count):
        assert stats.hypergeom.cdf(count, population, bound + 1, sample) <= 0.05 + 1e-9
    if sample == population:
        assert bound == count


def test_huge_populations_keep_their_precision() -> None:
    bound = finite_upper(0, 300, 5_000_000_000)
    assert bound == pytest.approx(5_000_000_000 * binomial_upper(0, 300), rel=1e-6)


@pytest.mark.parametrize(("trials", "rate"), [(150, 0.002), (300, 0.01), (1000, 0.03)])
def test_simulated_audits_are_covered_at_the_stated_confidence(trials: int, rate: float) -> None:
    runs = 4000
    counts = np.random.default_rng(20).binomial(trials, rate, runs)
    bounds = {count: binomial_upper(int(count), trials, 0.95) for count in set(counts)}
    covered = sum(bounds[count] >= rate for count in counts) / runs
    assert covered >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / runs)


def test_simulated_samples_without_replacement_are_covered() -> None:
    chance, runs, population, sample, marked = random.Random(5), 1500, 700, 120, 8
    bounds = {count: finite_upper(count, sample, population) for count in range(marked + 1)}
    covered = sum(
        bounds[sum(each < marked for each in chance.sample(range(population), sample))] >= marked for _ in range(runs)
    )
    assert covered / runs >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / runs)
