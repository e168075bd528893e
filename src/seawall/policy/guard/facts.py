"""What a guard policy sees of one check: facts, never content.

Facts are plain values that JSON can hold, so that a recorded decision can be judged again by another policy. Whether
canaries take part is kept apart: `real` is what stands without them, `rehearsed` what stands with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from seawall.policy.decide import Evidence
from seawall.policy.separation import Partition


class CheckKind(StrEnum):
    """What is checked."""

    INPUT = "input"
    UPLOAD = "upload"
    OUTPUT = "output"
    FINETUNE = "finetune"


class AgeSignal(StrEnum):
    """What the host knows of the user's age. No birthdate is taken or kept."""

    UNKNOWN = "unknown"
    MINOR = "minor"
    ADULT = "adult"


class EventClass(StrEnum):
    """What sort of event a check is, as reports to authorities tell them apart (design, vocabulary)."""

    UPLOAD_KNOWN = "upload_known"
    UPLOAD_NOVEL = "upload_novel"
    REQUEST_TEXT = "request_text"
    OUTPUT_BLOCKED = "output_blocked"
    OUTPUT_DELIVERED = "output_delivered"
    TRAINING_DATA_HIT = "training_data_hit"


class State(StrEnum):
    """What keeps an answer from being whole."""

    FAILED = "failed"
    """A checker that is configured did not answer, or answered nonsense."""
    TIMED_OUT = "timed_out"
    UNEXAMINED = "unexamined"
    """A medium that cannot be read, or that nothing here can look at."""
    DAMAGED = "damaged"
    ABSTAINED = "abstained"
    """A checker says that it cannot judge this item."""
    UNCOVERED = "uncovered"
    """A question that no configured checker answers: nobody was asked, so nobody failed."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found.

    Attributes:
        matches: Every hash-list match of any medium.
        partition: The side on which the joint rule puts everything of the request together, history included. Gaps
            do not count here; they are states.
        parts: The side of each part alone, by name: `prompt`, `negative_prompt`, `system`, `history.0`,
            `attachment.0`, `file`, `text`, `row.17` and so on.
        scores: Largest score of every other class: `csem.*`, and what operators' packs and models name.
        part_scores: The same by part, for rules that ask where something was said.
    """

    matches: tuple[Evidence, ...] = ()
    partition: Partition = Partition.NEITHER
    parts: Mapping[str, Partition] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    part_scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one check.

    Attributes:
        kind: What is checked.
        surface: Where, as the host names it: `chat`, `image`, `private_message`.
        jurisdiction: ISO 3166-1 alpha-2 country in capitals, or `EU`; None if the host does not say.
        age_signal: What the host knows of the user's age.
        model: The model that is asked, as the host names it.
        standing: Restrictions that hold for the account: `banned`, `suspended`, `cooldown`, `feature_off:image`.
        pace: Limits that the account has passed: `rate:minute`, `probing`.
        states: What keeps the answer from being whole.
        real: What was found, canaries left out.
        rehearsed: What was found, canaries counted; None if there are none.
    """

    kind: CheckKind
    surface: str | None = None
    jurisdiction: str | None = None
    age_signal: AgeSignal = AgeSignal.UNKNOWN
    model: str | None = None
    standing: frozenset[str] = frozenset()
    pace: frozenset[str] = frozenset()
    states: frozenset[State] = frozenset()
    real: Look = Look()
    rehearsed: Look | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON; what is empty is left out."""
        # That module reads these classes.
        from seawall.policy.guard._facts_json import write_facts

        return write_facts(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote.

        Raises:
            PolicyError: If it is not that.
        """
        from seawall.policy.guard._facts_json import read_facts

        return cls(**read_facts(data))
