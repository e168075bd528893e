"""What a canary picture stands for, as signs for the joint rule."""

from __future__ import annotations

from collections.abc import Iterable

from seawall.policy.separation.signs import Signs, join

_LABEL = "canary."
_BLURRED = "blurred"


def stands_for(drawn: Iterable[Iterable[str]]) -> Signs | None:
    """Return the signs of canaries by their labels, one set for each picture; None if there is none."""
    every = [frozenset(label.removeprefix(_LABEL) for label in labels if label.startswith(_LABEL)) for labels in drawn]
    signs = [_signs(concepts) for concepts in every if concepts]
    return join(signs) if signs else None


def _signs(concepts: frozenset[str]) -> Signs:
    child = float("a" in concepts)
    blurred = _BLURRED in concepts
    return Signs(
        picture=True,
        sexual=(float("b" in concepts),),
        child=child,
        under_21=child,
        persons=int("a" in concepts) + int("c" in concepts and not blurred),
        persons_abstained=int(blurred),
    )
