"""Stand-ins that the tests of the guard share: packs of nonsense words, detectors that misbehave, broken records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from seawall.canary.pack import Pack as CanaryPack
from seawall.deploy.guard.contract import Admission, Message, Standing
from seawall.detectors.contract import Info, Input, Modality, Result, ScoreKind, Task
from seawall.errors import StoreError
from seawall.text import Pack, Term

CANARIES = CanaryPack.load()
ADULT_WORD = "zorblax"
GROOMING_WORD = "quimble"
WAIT = 20.0
"""Most seconds that a test waits for anything; none gets near it."""


def words(**by_category: str) -> Pack:
    """An operator's pack of nonsense words."""
    terms = tuple(Term(category.replace("__", "."), text) for category, text in by_category.items())
    return Pack("nonsense", "1", "tests", date(2999, 1, 1), terms)


def info(name: str = "stub", **fields: Any) -> Info:
    known: dict[str, Any] = {
        "id": name,
        "version": "1",
        "task": Task.CONTENT_SAFETY,
        "modalities": frozenset({Modality.TEXT}),
        "labels": ("adult_sexual", "minor_reference", "csem.grooming", "own"),
        "score_kind": ScoreKind.PROBABILITY,
        "code_licence": "Apache-2.0",
    }
    return Info(**known | fields)


class StubScorer:
    """Answers as it is told, for every text."""

    def __init__(self, answer: Callable[[Sequence[Input], bool], Any], **fields: Any) -> None:
        self.infos = (info(**fields),)
        self.answer = answer
        self.closed = False

    def score(self, items: Sequence[Input], *, hashed: bool) -> Any:
        return self.answer(items, hashed)

    def close(self) -> None:
        self.closed = True


def saying(labels: Mapping[str, float]) -> Callable[[Sequence[Input], bool], Any]:
    return lambda items, hashed: [{"stub": Result.ok(labels)} for _ in items]


class Hanging:
    """Hangs until the test is over."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.entered = threading.Event()

    def __call__(self, *_: Any) -> Any:
        self.entered.set()
        self.released.wait(WAIT)
        raise RuntimeError("too late")


class Records:
    """A recorder that can be switched off."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.gone = False
        self.batches: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def record(self, records: Any, *, wait: bool = True) -> Any:
        if self.gone:
            raise StoreError("the database is gone")
        standing = self.inner.record(records, wait=wait)
        self.batches.append(len(records))
        return standing


class Book:
    """An account book that says what it is told."""

    def __init__(self, standing: Standing | Exception | None = None) -> None:
        self.said = standing or Standing()
        self.asked: list[str] = []
        self.settled: list[Any] = []

    def standing(self, account: str, kind: Any, surface: str | None) -> Standing:
        self.asked.append(account)
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def settle(self, connection: Any, records: Any) -> None:
        self.settled += records


class Rollouts:
    """Closed to every model but one."""

    def __init__(self, admission: Admission | Exception) -> None:
        self.said = admission
        self.observed: list[Any] = []

    def admit(self, model: str | None, account: str) -> Admission:
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def observe(self, connection: Any, records: Any) -> None:
        self.observed += records


class Messenger:
    """Says how it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def message(self, **asked: Any) -> Message:
        self.asked.append(asked)
        return Message(f"words {asked['tier']}", (), f"id-{asked['tier']}")
