"""Kappa and alpha give the values of published worked examples, and say nothing where there is nothing to say."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from seawall.maintain.review import cohen_kappa, krippendorff_alpha

# Krippendorff, K. (2011), "Computing Krippendorff's Alpha-Reliability", University of Pennsylvania,
# https://repository.upenn.edu/asc_papers/43: its binary data (two observers), nominal data (two observers), and nominal
# data with missing values (four observers), with the alphas that the paper works out.
BINARY = ("0100000010", "1110010000")
NOMINAL = ("aabbdcccedda", "babbbccceddd")
FOUR = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def _units(*raters: str) -> list[list[str | None]]:
    return [[None if value == "." else value for value in unit] for unit in zip(*raters, strict=True)]


@pytest.mark.parametrize(("raters", "alpha"), [(BINARY, 0.095), (NOMINAL, 0.692), (FOUR, 0.743)])
def test_alpha_is_that_of_krippendorffs_worked_examples(raters: tuple[str, ...], alpha: float) -> None:
    found = krippendorff_alpha(_units(*raters))
    assert found is not None
    assert round(found, 3) == alpha


def _table(rows: list[list[int]]) -> list[tuple[int, int]]:
    return [(one, other) for one, row in enumerate(rows) for other, count in enumerate(row) for _ in range(count)]


@pytest.mark.parametrize(
    ("rows", "kappa"),
    [
        # Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 3rd edition (2003), section 18.1,
        # table 18.1: two raters and three diagnoses, 100 subjects.
        ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], 0.68),
        # The example of grant proposals in "Cohen's kappa", Wikipedia: 50 proposals, two readers.
        ([[20, 5], [10, 15]], 0.40),
        # There too: equal agreement in percent, and unequal kappa, 100 proposals each.
        ([[45, 15], [25, 15]], 0.13),
        ([[25, 35], [5, 35]], 0.26),
    ],
)
def test_kappa_is_that_of_published_tables(rows: list[list[int]], kappa: float) -> None:
    found = cohen_kappa(_table(rows))
    assert found is not None
    assert round(found, 2) == kappa


def test_nothing_is_said_where_agreement_cannot_be_told() -> None:
    assert cohen_kappa([]) is None
    assert cohen_kappa([("a", "a")] * 5) is None
    assert krippendorff_alpha([]) is None
    assert krippendorff_alpha([["a", None], [None, "b"]]) is None
    assert krippendorff_alpha([["a", "a"]] * 5) is None


def test_full_agreement_is_one_and_full_disagreement_is_below_nothing() -> None:
    assert cohen_kappa([("a", "a"), ("b", "b")]) == 1
    assert krippendorff_alpha([["a", "a"], ["b", "b"]]) == 1
    assert cohen_kappa([("a", "b"), ("b", "a")]) == -1
    assert (krippendorff_alpha([["a", "b"], ["b", "a"]]) or 0) < 0


_labels = st.sampled_from("abcd")


@given(st.lists(st.tuples(_labels, _labels), min_size=1, max_size=40))
def test_kappa_is_that_of_another_implementation(pairs: list[tuple[str, str]]) -> None:
    found = cohen_kappa(pairs)
    if found is None:
        assert len({label for pair in pairs for label in pair}) == 1
    else:
        assert found == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)), abs=1e-9)


@given(st.lists(st.lists(st.one_of(st.none(), _labels), max_size=5), max_size=25))
def test_alpha_is_what_its_definition_by_pairs_says(units: list[list[str | None]]) -> None:
    coincidences: Counter[tuple[str, str]] = Counter()
    for unit in units:
        said = [label for label in unit if label is not None]
        for place, one in enumerate(said):
            for other_place, other in enumerate(said):
                if place != other_place:
                    coincidences[one, other] += 1 / (len(said) - 1)  # type: ignore[assignment]  # shares, not counts
    total = sum(coincidences.values())
    by_label: Counter[str] = Counter()
    for (one, _), weight in coincidences.items():
        by_label[one] += weight
    found = krippendorff_alpha(units)
    if len(by_label) < 2:
        assert found is None
        return
    observed = sum(weight for (one, other), weight in coincidences.items() if one != other) / total
    expected = sum(by_label[one] * by_label[other] for one in by_label for other in by_label if one != other) / (
        total * (total - 1)
    )
    assert found == pytest.approx(1 - observed / expected, abs=1e-9)
    assert found == krippendorff_alpha([unit[::-1] for unit in units])
