"""Reading texts: terms in this process, and slow detectors beside it; together they answer what is asked of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from seawall.deploy.guard.seen import Seen
from seawall.deploy.guard.text.scorers import Scorers
from seawall.deploy.guard.text.terms import ADULT_TERMS, AGE_TERMS, NOT_CONFIGURED, Coverage, Terms, seen_of
from seawall.policy.guard import State
from seawall.policy.separation import join

Base = tuple[frozenset[State], tuple[tuple[str, str], ...]]


class Texts:
    """Everything that reads texts. Safe to use from several threads.

    Args:
        terms: Finds terms.
        scorers: Slow detectors; None if there are none.
    """

    def __init__(self, terms: Terms, scorers: Scorers | None = None) -> None:
        self.terms = terms
        self.scorers = scorers
        self._known: tuple[Coverage, Base] | None = None

    @property
    def base(self) -> Base:
        """What holds of every text: what keeps the answer from being whole, and how the checkers of terms did."""
        coverage, known = self.terms.coverage, self._known
        if known is not None and known[0] is coverage:
            return known[1]
        states, checks = coverage.states, coverage.checks
        if not coverage.adult and not (self.scorers is not None and self.scorers.asked.adult):
            states |= {State.UNCOVERED}
            checks += ((ADULT_TERMS, NOT_CONFIGURED),)
        if not coverage.minor and not (self.scorers is not None and self.scorers.asked.minor):
            states |= {State.UNCOVERED}
            checks += ((AGE_TERMS, NOT_CONFIGURED),)
        self._known = coverage, (states, checks)
        return states, checks

    def __call__(self, texts: Sequence[str]) -> list[Seen]:
        """Return what is known of each text: of documents, of rows. Called by whoever examines those.

        Raises:
            Exception: Whatever a detector raises.
        """
        states, checks = self.base
        found = [seen_of("", matches) for matches in self.terms.match(texts)]
        found = [replace(seen, states=seen.states | states, checks=checks) for seen in found]
        if self.scorers is None or not texts:
            return found
        # Documents are read after the hash stage of what they are in; their own text has no hash.
        heard = self.scorers.seen([("", text) for text in texts], hashed=True)
        return [_both(one, other) for one, other in zip(found, heard, strict=True)]


def _both(one: Seen, other: Seen) -> Seen:
    scores = dict(one.scores)
    for label, score in other.scores.items():
        scores[label] = max(score, scores.get(label, 0.0))
    return replace(
        one,
        real=join([one.real, other.real]),
        scores=scores,
        states=one.states | other.states,
        checks=(*one.checks, *other.checks),
    )
