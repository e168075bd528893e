"""One detector as the host runs it: whether it may see an item, its circuit breaker, and who is blamed for a failure.

A call that fails is tried again for each item alone; an item is blamed only for what it does alone, in a process that
had served no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from seawall.detectors.breaker import Breaker
from seawall.detectors.calling import Caller, CallFailed, NotReady
from seawall.detectors.checked import checked
from seawall.detectors.contract import Info, Modality, Result, Status
from seawall.detectors.registry import Source

CIRCUIT_OPEN: Final = "circuit_open"
OFF_HOST: Final = "off_host_not_allowed"
TOO_LONG: Final = "too_long"


@dataclass(slots=True)
class Station:
    """One detector.

    Attributes:
        info: What it says of itself.
        source: Where it comes from.
        caller: How it is called.
        breaker: Whether it is left alone.
        off_host: Modalities that may leave the host for it.
        standing: What it answers for every item, because it cannot work; None if it can.
    """

    info: Info
    source: Source
    caller: Caller
    breaker: Breaker
    off_host: frozenset[Modality] = frozenset()
    standing: Result | None = None
    _answers: dict[int, Result] = field(default_factory=dict)

    def refusal(self, modality: Modality, *, hashed: bool) -> Result | None:
        """Return why items of a modality are not shown to the detector, or None if they are."""
        if self.standing is not None:
            return self.standing
        if self.info.sends_content_off_host and not (hashed and modality in self.off_host):
            return Result.unsupported(OFF_HOST)
        return None

    def longest(self, modality: Modality) -> int | None:
        """Return the most bytes of an item that it takes; None for no limit of its own."""
        return self.info.max_bytes if modality is Modality.TEXT else None

    def answer(self, places: Sequence[int]) -> dict[int, Result]:
        """Return its answer for the items at these places of what its caller was shown."""
        self._answers = {}
        most = max(1, self.info.max_batch)
        start = 0
        while start < len(places):
            if self.standing is not None:
                self._answers |= dict.fromkeys(places[start:], self.standing)
                break
            allowed = self.breaker.allowed
            if not allowed:
                self._answers |= dict.fromkeys(places[start:], Result.error(CIRCUIT_OPEN))
                break
            batch = places[start : start + min(most, allowed)]
            self._ask(batch)
            start += len(batch)
        return self._answers

    def _ask(self, batch: Sequence[int]) -> None:
        try:
            answers, ms = self.caller.ask(self.info.id, batch)
        except NotReady as failure:
            self.standing = failure.answer
            self._answers |= dict.fromkeys(batch, failure.answer)
            return
        except CallFailed as failure:
            if len(batch) > 1:
                self._each_alone(batch)
            else:
                self._note(batch[0], Result.error(failure.reason))
            return
        share = ms / len(batch)
        for place, result in zip(batch, checked(answers, self.info, share), strict=True):
            self._note(place, result)

    def _each_alone(self, batch: Sequence[int]) -> None:
        for place in batch:
            if self.standing is not None:
                self._answers[place] = self.standing
            elif not self.breaker.allowed:
                self._answers[place] = Result.error(CIRCUIT_OPEN)
            else:
                self._ask([place])

    def _note(self, place: int, result: Result) -> None:
        self._answers[place] = result
        if result.status is Status.ERROR:
            self.breaker.failed()
        else:
            self.breaker.succeeded()
