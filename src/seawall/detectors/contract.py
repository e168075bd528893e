"""The detector contract: what a detector says of itself, what it is given, and what it answers.

A detector gives a score, or says why it could not: abstaining is not safety, and an error is not a score of zero. It
never raises for one item, never logs content, and never decides; policy does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from seawall.content.pictures import PICTURE_SIDE, Picture

__all__ = [
    "PICTURE_SIDE",
    "Detector",
    "Info",
    "Input",
    "LoadContext",
    "Modality",
    "Picture",
    "Region",
    "Result",
    "Runs",
    "ScoreKind",
    "Status",
    "Task",
    "Text",
    "WeightStore",
]


class Modality(StrEnum):
    """What a detector can look at. Video comes as sampled pictures."""

    IMAGE = "image"
    TEXT = "text"


class Task(StrEnum):
    """What a detector is for."""

    ADULT_CONTENT = "adult_content"
    FACES = "faces"
    APPARENT_AGE = "apparent_age"
    TERMS = "terms"
    CONTENT_SAFETY = "content_safety"
    CANARY = "canary"


class ScoreKind(StrEnum):
    """What the numbers of a detector mean."""

    PROBABILITY = "probability"
    ORDINAL = "ordinal"
    BOOLEAN = "boolean"


class Runs(StrEnum):
    """Where the host runs a detector."""

    CONFINED = "confined"
    """In a process of its own without network, with a memory cap and a deadline. The default."""
    WORKER = "worker"
    """In the caller's process: seawall's own text matching, and adapters that have to reach a service."""


class Status(StrEnum):
    """How a detector answered for one item. Only `ok` carries scores that count."""

    OK = "ok"
    ABSTAIN = "abstain"
    UNSUPPORTED = "unsupported"
    ERROR = "error"
    SKIPPED = "skipped"
    """Given by the host alone, when a cascade left the detector out."""


@dataclass(frozen=True, slots=True)
class Info:
    """What a detector says of itself; shown beside every report that relies on it.

    Attributes:
        id: Stable name, `[a-z0-9-]+`.
        version: Version of the code around the model.
        task: What it is for.
        modalities: What it takes.
        labels: Every label that it may give, of `seawall.policy.classes` or its own.
        score_kind: What its numbers mean.
        code_licence: SPDX id of the code.
        weights_licence: SPDX id of the weights; None if there are none.
        weights: SHA-256 in hexadecimal by file name, of every model file that it loads.
        weights_origin: Where the weights come from.
        training_data_note: What is known of the training data; "unknown" where it is not.
        known_incidents: What is known to have gone wrong with it or its data.
        languages: BCP 47 tags for text; empty for pictures, or for any language.
        max_batch: Most items in one call of `score`.
        max_bytes: Most bytes of one text; None for no limit of its own.
        input_spec: How the input is prepared, in words.
        limits_note: What its scores do not say, in words.
        offline: Whether it works without a network.
        sends_content_off_host: Whether content leaves the host.
        requires_human_review: Whether its scores may route to a person but never act.
        deterministic: Whether the same item always gives the same answer.
        runs: Where the host runs it.
    """

    id: str
    version: str
    task: Task
    modalities: frozenset[Modality]
    labels: tuple[str, ...]
    score_kind: ScoreKind
    code_licence: str
    weights_licence: str | None = None
    weights: Mapping[str, str] = field(default_factory=dict)
    weights_origin: str | None = None
    training_data_note: str = "unknown"
    known_incidents: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    max_batch: int = 16
    max_bytes: int | None = None
    input_spec: str = ""
    limits_note: str = ""
    offline: bool = True
    sends_content_off_host: bool = False
    requires_human_review: bool = False
    deterministic: bool = True
    runs: Runs = Runs.CONFINED


@dataclass(frozen=True, slots=True)
class Text:
    """A text: a caption, a prompt, a row of a corpus.

    Attributes:
        text: The text as it is written.
        language: BCP 47 tag, if known.
    """

    text: str = field(repr=False)
    language: str | None = None


Input = Picture | Text
"""What detectors look at."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture.

    Attributes:
        box: Left, top, right, bottom, as shares of width and height, 0..1.
        label: What is there.
        score: How sure the detector is, 0..1.
        attrs: Numbers about it, as `p_under_18`.
    """

    box: tuple[float, float, float, float]
    label: str
    score: float
    attrs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """A detector's answer for one item.

    Attributes:
        status: How it answered.
        labels: Score by label; empty unless the status is `ok`.
        regions: Parts that it found.
        reason: Why it did not answer `ok`: a stable code, `[a-z0-9_]+`, never content.
        raw_version: Version that the model or service itself stated.
        ms: Time it took, milliseconds.
    """

    status: Status
    labels: Mapping[str, float] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()
    reason: str | None = None
    raw_version: str | None = None
    ms: float = 0.0

    @classmethod
    def ok(cls, labels: Mapping[str, float], regions: Sequence[Region] = ()) -> Result:
        """Return scores."""
        return cls(Status.OK, dict(labels), tuple(regions))

    @classmethod
    def abstain(cls, reason: str) -> Result:
        """Say that the item cannot be judged, and why."""
        return cls(Status.ABSTAIN, reason=reason)

    @classmethod
    def unsupported(cls, reason: str) -> Result:
        """Say that the detector cannot look at it here: another medium, or no weights."""
        return cls(Status.UNSUPPORTED, reason=reason)

    @classmethod
    def error(cls, reason: str) -> Result:
        """Say that the detector failed."""
        return cls(Status.ERROR, reason=reason)


class WeightStore(Protocol):
    """Gives model files by digest."""

    def path(self, name: str, sha256: str) -> Path:
        """Return the file, which has been checked against its digest.

        Raises:
            WeightsMissing: If it is not installed.
            WeightsRefused: If its digest is another.
        """
        ...


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What a detector may use while it loads.

    Attributes:
        weights: Model files.
        threads: Threads that its model may use.
    """

    weights: WeightStore
    threads: int = 1


@runtime_checkable
class Detector(Protocol):
    """Finds facts in content. Made without arguments by the entry point; loaded before its first score."""

    @property
    def info(self) -> Info:
        """What it says of itself; known before it is loaded."""
        ...

    def load(self, context: LoadContext) -> None:
        """Make ready: read models, compile patterns.

        Raises:
            WeightsMissing: If a model file is not installed; the host then answers `unsupported` for it.
            SeawallError: If it cannot work; the host then answers `error` for it.
        """
        ...

    def score(self, items: Sequence[Input]) -> list[Result]:
        """Answer for each item, in order; never raises for one item. At most `info.max_batch` items."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...

    def examples(self) -> Sequence[tuple[Input, Result]]:
        """Return harmless items with the answers expected, for `seawall detectors test`; canaries where it fires."""
        ...
