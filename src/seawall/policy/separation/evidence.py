"""From what detectors answered to signs: who was asked, who answered, and which questions stay open.

A configured detector that gave no answer is a failure, whatever the reason. Canary detectors show that paths work; they
never count as having looked, unless nothing but canary detectors and term packs is configured (a rehearsal).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from seawall.policy.classes import (
    ADULT_SEXUAL,
    CHILD_DEPICTION,
    CSEM_PREFIX,
    MINOR_REFERENCE,
    PERSONS,
    PERSONS_ABSTAINED,
    UNDER_21,
)
from seawall.policy.separation.signs import Signs, share

_OK = "ok"
_SKIPPED = "skipped"
_CANARY = "canary"
_REHEARSAL = (_CANARY, "terms")
_MOST_PERSONS = 1_000_000
_AGES = frozenset({CHILD_DEPICTION, UNDER_21, PERSONS, PERSONS_ABSTAINED})


class Part(StrEnum):
    """What was looked at."""

    PICTURE = "picture"
    """A picture, or one frame of a video."""
    CAPTION = "caption"
    """A text that stands beside a picture. The picture carries the sexual question; the caption adds to it."""
    TEXT = "text"
    """A text that is an item of its own: it has to answer both questions alone."""

    @property
    def modality(self) -> str:
        """The modality that a detector of it takes."""
        return "image" if self is Part.PICTURE else "text"


class Answer(Protocol):
    """A detector's answer, as `seawall.detectors.contract.Result` gives it."""

    @property
    def status(self) -> str:
        """How it answered; only `ok` carries scores."""
        ...

    @property
    def labels(self) -> Mapping[str, float]:
        """Score by class."""
        ...


class Described(Protocol):
    """What a detector says of itself, as `seawall.detectors.contract.Info` gives it."""

    @property
    def task(self) -> str:
        """What it is for."""
        ...

    @property
    def modalities(self) -> Collection[str]:
        """What it takes."""
        ...

    @property
    def labels(self) -> Collection[str]:
        """Every class that it may give."""
        ...


