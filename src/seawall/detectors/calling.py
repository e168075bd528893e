"""Calling a detector, in its own process or in this one. Either way a failed call raises one error with a reason."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from seawall.content.sandbox import Sandbox, SandboxLimits, TookTooLong
from seawall.detectors.contract import Detector, Input, LoadContext, Result, Status, WeightStore
from seawall.detectors.errors import WeightsMissing, WeightsRefused
from seawall.detectors.making import Making
from seawall.detectors.selection import HostLimits
from seawall.detectors.serve import ENTRY, LOAD_FAILED
from seawall.detectors.wire import BadAnswer, put, results_of, size_of
from seawall.errors import DecoderDied, SeawallError, TooLarge

BUFFER_BYTES = 64 << 20
_REPLY_BYTES = 16 << 20
_REQUESTS_PER_PROCESS = 20_000
_LONGEST_MS = 1e7
_UNSUPPORTED = frozenset({WeightsMissing.code})


class CallFailed(Exception):
    """A call gave no answers.

    Attributes:
        reason: Stable code of why.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotReady(Exception):
    """A detector did not load; it answers the same for every item.

    Attributes:
        answer: What it answers.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        status = Status.UNSUPPORTED if reason in _UNSUPPORTED else Status.ERROR
        self.answer = Result(status, reason=reason)


class Caller(Protocol):
    """Calls detectors on items that it was shown."""

    def show(self, items: Sequence[Input]) -> None:
        """Take the items that the next questions are about."""
        ...

    def ask(self, name: str, places: Sequence[int]) -> tuple[Sequence[object], float]:
        """Return a detector's answers for the items at these places, and how long it took, milliseconds.

        Raises:
            CallFailed: If it gave none.
            NotReady: If it did not load.
        """
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class ConfinedCaller:
    """Detectors in one confined process, which is started when the first item comes.

    Args:
        makings: The detectors that live in it, and the path of each model file of theirs by digest.
        readable: Other files that it may read.
        limits: What they are granted.
    """

    def __init__(
        self, makings: Mapping[Making, Mapping[str, Path]], readable: Sequence[Path], limits: HostLimits
    ) -> None:
        self._questions = {
            making.id: {
                "detector": making.to_plain(),
                "weights": {digest: str(path) for digest, path in paths.items()},
                "threads": limits.threads,
            }
            for making, paths in makings.items()
        }
        self._limits = limits
        self._sandbox = Sandbox(
            ENTRY,
            limits=SandboxLimits(
                memory_bytes=limits.memory_bytes,
                seconds_per_item=limits.seconds_per_call,
                buffer_bytes=BUFFER_BYTES,
                keep_bytes=BUFFER_BYTES,
                reply_bytes=_REPLY_BYTES,
                items_per_child=_REQUESTS_PER_PROCESS,
            ),
            readable=[*readable, *(path for paths in makings.values() for path in paths.values())],
        )
        self._loaded: set[str] = set()
        self._places: list[list[Any]] = []
        self._length = 0

    def show(self, items: Sequence[Input]) -> None:
        """Copy items into the memory that the process sees."""
        self._length = sum(size_of(item) for item in items)
        self._places = put(items, self._sandbox.buffer(self._length))

    def ask(self, name: str, places: Sequence[int]) -> tuple[Sequence[object], float]:
        """Return a detector's answers."""
        if name not in self._loaded:
            self._answer(name, [], self._limits.seconds_to_load)
            self._loaded.add(name)
        asked = [self._places[place] for place in places]
        reply = self._answer(name, asked, self._limits.seconds_per_call)
        try:
            return results_of(reply, len(places)), _milliseconds(reply["ms"])
        except (BadAnswer, KeyError, TypeError, ValueError, OverflowError):
            raise CallFailed("bad_answer") from None

    def close(self) -> None:
        """End the process."""
        self._sandbox.close()

    def _answer(self, name: str, places: list[list[Any]], seconds: float) -> dict[str, Any]:
        length = self._length if places else 0
        try:
            self._sandbox.submit(length, {**self._questions[name], "places": places}, seconds=seconds)
            reply = self._sandbox.result()
        except TookTooLong:
            self._loaded.clear()
            raise CallFailed("timeout") from None
        except DecoderDied:
            self._loaded.clear()
            raise CallFailed("crashed") from None
        except TooLarge:
            self._loaded.clear()
            raise CallFailed("out_of_memory") from None
        except (SeawallError, ValueError):
            raise CallFailed("no_process") from None
        if "failed" in reply:
            known = (WeightsMissing.code, WeightsRefused.code)
            raise NotReady(next((code for code in known if code == reply["failed"]), LOAD_FAILED))
        if "raised" in reply:
            raise CallFailed("raised")
        return reply


class DirectCaller:
    """Detectors in this process: seawall's own text matching, and adapters that have to reach a service.

    Args:
        detectors: The detectors, not loaded.
        weights: Model files.
        limits: What they are granted; nobody can end a call in this process, so that they keep their own deadlines.
    """

    def __init__(self, detectors: Sequence[Detector], weights: WeightStore, limits: HostLimits) -> None:
        self._detectors = {detector.info.id: detector for detector in detectors}
        self._context = LoadContext(weights, limits.threads)
        self._loaded: set[str] = set()
        self._items: Sequence[Input] = ()

    def show(self, items: Sequence[Input]) -> None:
        """Take the items."""
        self._items = items

    def ask(self, name: str, places: Sequence[int]) -> tuple[Sequence[object], float]:
        """Return a detector's answers."""
        detector = self._detectors[name]
        if name not in self._loaded:
            self._load(detector)
            self._loaded.add(name)
        began = time.perf_counter()
        try:
            answers = list(detector.score([self._items[place] for place in places]))
        except Exception:  # noqa: BLE001 (whatever a detector raises is its own failure, and is told)
            raise CallFailed("raised") from None
        if len(answers) != len(places):
            raise CallFailed("bad_answer")
        return answers, 1000 * (time.perf_counter() - began)

    def close(self) -> None:
        """Close those that were loaded."""
        self._items = ()
        for name in self._loaded:
            self._detectors[name].close()
        self._loaded.clear()

    def _load(self, detector: Detector) -> None:
        try:
            detector.load(self._context)
        except (WeightsMissing, WeightsRefused) as error:
            raise NotReady(error.code) from None
        except Exception:  # noqa: BLE001 (whatever a detector raises is its own failure, and is told)
            raise NotReady(LOAD_FAILED) from None


def _milliseconds(value: Any) -> float:
    taken = float(value)
    return taken if 0 <= taken <= _LONGEST_MS else 0.0
