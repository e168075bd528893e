"""The host: asks every chosen detector about items, and trusts none of them.

It never raises for an item. A detector that cannot work, fails, hangs or answers nonsense gives a status that says so;
no such answer is ever a score.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from seawall.content.pictures import PICTURE_SIDE, Picture
from seawall.detectors.contract import Info, Input, Modality, Result, Status, Text, WeightStore
from seawall.detectors.described import READY, described, fingerprint
from seawall.detectors.processes import stations
from seawall.detectors.selection import CANARY, DEFAULT, Cascade, DetectorSet, HostLimits
from seawall.detectors.stations import TOO_LONG, Station
from seawall.detectors.weights import installed_weights
from seawall.detectors.wire import size_of

__all__ = ["CANARY", "DEFAULT", "Cascade", "DetectorSet", "Detectors", "HostLimits", "open_detectors"]

CASCADE: Final = "cascade"
"""Reason of a result that a cascade left out."""

BAD_INPUT: Final = "bad_input"
"""Reason of an item that is not as the contract says."""

MAX_TEXT_BYTES = 16 << 20
"""Longest text that any detector is shown."""

_CHUNK_BYTES = 8 << 20
_CHUNK_ITEMS = 4096


class Detectors:
    """Open detectors. A context manager; not for use by two threads at once.

    Args:
        chosen: Which detectors.
        weights: Model files; default: those that are installed.
        clock: Monotonic seconds, for the circuit breakers.
    """

    def __init__(
        self,
        chosen: DetectorSet,
        *,
        weights: WeightStore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cascades = chosen.cascades
        self._stations = stations(chosen, weights or installed_weights(chosen.settings), clock)
        self._ordered = [self._stations[name] for name in chosen.order()]
        self._described = [_described(station) for station in self._stations.values()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process, and let go of everything."""
        for caller in {id(station.caller): station.caller for station in self._ordered}.values():
            caller.close()

    @property
    def infos(self) -> tuple[Info, ...]:
        """What each detector says of itself, in the order in which they were chosen."""
        return tuple(station.info for station in self._stations.values())

    def described(self) -> list[dict[str, Any]]:
        """Return what is written down of each, as it stood when they were opened."""
        return [dict(each) for each in self._described]

    @property
    def fingerprint(self) -> str:
        """Identity over ids, versions, model digests, and what keeps a detector from answering."""
        return fingerprint(self._described, self._cascades)

    def score(self, items: Sequence[Input], *, hashed: bool) -> list[dict[str, Result]]:
        """Return, for each item in order, the answer of every detector that takes its modality.

        Args:
            items: Pictures and texts.
            hashed: Whether the items have passed the hash stage; without it nothing leaves the host.
        """
        answers: list[dict[str, Result]] = []
        for chunk in _chunks(items):
            answers += self._score(chunk, hashed=hashed)
        return answers

    def _score(self, chunk: Sequence[_Sized], *, hashed: bool) -> list[dict[str, Result]]:
        items = [each.shown for each in chunk]
        answers: list[dict[str, Result]] = [{} for _ in chunk]
        shown: set[int] = set()
        for station in self._ordered:
            name = station.info.id
            refused = {modality: station.refusal(modality, hashed=hashed) for modality in station.info.modalities}
            longest = {modality: station.longest(modality) for modality in station.info.modalities}
            cascades = [each for each in self._cascades if each.detector == name]
            asked = []
            for place, each in enumerate(chunk):
                if each.modality not in refused:
                    continue
                answer = refused[each.modality] or each.fault
                if answer is None and (most := longest[each.modality]) is not None and each.length > most:
                    answer = Result.abstain(TOO_LONG)
                if answer is None and cascades:
                    answer = _left_out(cascades, answers[place])
                if answer is None:
                    asked.append(place)
                else:
                    answers[place][name] = answer
            if not asked:
                continue
            if id(station.caller) not in shown:
                shown.add(id(station.caller))
                station.caller.show(items)
            for place, result in station.answer(asked).items():
                answers[place][name] = result
        if not self._cascades:
            return answers
        return [{name: given[name] for name in self._stations if name in given} for given in answers]


def open_detectors(
    chosen: DetectorSet,
    *,
    weights: WeightStore | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Detectors:
    """Open detectors. No process is started and no model is loaded before the first item comes.

    Args:
        chosen: Which detectors.
        weights: Model files; default: those that are installed.
        clock: Monotonic seconds, for the circuit breakers.

    Raises:
        UsageError: If a name is not known.
        DetectorUnusable: If one cannot be made.
        DetectorRefused: If one does not pass the provenance gate.
        ConfigurationError: If the operator's configuration is not as it must be.
    """
    return Detectors(chosen, weights=weights, clock=clock)


def _left_out(cascades: Sequence[Cascade], answers: Mapping[str, Result]) -> Result | None:
    """Return the answer of a detector that a cascade leaves out; only a score can leave one out."""
    for cascade in cascades:
        if (before := answers.get(cascade.after)) is not None:
            score = before.labels.get(cascade.label)
            if before.status is Status.OK and score is not None and score < cascade.below:
                return Result(Status.SKIPPED, reason=CASCADE)
    return None


class _Sized:
    """An item with its modality, its length, and why it is shown to nobody, if so."""

    __slots__ = ("fault", "length", "modality", "shown")

    def __init__(self, item: Input) -> None:
        self.modality = Modality.IMAGE if isinstance(item, Picture) else Modality.TEXT
        self.fault = _fault(item)
        self.length = 0 if self.fault is not None else size_of(item)
        if self.length > MAX_TEXT_BYTES:
            self.fault, self.length = Result.abstain(TOO_LONG), 0
        # What is shown to nobody keeps its place, and takes no memory.
        self.shown: Input = item if self.fault is None else Text("")


def _fault(item: Input) -> Result | None:
    if not isinstance(item, Picture):
        return None
    pixels = item.pixels
    whole = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
    return None if whole and 0 < max(pixels.shape) <= PICTURE_SIDE and pixels.size else Result.error(BAD_INPUT)


def _described(station: Station) -> dict[str, Any]:
    state = READY if station.standing is None or station.standing.reason is None else station.standing.reason
    away = sorted(modality.value for modality in station.off_host) if station.info.sends_content_off_host else []
    return described(station.info, station.source, state) | {"may_leave_host": away}


def _chunks(items: Sequence[Input]) -> Iterator[list[_Sized]]:
    """Yield items a few megabytes at a time."""
    chunk: list[_Sized] = []
    held = 0
    for item in items:
        sized = _Sized(item)
        if chunk and (held + sized.length > _CHUNK_BYTES or len(chunk) >= _CHUNK_ITEMS):
            yield chunk
            chunk, held = [], 0
        chunk.append(sized)
        held += sized.length
    if chunk:
        yield chunk
