"""The rows of a job, taken together: what stands out stays by itself, everything else becomes one body of evidence.

A model learns from all of its rows at once: depictions of children in one row and adult content in another are in one
training set, which the joint rule refuses as `both`. However many rows there are, what is handed on is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from seawall.deploy.guard.media.answers import QUIET, joined_pictures
from seawall.deploy.guard.seen import Seen
from seawall.policy.decide import Evidence
from seawall.policy.guard import State
from seawall.policy.separation import Partition, SeparationPolicy, Signs, join, rule

MOST_APART = 256
"""Rows that are named one by one."""

ROWS = "rows"
"""Name of all the others."""

_MOST_EVIDENCE = 256
_WORST = ("error", "timed_out", "abstain", "unsupported", "not_configured", "skipped", "ok")


def joined(name: str, parts: Sequence[Seen]) -> Seen:
    """Join what is known of the parts of one row, such as a picture and its caption."""
    if len(parts) == 1:
        return _renamed(parts[0], name)
    whole = Whole(name)
    for part in parts:
        whole.add(part)
    return whole.seen(next((part.sha256 for part in parts if part.sha256), None))


@dataclass(slots=True)
class Whole:
    """Evidence that is joined as it comes.

    Attributes:
        name: What the whole is called.
        real: Signs so far.
        canary: Signs of canaries so far.
        states: What keeps it from being whole.
    """

    name: str
    real: Signs = QUIET
    canary: Signs | None = None
    states: set[State] = field(default_factory=set)
    _matches: dict[Evidence, None] = field(default_factory=dict)
    _scores: dict[str, float] = field(default_factory=dict)
    _canary_scores: dict[str, float] = field(default_factory=dict)
    _checks: dict[str, str] = field(default_factory=dict)

    def add(self, seen: Seen, policy: SeparationPolicy | None = None) -> None:
        """Join one more.

        Args:
            seen: What is known of it.
            policy: Given for rows that stand side by side: then the whole is never on a milder side than one of them.
        """
        both = (self.real, seen.real)
        self.real = join(both) if policy is None else joined_pictures(both, policy)
        self.canary = (
            join(each for each in (self.canary, seen.canary) if each is not None) if seen.canary else self.canary
        )
        self.states |= seen.states
        for match in seen.matches:
            if len(self._matches) < _MOST_EVIDENCE:
                self._matches.setdefault(match)
        _raise(self._scores, seen.scores.items())
        _raise(self._canary_scores, seen.canary_scores.items())
        for check, status in seen.checks:
            self._checks[check] = min(status, self._checks.get(check, "ok"), key=_rank)

    def seen(self, sha256: str | None = None) -> Seen:
        """Return what is known of the whole."""
        return Seen(
            self.name,
            self.real,
            self.canary,
            tuple(self._matches),
            dict(self._scores),
            dict(self._canary_scores),
            frozenset(self.states),
            tuple(self._checks.items()),
            sha256,
        )


class Together:
    """Takes rows as they come.

    Args:
        policy: Says which rows stand out.
    """

    def __init__(self, policy: SeparationPolicy) -> None:
        self._policy = policy
        self._apart: list[Seen] = []
        self.rest = Whole(ROWS)

    def add(self, seen: Seen) -> None:
        """Take one row."""
        if len(self._apart) < MOST_APART and self._stands_out(seen):
            self._apart.append(seen)
        else:
            self.rest.add(seen, self._policy)

    def seen(self) -> list[Seen]:
        """Return the rows that stand out, and then all the others as one."""
        return [*self._apart, self.rest.seen()]

    def _stands_out(self, seen: Seen) -> bool:
        if seen.matches or seen.canary is not None or seen.states - {State.UNCOVERED}:
            return True
        return seen.real != QUIET and rule(self._policy, seen.real).partition is not Partition.NEITHER


def _renamed(seen: Seen, name: str) -> Seen:
    return replace(seen, name=name)


def _raise(scores: dict[str, float], others: Iterable[tuple[str, float]]) -> None:
    for label, score in others:
        scores[label] = max(score, scores.get(label, 0.0))


def _rank(status: str) -> int:
    return _WORST.index(status) if status in _WORST else 0
