"""Reading the replies of guard models: one strict grammar each.

Whatever does not fit the grammar to the last character is no answer. A reply that was cut off is none either, as half a
list of categories reads like a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from seawall.detectors.adapters.chat_guard._message import Message
from seawall.detectors.adapters.service import malformed, parse_json, share
from seawall.detectors.contract import ScoreKind
from seawall.policy.classes import ADULT_SEXUAL


class Parser(Protocol):
    """Reads the replies of one kind of model."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Every class that it may give."""
        ...

    @property
    def score_kind(self) -> ScoreKind:
        """What its numbers mean."""
        ...

    @property
    def wants_logprobs(self) -> bool:
        """Whether it reads the probabilities of the first word."""
        ...

    def read(self, message: Message) -> dict[str, float]:
        """Return the score of every class.

        Raises:
            Failure: If the reply does not fit.
        """
        ...


LLAMA_GUARD_LABELS: Final[Mapping[str, str]] = {"S4": "csem.sexualised_media", "S12": ADULT_SEXUAL}
QWEN3_GUARD_LABELS: Final[Mapping[str, str]] = {"Sexual Content or Sexual Acts": ADULT_SEXUAL}
QWEN3_GUARD_CATEGORIES: Final = frozenset(
    {
        "Violent",
        "Non-violent Illegal Acts",
        "Sexual Content or Sexual Acts",
        "PII",
        "Suicide & Self-Harm",
        "Unethical Acts",
        "Politically Sensitive Topics",
        "Copyright Violation",
        "Jailbreak",
    }
)

_LLAMA_GUARD = re.compile(r"safe|unsafe\n(S[1-9][0-9]?(?:, ?S[1-9][0-9]?)*)")
_SAFE, _UNSAFE = "safe", "unsafe"
_QWEN3_GUARD = re.compile(
    r"Safety: (Safe|Controversial|Unsafe)\n+Categories: ([A-Za-z&, -]{1,400})(?:\n+Refusal: (?:Yes|No))?"
)


@dataclass(frozen=True, slots=True)
class LlamaGuard:
    """`safe`, or `unsafe` and a line of categories.

    Attributes:
        by_category: Classes by category.
        from_logprob: Whether the probability of the first word is the score, rather than 0 or 1.
    """

    by_category: Mapping[str, str]
    from_logprob: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Every class that it may give."""
        return tuple(self.by_category.values())

    @property
    def score_kind(self) -> ScoreKind:
        """What its numbers mean."""
        return ScoreKind.PROBABILITY if self.from_logprob else ScoreKind.BOOLEAN

    @property
    def wants_logprobs(self) -> bool:
        """Whether it reads the probabilities of the first word."""
        return self.from_logprob

    def read(self, message: Message) -> dict[str, float]:
        """Return the score of every class. Of a safe reply, what is left for unsafe may be any category's."""
        found = _LLAMA_GUARD.fullmatch(message.text.strip())
        if found is None or not message.complete:
            raise malformed()
        unsafe = self._unsafe(message, safe=found.group(1) is None)
        if found.group(1) is None:
            return dict.fromkeys(self.by_category.values(), unsafe)
        named = set(re.split(", ?", found.group(1)))
        return _largest((label, unsafe if name in named else 0.0) for name, label in self.by_category.items())

    def _unsafe(self, message: Message, *, safe: bool) -> float:
        if not self.from_logprob:
            return 0.0 if safe else 1.0
        word = message.said.strip()
        if safe and word == _SAFE:
            return max(0.0, 1.0 - message.first[message.said])
        # "unsafe" may begin with a part of itself, and no part of it begins "safe".
        if not safe and word and _UNSAFE.startswith(word):
            return message.first[message.said]
        raise malformed()


@dataclass(frozen=True, slots=True)
class Qwen3Guard:
    """`Safety:` and `Categories:`, each on its line.

    Attributes:
        by_category: Classes by category.
        controversial: Score of what the model calls controversial.
    """

    by_category: Mapping[str, str]
    controversial: float = 0.5

    @property
    def labels(self) -> tuple[str, ...]:
        """Every class that it may give."""
        return tuple(self.by_category.values())

    @property
    def score_kind(self) -> ScoreKind:
        """What its numbers mean."""
        return ScoreKind.ORDINAL

    @property
    def wants_logprobs(self) -> bool:
        """Whether it reads the probabilities of the first word."""
        return False

    def read(self, message: Message) -> dict[str, float]:
        """Return the score of every class."""
        found = _QWEN3_GUARD.fullmatch(message.text.strip())
        if found is None or not message.complete:
            raise malformed()
        named = {name.strip() for name in found.group(2).split(",")}
        level = {"Safe": 0.0, "Controversial": self.controversial, "Unsafe": 1.0}[found.group(1)]
        if (named == {"None"}) is not (level == 0.0) or (level > 0.0 and not named <= QWEN3_GUARD_CATEGORIES):
            raise malformed()
        return _largest((label, level if name in named else 0.0) for name, label in self.by_category.items())