def signs_of(
    results: Mapping[str, Answer],
    detectors: Mapping[str, Described],
    part: Part,
    *,
    examined: bool = True,
    hash_match: bool = False,
    accept_skipped: bool = False,
) -> Signs:
    """Turn the answers for one part of an item into signs.

    Args:
        results: Answers by detector id.
        detectors: Every configured detector by the same id, those of other media included.
        part: What was looked at.
        examined: Whether the medium could be read in whole.
        hash_match: Whether a real hash list knows it.
        accept_skipped: Whether a detector that a cascade left out counts as not asked, rather than as failed.
    """
    heard = _hear(results, detectors, part, accept_skipped=accept_skipped)
    signs = _of_picture(heard) if part is Part.PICTURE else _of_text(heard, alone=part is Part.TEXT)
    return replace(signs, examined=examined, hash_match=hash_match)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom nobody described: an answer without a description, taken for what it says."""

    labels: Collection[str]
    task: str = ""
    modalities: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Heard:
    """Who was asked and what they said.

    Attributes:
        answers: Scores of those that answered.
        asked: Everyone who was asked.
        silent: Those that did not answer.
        looking: Those that count as having looked: all but canary detectors, unless it is a rehearsal.
        drills: Names of canary detectors that do not count.
    """

    answers: Mapping[str, Mapping[str, float]]
    asked: Mapping[str, Described]
    silent: tuple[Described, ...]
    looking: tuple[Described, ...]
    drills: frozenset[str]

    def scores(self, label: str) -> list[float]:
        """Return every score of a class."""
        return [labels[label] for labels in self.answers.values() if label in labels]

    def csem(self) -> list[float]:
        """Return every score of a `csem.*` category."""
        return [score for labels in self.answers.values() for label, score in labels.items() if _is_csem(label)]


def _hear(
    results: Mapping[str, Answer], detectors: Mapping[str, Described], part: Part, *, accept_skipped: bool
) -> _Heard:
    asked: dict[str, Described] = {
        name: info for name, info in detectors.items() if part.modality in set(info.modalities)
    }
    asked |= {name: _Asked(tuple(answer.labels)) for name, answer in results.items() if name not in detectors}
    if accept_skipped:
        skipped = {name for name, answer in results.items() if answer.status == _SKIPPED}
        asked = {name: info for name, info in asked.items() if name not in skipped}
    answers = {name: dict(results[name].labels) for name in asked if name in results and results[name].status == _OK}
    silent = tuple(info for name, info in asked.items() if name not in answers)
    canaries = frozenset(name for name, info in asked.items() if info.task == _CANARY)
    rehearsal = all(info.task in _REHEARSAL for info in detectors.values())
    drills = frozenset[str]() if rehearsal else canaries
    return _Heard(answers, asked, silent, tuple(info for name, info in asked.items() if name not in drills), drills)


def _of_picture(heard: _Heard) -> Signs:
    sexual = {name: labels[ADULT_SEXUAL] for name, labels in heard.answers.items() if ADULT_SEXUAL in labels}
    persons, odd_persons = _count(heard.scores(PERSONS))
    abstained, odd_abstained = _count(heard.scores(PERSONS_ABSTAINED))
    child, odd_child = _largest(heard.scores(CHILD_DEPICTION))
    under_21, odd_age = _largest(heard.scores(UNDER_21))
    csem, odd_csem = _largest(heard.csem())
    sexual_gaps = (
        odd_csem,
        not any(ADULT_SEXUAL in info.labels for info in heard.looking),
        any(ADULT_SEXUAL in heard.asked[name].labels and name not in sexual for name in heard.answers),
        any(_is_sexual(info) or _is_other(info) for info in heard.silent),
    )
    age_gaps = (
        odd_persons or odd_abstained or odd_child or odd_age,
        # A person was judged, but nobody said how likely she is under 21: nothing shows that she is an adult.
        persons > 0 and not heard.scores(UNDER_21),
        not any(_AGES & set(info.labels) for info in heard.looking),
        any(_AGES & set(heard.asked[name].labels) and not _AGES & set(said) for name, said in heard.answers.items()),
        any(_AGES & set(info.labels) or _is_other(info) for info in heard.silent),
    )
    return Signs(
        picture=True,
        # A canary detector that saw nothing must not thin out the mean of those that looked.
        sexual=tuple(score for name, score in sexual.items() if name not in heard.drills or score != 0),
        sexual_failed=any(sexual_gaps),
        child=child,
        under_21=under_21,
        persons=persons,
        persons_abstained=abstained,
        child_failed=any(age_gaps),
        csem=csem,
    )


def _of_text(heard: _Heard, *, alone: bool) -> Signs:
    minor, odd_minor = _largest(heard.scores(MINOR_REFERENCE))
    sexual, odd_sexual = _largest(heard.scores(ADULT_SEXUAL))
    csem, odd_csem = _largest(heard.csem())
    answers_minor = any(MINOR_REFERENCE in info.labels for info in heard.looking)
    answers_sexual = any(_is_sexual(info) for info in heard.looking)
    covered = (answers_minor and answers_sexual) if alone else (answers_minor or answers_sexual)
    return Signs(
        text=True,
        minor_reference=minor,
        sexual_text=sexual,
        text_failed=odd_minor or odd_sexual or odd_csem or not covered or bool(heard.silent),
        csem=csem,
    )


def _is_csem(label: str) -> bool:
    return label.startswith(CSEM_PREFIX)


def _is_sexual(info: Described) -> bool:
    return any(label == ADULT_SEXUAL or _is_csem(label) for label in info.labels)


def _is_other(info: Described) -> bool:
    """Whether a detector names none of the classes: which question it leaves open is then not known."""
    return not _is_sexual(info) and not _AGES & set(info.labels)


def _largest(scores: Iterable[float]) -> tuple[float, bool]:
    """Return the largest score, and whether any is none."""
    found = [share(score) for score in scores]
    return max((score for score in found if score is not None), default=0.0), None in found


def _count(values: Iterable[float]) -> tuple[int, bool]:
    """Return the largest count, and whether any is none."""
    found = list(values)
    whole = [int(value) for value in found if 0 <= value <= _MOST_PERSONS and value == int(value)]
    return max(whole, default=0), len(whole) != len(found)
