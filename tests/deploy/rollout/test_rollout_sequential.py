"""The betting test: the table of the method, its promise about false claims, and its power."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.deploy.rollout import BettingTest

ONE_PERCENT = BettingTest(0.01, 0.05)


def _first(test: BettingTest, rate: float, horizon: int, seed: random.Random, above: bool = False) -> int | None:
    breaches = 0
    for trials in range(1, horizon + 1):
        breaches += seed.random() < rate
        # Claims of safety change only after good trials, the others only after breaches; looking always is the same.
        if test.shows_above(trials, breaches) if above else test.shows_below(trials, breaches):
            return trials
    return None


def test_one_percent_at_five_percent_takes_351_trials_without_a_breach() -> None:
    assert ONE_PERCENT.trials_needed() == 351
    assert not ONE_PERCENT.shows_below(350, 0)
    assert ONE_PERCENT.shows_below(351, 0)


def test_the_capital_is_the_mean_over_the_grid_of_the_method() -> None:
    grid = (0.2, 0.5, 0.8, 0.95, 0.99, 0.999)
    capital = sum((1 - each) ** 2 * (1 + each * 0.01 / 0.99) ** 500 for each in grid) / 6
    assert math.exp(ONE_PERCENT.log_capital(502, 2)) == pytest.approx(capital)


def test_false_claims_are_rarer_than_alpha_at_the_bar() -> None:
    seed = random.Random(7)
    claims = sum(_first(ONE_PERCENT, 0.01, 1500, seed) is not None for _ in range(200))
    # Alpha is 5 %; the method's own figure is 3.1 % over 3,000 trials.
    assert claims <= 16


def test_false_stops_are_rarer_than_alpha_at_the_bar() -> None:
    seed = random.Random(8)
    stops = sum(_first(ONE_PERCENT, 0.01, 1500, seed, above=True) is not None for _ in range(200))
    assert stops <= 16


def test_a_good_model_passes_and_a_bad_one_stops_early() -> None:
    seed = random.Random(9)
    good = [_first(ONE_PERCENT, 0.002, 3000, seed) for _ in range(40)]
    assert all(good)
    bad = sorted(_first(ONE_PERCENT, 0.05, 3000, seed, above=True) or 9999 for _ in range(40))
    assert bad[20] < 200
    assert bad[-1] < 3000


def test_one_breach_in_the_first_check_stops_nothing() -> None:
    assert not ONE_PERCENT.shows_above(1, 1)
    assert ONE_PERCENT.shows_above(3, 3)


def test_a_higher_rate_that_stops_is_harder_to_reach() -> None:
    lenient = BettingTest(0.01, 0.05, stop_rate=0.1)
    assert ONE_PERCENT.shows_above(50, 6)
    assert not lenient.shows_above(50, 6)


@given(
    st.floats(0.0005, 0.5),
    st.floats(0.001, 0.4),
    st.integers(0, 20_000),
    st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_no_counts_show_both_and_a_breach_never_helps(rate: float, alpha: float, trials: int, share: float) -> None:
    test = BettingTest(rate, alpha)
    breaches = int(trials * share)
    assert not (test.shows_below(trials, breaches) and test.shows_above(trials, breaches))
    assert test.log_capital(trials + 1, breaches + 1) < test.log_capital(trials, breaches)
    assert test.log_capital(trials + 1, breaches) > test.log_capital(trials, breaches)


@given(st.floats(0.001, 0.5), st.floats(0, 1))
def test_each_bet_is_fair_at_its_bar(rate: float, more: float) -> None:
    """The expected capital after one trial never exceeds 1 while the hypothesis that it bets against is true."""
    test = BettingTest(rate)
    worse = rate + (1 - rate) * more
    expected = worse * math.exp(test.log_capital(1, 1)) + (1 - worse) * math.exp(test.log_capital(1, 0))
    assert expected <= 1 + 1e-9
    better = rate * (1 - more)
    stop = better * math.exp(test.log_stop_capital(1, 1)) + (1 - better) * math.exp(test.log_stop_capital(1, 0))
    assert stop <= 1 + 1e-9


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"rate": 1}, {"rate": 0.1, "alpha": 0}, {"rate": 0.1, "stop_rate": 0.05}]
)
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"rate|alpha"):
        BettingTest(**wrong)
    with pytest.raises(ValueError, match="breaches"):
        ONE_PERCENT.log_capital(3, 4)