class Shape(StrEnum):
    """How a model that was given a policy says its label."""

    JSON = "json"
    """One JSON object, in which one member is the label."""
    FIRST_LINE = "first_line"
    """The label alone on the first line; what follows is its reasons."""


@dataclass(frozen=True, slots=True)
class Answers:
    """A label of the operator's own, with or without reasons. The reasons may quote content: they are dropped unread.

    Attributes:
        scores: Score of each class by label; a class that a label does not name scores 0 for it.
        shape: How the label is said.
        key: Name of the JSON member that is the label.
        reasons: Names of JSON members that may be there and are not read.
    """

    scores: Mapping[str, Mapping[str, float]]
    shape: Shape = Shape.JSON
    key: str = "label"
    reasons: frozenset[str] = frozenset({"rationale"})

    @property
    def labels(self) -> tuple[str, ...]:
        """Every class that it may give."""
        return tuple(dict.fromkeys(label for scores in self.scores.values() for label in scores))

    @property
    def score_kind(self) -> ScoreKind:
        """What its numbers mean."""
        return ScoreKind.ORDINAL

    @property
    def wants_logprobs(self) -> bool:
        """Whether it reads the probabilities of the first word."""
        return False

    def read(self, message: Message) -> dict[str, float]:
        """Return the score of every class."""
        if not message.complete:
            raise malformed()
        label = self._json(message.text) if self.shape is Shape.JSON else message.text.strip().split("\n")[0].strip()
        if label not in self.scores:
            raise malformed()
        return dict.fromkeys(self.labels, 0.0) | dict(self.scores[label])

    def _json(self, text: str) -> str:
        data = parse_json(text)
        if not isinstance(data, dict) or not set(data) <= {self.key, *self.reasons}:
            raise malformed()
        label = data.get(self.key)
        if isinstance(label, bool):
            return "true" if label else "false"
        if isinstance(label, int):
            return str(label) if abs(label) < 1_000_000 else ""
        if not isinstance(label, str):
            raise malformed()
        return label


@dataclass(frozen=True, slots=True)
class JsonScores:
    """A JSON object with a number from 0 to 1 for each class.

    Attributes:
        by_key: Classes by name of the member.
        reasons: Names of members that may be there and are not read.
    """

    by_key: Mapping[str, str]
    reasons: frozenset[str] = frozenset({"rationale"})

    @property
    def labels(self) -> tuple[str, ...]:
        """Every class that it may give."""
        return tuple(self.by_key.values())

    @property
    def score_kind(self) -> ScoreKind:
        """What its numbers mean."""
        return ScoreKind.PROBABILITY

    @property
    def wants_logprobs(self) -> bool:
        """Whether it reads the probabilities of the first word."""
        return False

    def read(self, message: Message) -> dict[str, float]:
        """Return the score of every class."""
        data = parse_json(message.text)
        if not message.complete or not isinstance(data, dict) or not set(data) <= {*self.by_key, *self.reasons}:
            raise malformed()
        return _largest((label, share(data.get(key))) for key, label in self.by_key.items())


@dataclass(frozen=True, slots=True)
class FirstWord:
    """The probability of yes against no as the first word.

    Attributes:
        label: The class that yes stands for.
        positive: Words that mean yes.
        negative: Words that mean no.
    """

    label: str
    positive: frozenset[str]
    negative: frozenset[str]

    @property
    def labels(self) -> tuple[str, ...]:
        """Every class that it may give."""
        return (self.label,)

    @property
    def score_kind(self) -> ScoreKind:
        """What its numbers mean."""
        return ScoreKind.PROBABILITY

    @property
    def wants_logprobs(self) -> bool:
        """Whether it reads the probabilities of the first word."""
        return True

    def read(self, message: Message) -> dict[str, float]:
        """Return the score. A yes that is not among the words listed may still have all that the list leaves over."""
        if message.said.strip() not in self.positive | self.negative:
            raise malformed()
        yes = [value for word, value in message.first.items() if word.strip() in self.positive]
        no = [value for word, value in message.first.items() if word.strip() in self.negative]
        positive = sum(yes) if yes else max(0.0, 1.0 - sum(message.first.values()))
        total = positive + sum(no)
        if total <= 0.0:
            raise malformed()
        return {self.label: min(1.0, positive / total)}


def _largest(scores: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for label, score in scores:
        found[label] = max(found.get(label, 0.0), score)
    return found
