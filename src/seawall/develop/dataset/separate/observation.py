"""What detectors answered for one item, as it is stored: statuses and scores, never regions, pixels or texts.

Faces and where they are would be biometric data: they are computed, used and dropped. Scores are kept, so that another
policy or a calibration needs no second look at the media.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from seawall.detectors.contract import Result, Status
from seawall.policy.classes import CSEM_PREFIX, PERSONS_ABSTAINED

ROW_VERSION = 1
"""Raised when the columns of stored observations change their meaning."""


class Modality(StrEnum):
    """What kind of item it is to detectors."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    OTHER = "other"
    UNREAD = "unread"
    """The item's bytes could not be had."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What detectors answered for one item.

    Attributes:
        modality: What kind of item it is.
        parts: For each picture of the item, or for its one text, the answer by detector.
        captions: Answer by detector for the text that travels with the item.
        flags: `damaged` or `partial` where not all of the item could be seen.
        problem: Code of why the item could not be shown to detectors; None if it was, or need not be.
        matched: Whether a hash list has it, so that no detector was shown it.
    """

    modality: Modality
    parts: tuple[Mapping[str, Result], ...] = ()
    captions: Mapping[str, Result] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    problem: str | None = None
    matched: bool = False

    @property
    def statuses(self) -> frozenset[Status]:
        """Every status among the answers, captions included."""
        return frozenset(result.status for part in (*self.parts, self.captions) for result in part.values())

    @property
    def answers(self) -> dict[str, Result]:
        """Answer by detector over all parts: the largest scores and the worst status."""
        names = dict.fromkeys(name for part in self.parts for name in part)
        return {name: joined_results(part[name] for part in self.parts if name in part) for name in names}

    def categories(self, least: float) -> frozenset[str]:
        """Return the `csem.*` categories that anything in the item has at `least` this score."""
        every = (result.labels.items() for part in (*self.parts, self.captions) for result in part.values())
        return frozenset(
            label for labels in every for label, score in labels if label.startswith(CSEM_PREFIX) and score >= least
        )

    @property
    def persons_abstained(self) -> bool:
        """Whether there is a person whose age a detector would not judge."""
        return any(result.labels.get(PERSONS_ABSTAINED, 0) > 0 for part in self.parts for result in part.values())


_WORST = (Status.ERROR, Status.UNSUPPORTED, Status.ABSTAIN, Status.SKIPPED, Status.OK)


def joined_results(results: Iterable[Result]) -> Result:
    """Join the answers of one detector for several pictures: the worst status, and the largest scores."""
    every = list(results)
    if len(every) == 1:
        return Result(every[0].status, dict(every[0].labels), reason=every[0].reason)
    worst = min(every, key=lambda result: _WORST.index(result.status))
    labels: dict[str, float] = {}
    for result in every:
        for label, score in result.labels.items():
            labels[label] = max(score, labels.get(label, score))
    return Result(worst.status, labels, reason=worst.reason)


def schema() -> Any:
    """Return the Arrow schema of stored observations."""
    import pyarrow as pa

    label = pa.struct([("label", pa.string()), ("score", pa.float64())])
    answer = [
        ("detector", pa.string()),
        ("part", pa.int32()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("labels", pa.list_(label)),
    ]
    return pa.schema(
        [
            ("modality", pa.string()),
            ("answers", pa.list_(pa.struct(answer))),
            ("flags", pa.list_(pa.string())),
            ("problem", pa.string()),
            ("matched", pa.bool_()),
        ]
    )


def to_batch(observations: Iterable[Observation]) -> Any:
    """Return observations as one Arrow record batch."""
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([_to_dict(each) for each in observations], schema=schema())


def read_observations(path: Path) -> Iterator[Observation]:
    """Read stored observations, a bounded number at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                yield _from_dict(row)


_CAPTION = -1
"""Number of the part that is the caption."""


def _to_dict(observation: Observation) -> dict[str, Any]:
    parts = (*enumerate(observation.parts), (_CAPTION, observation.captions))
    return {
        "modality": observation.modality.value,
        "answers": [_answer(part, name, result) for part, answers in parts for name, result in answers.items()],
        "flags": sorted(observation.flags),
        "problem": observation.problem,
        "matched": observation.matched,
    }


def _answer(part: int, detector: str, result: Result) -> dict[str, Any]:
    return {
        "detector": detector,
        "part": part,
        "status": result.status.value,
        "reason": result.reason,
        "labels": [{"label": label, "score": score} for label, score in sorted(result.labels.items())],
    }


def _from_dict(row: dict[str, Any]) -> Observation:
    parts: dict[int, dict[str, Result]] = {_CAPTION: {}}
    for answer in row["answers"]:
        labels = {pair["label"]: pair["score"] for pair in answer["labels"]}
        result = Result(Status(answer["status"]), labels, reason=answer["reason"])
        parts.setdefault(answer["part"], {})[answer["detector"]] = result
    return Observation(
        modality=Modality(row["modality"]),
        parts=tuple(parts[number] for number in sorted(parts) if number != _CAPTION),
        captions=parts[_CAPTION],
        flags=frozenset(row["flags"]),
        problem=row["problem"],
        matched=row["matched"],
    )
