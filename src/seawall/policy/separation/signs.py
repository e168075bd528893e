"""The signs: everything the rule knows of an item or a cluster, as numbers and flags.

A `Signs` never carries a number that is not one: what is not a finite share of one becomes a failure. A picture without
any sexual score is a failure too, so that leaving a detector out can never make an item harmless.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest

_SLACK = 1e-4
"""How far rounding in a model may take a probability beyond 0..1."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The evidence for one item, one part of an item, or one cluster.

    Attributes:
        picture: Whether there is a picture or a frame. Implied by what only a picture can show.
        text: Whether there is a text. Implied by what only a text can show.
        sexual: A score of each image detector of sexual content that answered, highest first.
        sexual_failed: Whether such a detector did not answer, or none was configured.
        child: Largest P(age < 18) over the persons shown.
        under_21: Largest P(age < 21) over the persons shown.
        persons: Persons whose age was judged; of several parts, the most in one part.
        persons_abstained: Persons whose age could not be judged; of several parts, the most in one part.
        child_failed: Whether an age or face detector did not answer, or none was configured.
        minor_reference: Score that the text refers to a minor.
        sexual_text: Score that the text describes sexual content.
        text_failed: Whether a text detector did not answer, or none was configured.
        csem: Largest score of a `csem.*` category, from any medium: a model or pack that names the joint fact itself.
        examined: False if the medium is unsupported, unreadable or damaged: nothing may be concluded from silence.
        hash_match: Whether a real hash list knows it: not a canary list, not a negative bank.
    """

    picture: bool = False
    text: bool = False
    sexual: tuple[float, ...] = ()
    sexual_failed: bool = False
    child: float = 0.0
    under_21: float = 0.0
    persons: int = 0
    persons_abstained: int = 0
    child_failed: bool = False
    minor_reference: float = 0.0
    sexual_text: float = 0.0
    text_failed: bool = False
    csem: float = 0.0
    examined: bool = True
    hash_match: bool = False

    def __post_init__(self) -> None:
        sexual = [share(score) for score in self.sexual]
        known = tuple(sorted((score for score in sexual if score is not None), reverse=True))
        child, under_21 = share(self.child), share(self.under_21)
        minor, spoken, csem = share(self.minor_reference), share(self.sexual_text), share(self.csem)
        counts_fail = self.persons < 0 or self.persons_abstained < 0
        picture = bool(
            self.picture or self.sexual or child != 0 or under_21 != 0 or self.persons or self.persons_abstained
        )
        text_failed = bool(self.text_failed or minor is None or spoken is None)
        values: dict[str, object] = {
            "picture": picture,
            "text": bool(self.text or text_failed or minor != 0 or spoken != 0),
            "sexual": known,
            "sexual_failed": bool(self.sexual_failed or None in sexual or csem is None or (picture and not known)),
            "child": child or 0.0,
            "under_21": under_21 or 0.0,
            "persons": max(0, self.persons),
            "persons_abstained": max(0, self.persons_abstained),
            "child_failed": bool(self.child_failed or child is None or under_21 is None or counts_fail),
            "minor_reference": minor or 0.0,
            "sexual_text": spoken or 0.0,
            "text_failed": text_failed,
            "csem": csem or 0.0,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def sexual_mean(self) -> float:
        """Mean of the image scores; 0 if there is none."""
        # Rounding must not lift the mean over the largest score.
        return min(math.fsum(self.sexual) / len(self.sexual), self.sexual[0]) if self.sexual else 0.0

    @property
    def sexual_max(self) -> float:
        """Largest of all sexual scores, of pictures and of text."""
        return max((*self.sexual, self.sexual_text))

    @property
    def failed(self) -> bool:
        """Whether anything is missing that silence would need."""
        looked = self.picture or self.text
        return self.sexual_failed or self.child_failed or self.text_failed or not self.examined or not looked


def share(score: float) -> float | None:
    """Return a score as a number in 0..1, or None if it is none."""
    if not math.isfinite(score) or not -_SLACK <= score <= 1 + _SLACK:
        return None
    return min(1.0, max(0.0, float(score)))


def join(signs: Iterable[Signs]) -> Signs:
    """Join the parts of an item, or the members of a cluster, into one body of evidence.

    Scores and counts: the largest. Failures: any. Examined: all. The order of the parts, and giving a part twice,
    change nothing. Joining nothing gives signs that the rule calls `unknown`.
    """
    return reduce(_join, signs, Signs())


def _join(one: Signs, other: Signs) -> Signs:
    return Signs(
        picture=one.picture or other.picture,
        text=one.text or other.text,
        # Both are sorted: the largest scores meet, then the second largest, and so on.
        sexual=tuple(map(max, zip_longest(one.sexual, other.sexual, fillvalue=0.0))),
        sexual_failed=one.sexual_failed or other.sexual_failed,
        child=max(one.child, other.child),
        under_21=max(one.under_21, other.under_21),
        persons=max(one.persons, other.persons),
        persons_abstained=max(one.persons_abstained, other.persons_abstained),
        child_failed=one.child_failed or other.child_failed,
        minor_reference=max(one.minor_reference, other.minor_reference),
        sexual_text=max(one.sexual_text, other.sexual_text),
        text_failed=one.text_failed or other.text_failed,
        csem=max(one.csem, other.csem),
        examined=one.examined and other.examined,
        hash_match=one.hash_match or other.hash_match,
    )
