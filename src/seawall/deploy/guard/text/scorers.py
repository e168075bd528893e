"""Slow detectors of text: models and services. Each instance is used by one thread at a time.

What they answer is read as everywhere: a detector that is configured and gave no usable answer has failed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from seawall.deploy.guard.parts import Scorer
from seawall.deploy.guard.seen import Seen
from seawall.deploy.guard.text.terms import own_classes, signs_of
from seawall.detectors.checked import checked
from seawall.detectors.contract import Info, Modality, Result, Status, Text
from seawall.policy.classes import ADULT_SEXUAL, CSEM_PREFIX, MINOR_REFERENCE
from seawall.policy.guard import State

REVIEW = "review."
"""Stands before the labels of detectors whose scores must not act."""

_SPARE = 8
_TO_A_PERSON = 0.5
_STATES = {
    Status.ABSTAIN: State.ABSTAINED,
    Status.ERROR: State.FAILED,
    Status.UNSUPPORTED: State.FAILED,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What slow detectors there are.

    Attributes:
        infos: What each says of itself.
    """

    infos: tuple[Info, ...]

    @property
    def adult(self) -> bool:
        """Whether one of them answers the question of adult content."""
        return any(
            label == ADULT_SEXUAL or label.startswith(CSEM_PREFIX) for info in self.infos for label in info.labels
        )

    @property
    def minor(self) -> bool:
        """Whether one of them answers whether a text refers to a minor."""
        return any(MINOR_REFERENCE in info.labels for info in self.infos)

    @property
    def off_host(self) -> bool:
        """Whether one of them sends texts off this host."""
        return any(info.sends_content_off_host for info in self.infos)


class Scorers:
    """Instances of the slow detectors, lent to threads.

    Args:
        make: Opens an instance.
        most: Most that work at once.
    """

    def __init__(self, make: Callable[[], Scorer], most: int) -> None:
        self._make = make
        self._idle: queue.SimpleQueue[Scorer] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._left = most + _SPARE
        self._closed = False
        first = make()
        self.asked = Asked(tuple(info for info in first.infos if Modality.TEXT in info.modalities))
        self._left -= 1
        self._idle.put(first)

    def seen(self, texts: Sequence[tuple[str, str]], *, hashed: bool) -> list[Seen]:
        """Return what the detectors say of texts.

        Raises:
            Exception: Whatever an instance raises; it is not used again.
        """
        scorer = self._take()
        try:
            answers = scorer.score([Text(text) for _, text in texts], hashed=hashed)
            found = [self._seen(name, answer) for (name, _), answer in zip(texts, answers, strict=True)]
        except BaseException:
            with self._lock:
                self._left += 1
            scorer.close()
            raise
        if self._closed:
            scorer.close()
        else:
            self._idle.put(scorer)
        return found

    def close(self) -> None:
        """Close every instance that is not in use; the others are closed by those who use them."""
        self._closed = True
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _take(self) -> Scorer:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        with self._lock:
            if self._left <= 0:
                raise RuntimeError("every instance hangs")
            self._left -= 1
        return self._make()

    def _seen(self, name: str, answers: Mapping[str, Result]) -> Seen:
        labels: dict[str, float] = {}
        scores: dict[str, float] = {}
        states: set[State] = set()
        statuses: list[tuple[str, str]] = []
        for info in self.asked.infos:
            result = checked([answers.get(info.id)], info, 0.0)[0]
            statuses.append((info.id, result.status.value))
            if result.status in _STATES:
                states.add(_STATES[result.status])
            for label, score in result.labels.items():
                if not info.requires_human_review:
                    labels[label] = max(labels.get(label, 0.0), score)
                    continue
                # Such a score may bring a person in, and may do nothing else.
                scores[f"{REVIEW}{label}"] = max(scores.get(f"{REVIEW}{label}", 0.0), score)
                if score >= _TO_A_PERSON:
                    states.add(State.ABSTAINED)
        return Seen(
            name,
            signs_of(labels),
            scores=scores | own_classes(labels),
            states=frozenset(states),
            checks=tuple(statuses),
        )
