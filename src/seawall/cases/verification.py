"""Whether what reviewers said decides a case, needs another person, or needs a lead. Pure.

Reviewers agree if they say the same of every item and of the case. Who is not sure agrees with nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seawall.cases.model import EffectKind, Label, Outcome
from seawall.cases.submission import Result


@dataclass(frozen=True, slots=True)
class Said:
    """What one reviewer said of a case.

    Attributes:
        reviewer: Who.
        outcome, effects, reasons: As submitted.
        labels: By item id.
        need: How many people the policy wants for this.
    """

    reviewer: str
    outcome: Outcome
    effects: frozenset[EffectKind]
    reasons: tuple[str, ...]
    labels: Mapping[str, Label]
    need: int

    @property
    def sure(self) -> bool:
        """Whether the reviewer could tell of every item."""
        return Label.UNSURE not in self.labels.values()

    def agrees(self, other: Said) -> bool:
        """Whether two reviewers said the same."""
        return self.sure and other.sure and (self.outcome, self.labels) == (other.outcome, other.labels)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the submissions of a round come to.

    Attributes:
        result: In a word.
        agreeing: Those whose word it is, the earliest first; the last is the newest. Empty unless it is decided.
    """

    result: Result
    agreeing: tuple[Said, ...] = ()


def weigh(said: Sequence[Said], *, others: int, final: bool) -> Weighed:
    """Return what the submissions of a round come to, now that the last of them is there.

    Args:
        said: In the order of submission; at least one.
        others: How many more than needed are asked before a lead decides.
        final: Whether the last was asked to have the last word.
    """
    newest = said[-1]
    need = max(each.need for each in said)
    agreeing = tuple(each for each in said if each is newest or each.agrees(newest)) if newest.sure else ()
    if final and len(said) > 1 and newest.sure:
        # A lead's word stands beside that of the first reviewer, with whom they need not agree.
        return Weighed(Result.DECIDED, agreeing if len(agreeing) > 1 else (newest,))
    if agreeing and len(agreeing) >= need:
        return Weighed(Result.DECIDED, agreeing)
    sure = [each for each in said if each.sure]
    disagree = any(not each.agrees(sure[0]) for each in sure[1:])
    if len(said) < need and not disagree and len(sure) == len(said):
        return Weighed(Result.AWAITS)
    if final or len(said) < need + others:
        return Weighed(Result.DISAGREES if disagree else Result.AWAITS)
    return Weighed(Result.ESCALATED)


def combined_effects(agreeing: Sequence[Said]) -> tuple[EffectKind, ...]:
    """Return what follows: whatever one of them wants for the items, and for the account what all of them want."""
    wanted = frozenset().union(*(each.effects for each in agreeing))
    if not all(EffectKind.STRIKE in each.effects for each in agreeing):
        wanted -= {EffectKind.STRIKE}
    return tuple(each for each in EffectKind if each in wanted)
