"""Is there a point at which a formula holds? A bounded search that answers yes with the point, no, or not known.

Formulas are conditions, closed under and, or, not; leaves are looked up in a space.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from seawall.policy.guard._space import Dimension, Options, Point, Space
from seawall.policy.guard.conditions import AgeIs, AllOf, AnyOf, Condition, Matched, Not
from seawall.policy.guard.facts import AgeSignal

ALWAYS = AllOf(())
NEVER = AnyOf(())
MOST_STEPS = 4000


class Unknown(Exception):
    """The search was too long."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    options: Options


@dataclass(frozen=True, slots=True)
class _And:
    items: tuple[_Formula, ...]


@dataclass(frozen=True, slots=True)
class _Or:
    items: tuple[_Formula, ...]


_Formula = bool | _Leaf | _And | _Or


def find(space: Space, condition: Condition, *, ignored: Sequence[Matched] = (), unless: Condition = NEVER,
         unless_ignored: Sequence[Matched] = ()) -> Point | None:  # fmt: skip
    """Return a point at which `condition` holds and `unless` does not; None if there is none.

    Args:
        space: Where to look.
        condition: What has to hold.
        ignored: Matches that the policy of `condition` leaves out.
        unless: What must not hold.
        unless_ignored: Matches that the policy of `unless` leaves out.

    Raises:
        Unknown: If the search is too long.
    """
    formula = _and(
        (
            _build(condition, lambda leaf: space.options(leaf, ignored), space, negated=False),
            _build(unless, lambda leaf: space.options(leaf, unless_ignored), space, negated=True),
        )
    )
    return _Search(space).run(formula)


def with_age(condition: Condition, signal: AgeSignal) -> Condition:
    """Return a condition as it is for users of one age signal."""
    if isinstance(condition, AgeIs):
        return ALWAYS if signal in condition.signals else NEVER
    if isinstance(condition, AllOf):
        return AllOf(tuple(with_age(item, signal) for item in condition.items))
    if isinstance(condition, AnyOf):
        return AnyOf(tuple(with_age(item, signal) for item in condition.items))
    if isinstance(condition, Not):
        return Not(with_age(condition.item, signal))
    return condition


def _build(condition: Condition, options: Callable[[Condition], Options], space: Space, *, negated: bool) -> _Formula:
    """Return a formula without negations: of a leaf, the values that it does not name."""
    if isinstance(condition, Not):
        return _build(condition.item, options, space, negated=not negated)
    if isinstance(condition, AllOf | AnyOf):
        items = tuple(_build(item, options, space, negated=negated) for item in condition.items)
        return _and(items) if isinstance(condition, AllOf) is not negated else _or(items)
    found = options(condition)
    if not negated:
        return _Leaf(found) if found else False
    others = ((d, frozenset(space.values[d]) - values) for d, values in found)
    return _and(tuple(_Leaf(((d, rest),)) if rest else False for d, rest in others))


def _and(items: Sequence[_Formula]) -> _Formula:
    flat: list[_Formula] = []
    for item in items:
        if item is False:
            return False
        if isinstance(item, _And):
            flat.extend(item.items)
        elif item is not True:
            flat.append(item)
    return flat[0] if len(flat) == 1 else _And(tuple(flat)) if flat else True


def _or(items: Sequence[_Formula]) -> _Formula:
    flat: list[_Formula] = []
    for item in items:
        if item is True:
            return True
        if isinstance(item, _Or):
            flat.extend(item.items)
        elif item is not False:
            flat.append(item)
    return flat[0] if len(flat) == 1 else _Or(tuple(flat)) if flat else False


class _Search:
    def __init__(self, space: Space) -> None:
        self._space = space
        self._steps = 0

    def run(self, formula: _Formula) -> Point | None:
        return self._down(formula, {})

    def _down(self, formula: _Formula, allowed: dict[Dimension, frozenset[Any]]) -> Point | None:
        """Narrow the values of dimensions until every clause holds."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise Unknown
        formula, allowed = self._narrow(formula, allowed)
        if formula is False:
            return None
        if formula is True:
            return {
                d: next(value for value in self._space.values[d] if value in values) for d, values in allowed.items()
            }
        # What is left are choices; the shortest first.
        clauses = formula.items if isinstance(formula, _And) else (formula,)
        clause = min(clauses, key=_width)
        rest = _and([each for each in clauses if each is not clause])
        choices = clause.items if isinstance(clause, _Or) else tuple(_Leaf((o,)) for o in clause.options)  # type: ignore[union-attr]  # an `and` is flat, a bool is gone
        for choice in choices:
            found = self._down(_and((choice, rest)), allowed)
            if found is not None:
                return found
        return None

    def _narrow(
        self, formula: _Formula, allowed: dict[Dimension, frozenset[Any]]
    ) -> tuple[_Formula, dict[Dimension, frozenset[Any]]]:
        """Take what has to be, until nothing more follows from it."""
        while True:
            formula = self._simple(formula, allowed)
            clauses = formula.items if isinstance(formula, _And) else (formula,)
            must = [each for each in clauses if isinstance(each, _Leaf) and len(each.options) == 1]
            if not must:
                return formula, allowed
            allowed = dict(allowed)
            for leaf in must:
                d, values = leaf.options[0]
                allowed[d] = self._values(d, allowed) & values
                if not allowed[d]:
                    return False, allowed

    def _simple(self, formula: _Formula, allowed: dict[Dimension, frozenset[Any]]) -> _Formula:
        if isinstance(formula, _Leaf):
            left = []
            for d, values in formula.options:
                possible = self._values(d, allowed)
                if possible <= values:
                    return True
                if possible & values:
                    left.append((d, values))
            return _Leaf(tuple(left)) if left else False
        if isinstance(formula, _And):
            return _and([self._simple(item, allowed) for item in formula.items])
        if isinstance(formula, _Or):
            return _or([self._simple(item, allowed) for item in formula.items])
        return formula

    def _values(self, d: Dimension, allowed: dict[Dimension, frozenset[Any]]) -> frozenset[Any]:
        found = allowed.get(d)
        return frozenset(self._space.values[d]) if found is None else found


def _width(clause: _Formula) -> int:
    if isinstance(clause, _Leaf):
        return len(clause.options)
    return 1 + len(clause.items) if isinstance(clause, _And | _Or) else 0
