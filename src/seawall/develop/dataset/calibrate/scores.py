"""The seam between calibration and whatever scores a sample.

A source says which detectors were asked, and gives the answers for one item after the other; never content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from seawall.policy.separation import Answer, Described, Part, Signs, join, signs_of


@dataclass(frozen=True, slots=True)
class Said:
    """A detector's answer as it was stored.

    Attributes:
        status: How it answered; only `ok` carries scores.
        labels: Score by class.
    """

    status: str
    labels: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a detector that was asked.

    Attributes:
        task: What it is for.
        modalities: What it takes.
        labels: Every class that it may give.
    """

    task: str
    modalities: frozenset[str]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """One item with the answers for each of its parts.

    Attributes:
        item: Its key.
        sha256: Digest of its bytes, in hexadecimal.
        answers: Answer by detector, for each part.
    """

    item: str
    sha256: str
    answers: Mapping[Part, Mapping[str, Answer]]

    def signs(self, detectors: Mapping[str, Described]) -> Signs:
        """Return what the joint rule would see."""
        return join(signs_of(said, detectors, part) for part, said in self.answers.items())


class ScoreSource(Protocol):
    """Scores of a sample."""

    @property
    def detectors(self) -> Mapping[str, Described]:
        """Every detector that was asked, by id."""
        ...

    @property
    def models(self) -> Sequence[Mapping[str, Any]]:
        """What the detectors ran with: id, version and model digests; stored with the thresholds."""
        ...

    def items(self) -> Iterator[Scored]:
        """Yield every item once."""
        ...
