"""Stand-in detectors that the separation tests plug in: they answer by a picture's colours, and fail on demand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seawall.detectors.contract import (
    Info,
    Input,
    LoadContext,
    Modality,
    Picture,
    Result,
    ScoreKind,
    Task,
)

# Flat colours of the top left corner: green pictures make a stand-in misbehave.
PERSON = {"child_depiction": 0.0, "under_21": 0.0, "persons": 1.0, "persons_abstained": 0.0}
NOBODY = {**PERSON, "persons": 0.0}


def green(item: Input) -> bool:
    return isinstance(item, Picture) and item.pixels[2, 2, 1] > 200 and max(item.pixels[2, 2, 0::2]) < 60


class StandIn:
    def __init__(self, name: str, task: Task, labels: Mapping[str, float], odd: Callable[[Input], Any]) -> None:
        known: dict[str, Any] = {"code_licence": "Apache-2.0", "score_kind": ScoreKind.PROBABILITY, "max_batch": 4}
        modalities = frozenset({Modality.IMAGE})
        self.info = Info(id=name, version="1", task=task, modalities=modalities, labels=tuple(labels), **known)
        self._labels, self._odd = labels, odd

    def load(self, context: LoadContext) -> None:
        pass

    def close(self) -> None:
        pass

    def examples(self) -> Sequence[tuple[Input, Result]]:
        return ()

    def score(self, items: Sequence[Input]) -> list[Result]:
        return [self._odd(item) if green(item) else Result.ok(dict(self._labels)) for item in items]


def _hang(item: Input) -> Result:
    time.sleep(120)
    return Result.abstain("late")


def _die(item: Input) -> Result:
    os._exit(3)


def sexless() -> StandIn:
    return StandIn("sexless", Task.ADULT_CONTENT, {"adult_sexual": 0.0}, lambda item: Result.ok({"adult_sexual": 0.0}))


def ageless() -> StandIn:
    return StandIn("ageless", Task.APPARENT_AGE, NOBODY, lambda item: Result.ok(NOBODY))


def abstaining() -> StandIn:
    return StandIn("abstaining", Task.APPARENT_AGE, NOBODY, lambda item: Result.abstain("too_dark"))


def erring() -> StandIn:
    return StandIn("erring", Task.APPARENT_AGE, NOBODY, lambda item: Result.error("model_failed"))


def faceless() -> StandIn:
    away = {**NOBODY, "persons_abstained": 1.0}
    return StandIn("faceless", Task.APPARENT_AGE, NOBODY, lambda item: Result.ok(away))


def hanging() -> StandIn:
    return StandIn("hanging", Task.APPARENT_AGE, NOBODY, _hang)


def dying() -> StandIn:
    return StandIn("dying", Task.APPARENT_AGE, NOBODY, _die)


def nonsense() -> StandIn:
    wrong = {**NOBODY, "child_depiction": float("nan")}
    return StandIn("nonsense", Task.APPARENT_AGE, NOBODY, lambda item: Result.ok(wrong))


def _forgetful(item: Input) -> Result:
    """See the child in a green picture, unless its blue is faint: a miss rate that the test knows."""
    seen = isinstance(item, Picture) and item.pixels[2, 2, 2] >= 10
    return Result.ok({**PERSON, "child_depiction": 0.9, "under_21": 0.95} if seen else NOBODY)


def forgetful() -> StandIn:
    return StandIn("forgetful", Task.APPARENT_AGE, NOBODY, _forgetful)
