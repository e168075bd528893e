"""Twins of seawall's seams for tests, yours and ours: no files, no clock, no licence needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from seawall.detectors.checked import checked
from seawall.detectors.contract import (
    Detector,
    Info,
    Input,
    LoadContext,
    Modality,
    Result,
    ScoreKind,
    Task,
    WeightStore,
)
from seawall.detectors.weights import InstalledWeights
from seawall.hashing.signal import BadSignal, Comparison
from seawall.matching.lists import FixedKey
from seawall.policy.classes import (
    ADULT_SEXUAL,
    CHILD_DEPICTION,
    MINOR_REFERENCE,
    PERSONS,
    PERSONS_ABSTAINED,
    UNDER_21,
)

__all__ = ["FixedKey", "StandInDetector", "StandInSignal", "SteppingClock", "scores_of"]


class SteppingClock:
    """A clock that moves by one step each time it is read.

    Args:
        start: The first moment.
        step: How far each reading moves it.
    """

    def __init__(
        self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC), step: timedelta = timedelta(seconds=1)
    ) -> None:
        self._now = start
        self._step = step

    def __call__(self) -> datetime:
        """Return the moment, and move on."""
        now = self._now
        self._now += self._step
        return now


@dataclass(frozen=True, slots=True)
class StandInSignal:
    """A signal type for the reserved `photodna` slot: 144 bytes, compared by Euclidean distance. It hashes nothing."""

    name: str = "photodna"
    comparison: Comparison = Comparison.DISTANCE
    width: int | None = 144
    threshold: float = 100.0

    def parse(self, text: str) -> bytes:
        """Return the bytes that hexadecimal `text` writes.

        Raises:
            BadSignal: If it is not 144 bytes.
        """
        try:
            value = bytes.fromhex(text.strip())
        except ValueError:
            raise BadSignal(f"a {self.name} value is hexadecimal") from None
        if len(value) != self.width:
            raise BadSignal(f"a {self.name} value has {self.width} bytes")
        return value

    def format(self, value: bytes) -> str:
        """Return lower-case hexadecimal."""
        return value.hex()

    def distance(self, left: bytes, right: bytes) -> float:
        """Return the Euclidean distance."""
        return float(sum((one - other) ** 2 for one, other in zip(left, right, strict=True)) ** 0.5)

    def weak(self, value: bytes) -> bool:
        """Whether the value is all zero."""
        return not any(value)


_CLASSES = (ADULT_SEXUAL, CHILD_DEPICTION, UNDER_21, PERSONS, PERSONS_ABSTAINED, MINOR_REFERENCE)


class StandInDetector:
    """A detector that answers as you say: for tests of what becomes of scores, without any model.

    Args:
        answer: Gives the scores of an item by label, or a whole result. What it raises, the detector raises.
        id: Name of the detector.
        labels: Labels that it may give.
        modalities: What it takes.
        task: What it is for.
    """

    def __init__(
        self,
        answer: Callable[[Input], Mapping[str, float] | Result],
        *,
        id: str = "stand-in",
        labels: Sequence[str] = _CLASSES,
        modalities: Sequence[Modality] = (Modality.IMAGE, Modality.TEXT),
        task: Task = Task.CONTENT_SAFETY,
    ) -> None:
        self._answer = answer
        self.info = Info(
            id=id,
            version="1",
            task=task,
            modalities=frozenset(modalities),
            labels=tuple(labels),
            score_kind=ScoreKind.PROBABILITY,
            code_licence="Apache-2.0",
            limits_note="it answers as a test says",
        )

    def load(self, context: LoadContext) -> None:
        """Load nothing."""

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item as the function says."""
        answers = [self._answer(item) for item in items]
        return [each if isinstance(each, Result) else Result.ok(each) for each in answers]

    def close(self) -> None:
        """Let go of nothing."""

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return none."""
        return ()


def scores_of(detector: Detector, items: Sequence[Input], weights: WeightStore | None = None) -> list[Result]:
    """Return a detector's answers as the host would pass them on, without a process of its own.

    Args:
        detector: The detector; it is loaded, asked once for every `max_batch` items, and closed.
        items: Pictures and texts of a kind that it takes.
        weights: Model files; none are given by default.
    """
    detector.load(LoadContext(weights or InstalledWeights([])))
    try:
        most = max(1, detector.info.max_batch)
        batches = [items[start : start + most] for start in range(0, len(items), most)]
        answers = [(detector.score(batch), len(batch)) for batch in batches]
    finally:
        detector.close()
    if any(len(answer) != length for answer, length in answers):
        raise AssertionError("a detector gives one answer for each item")
    return [each for answer, _ in answers for each in checked(answer, detector.info, 0.0)]
