"""How well raters agree beyond chance: Cohen's kappa for two, Krippendorff's alpha for any number, nominal labels.

Pure functions. Where agreement cannot be told, for example because everything got one label, they say so with None
rather than with a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from seawall.errors import UsageError

_Label = TypeVar("_Label", bound=Hashable)


def cohen_kappa(pairs: Iterable[tuple[_Label, _Label]]) -> float | None:
    """Return Cohen's kappa of two raters.

    Args:
        pairs: What the first and the second said of each unit that both rated.

    Returns:
        1 if they agree on all, 0 if as often as by chance, below if less; None without units, or if both only ever gave
        one and the same label.
    """
    both = list(pairs)
    if not both:
        return None
    count = len(both)
    first, second = Counter(one for one, _ in both), Counter(other for _, other in both)
    observed = sum(one == other for one, other in both)
    # In whole numbers until the last division: equal shares are equal then.
    expected = sum(number * second[label] for label, number in first.items())
    if expected == count * count:
        return None
    return (count * observed - expected) / (count * count - expected)


def krippendorff_alpha(units: Iterable[Sequence[_Label | None]]) -> float | None:
    """Return Krippendorff's alpha for nominal labels.

    Args:
        units: For each unit what raters said of it, None where one said nothing; who said what does not matter.

    Returns:
        1 if all agree, 0 if as often as by chance, below if less; None if no unit was rated twice, or if only one label
        was ever given.
    """
    totals: Counter[_Label] = Counter()
    agreed = pairable = 0.0
    for unit in units:
        given = Counter(label for label in unit if label is not None)
        rated = given.total()
        if rated < 2:
            continue
        pairable += rated
        totals += given
        agreed += sum(number * (number - 1) for number in given.values()) / (rated - 1)
    if not pairable or len(totals) < 2:
        return None
    disagreed = pairable - agreed
    by_chance = (pairable * pairable - sum(number * number for number in totals.values())) / (pairable - 1)
    return 1 - disagreed / by_chance


def confusion(pairs: Iterable[tuple[_Label, _Label]]) -> Mapping[tuple[_Label, _Label], int]:
    """Return how often each pair of labels was given."""
    return Counter(pairs)


def share(right: int, total: int) -> float | None:
    """Return a share, or None of nothing.

    Raises:
        UsageError: If there are more than there are.
    """
    if not 0 <= right <= total:
        raise UsageError("a share is of what there is")
    return right / total if total else None
