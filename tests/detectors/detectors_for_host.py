"""Stand-in detectors that the host tests run: some work, some misbehave in every way they can."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seawall.detectors.contract import (
    Info,
    Input,
    LoadContext,
    Modality,
    Picture,
    Region,
    Result,
    Runs,
    ScoreKind,
    Status,
    Task,
    Text,
)
from seawall.detectors.errors import WeightsRefused

MARK = 13
"""A picture whose first value is this makes stand-ins misbehave."""

Answer = Callable[[Input], Any]


class StandIn:
    def __init__(self, name: str, answer: Answer, **more: Any) -> None:
        known: dict[str, Any] = {
            "id": name,
            "version": "1",
            "task": Task.CONTENT_SAFETY,
            "modalities": frozenset({Modality.IMAGE, Modality.TEXT}),
            "labels": ("adult_sexual", "brightness", "persons"),
            "score_kind": ScoreKind.PROBABILITY,
            "code_licence": "Apache-2.0",
        }
        self.info = Info(**known | more)
        self.answer = answer

    def load(self, context: LoadContext) -> None:
        self.context = context

    def score(self, items: Sequence[Input]) -> list[Result]:
        return [self.answer(item) for item in items]

    def close(self) -> None:
        pass

    def examples(self) -> Sequence[tuple[Input, Result]]:
        return ()


def marked(item: Input) -> bool:
    return isinstance(item, Picture) and int(item.pixels[0, 0, 0]) == MARK


def brightness(item: Input) -> Result:
    if isinstance(item, Text):
        return Result.ok({"brightness": float(len(item.text))})
    return Result.ok({"brightness": float(item.pixels.mean())})


def bright() -> StandIn:
    return StandIn("bright", brightness, max_batch=4)


def nothing() -> StandIn:
    return StandIn("nothing", lambda item: Result.ok({"brightness": 0.0}))


def pictures_only() -> StandIn:
    return StandIn("pictures-only", brightness, modalities=frozenset({Modality.IMAGE}))


def short_texts() -> StandIn:
    return StandIn("short-texts", brightness, modalities=frozenset({Modality.TEXT}), max_bytes=10)


def told(item: Input) -> Result:
    """Say what was given: sizes, moment, whether pixels can be written, language."""
    if isinstance(item, Text):
        return Result.ok({"brightness": float(len(item.language or ""))})
    sizes = [*item.pixels.shape, item.width, item.height, item.frame, item.time_s or 0]
    sizes.append(int(item.pixels.flags.writeable))
    return Result.ok({"brightness": 0.0}, [Region((0, 0, 1, 1), "seen", 1.0, dict(enumerated(sizes)))])


def enumerated(values: Sequence[float]) -> Mapping[str, float]:
    return {f"v{place}": float(value) for place, value in enumerate(values)}


def telling() -> StandIn:
    return StandIn("telling", told)


def _slow(item: Input) -> Result:
    if marked(item):
        time.sleep(60)
    return brightness(item)


def slow() -> StandIn:
    return StandIn("slow", _slow)


def _crashing(item: Input) -> Result:
    if marked(item):
        os._exit(3)
    return brightness(item)


def crashing() -> StandIn:
    return StandIn("crashing", _crashing)


class Sickly(StandIn):
    """Dies on its third call, whoever comes: no item is to blame."""

    calls = 0

    def score(self, items: Sequence[Input]) -> list[Result]:
        self.calls += 1
        if self.calls == 3:
            os._exit(3)
        return super().score(items)


def sickly() -> StandIn:
    return Sickly("sickly", brightness, max_batch=1)


def _hungry(item: Input) -> Result:
    if marked(item):
        bytearray(3 << 30)
    return brightness(item)


def hungry() -> StandIn:
    return StandIn("hungry", _hungry)


def _raising(item: Input) -> Result:
    if marked(item):
        raise ValueError("what it was given: zorblax")
    return brightness(item)


def raising() -> StandIn:
    return StandIn("raising", _raising)


class Miscounting(StandIn):
    def score(self, items: Sequence[Input]) -> list[Result]:
        return super().score(items)[:-1]


def miscounting() -> StandIn:
    return Miscounting("miscounting", brightness)


LIES: Mapping[str, Any] = {
    "nan": Result.ok({"brightness": float("nan")}),
    "infinite": Result.ok({"brightness": float("inf")}),
    "negative": Result.ok({"brightness": -0.1}),
    "huge": Result.ok({"brightness": 1e12}),
    "undeclared": Result.ok({"zorblax": 0.1}),
    "too-sure": Result.ok({"adult_sexual": 1.5}),
    "no-number": Result.ok({"brightness": "much"}),  # type: ignore[dict-item]
    "skipped": Result(Status.SKIPPED),
    "no-result": {"brightness": 1},
    "none": None,
    "outside": Result.ok({}, [Region((0, 0, 2, 1), "face", 1.0)]),
    "turned": Result.ok({}, [Region((1, 1, 0, 0), "face", 1.0)]),
    "talkative": Result.ok({}, [Region((0, 0, 1, 1), "what it saw, at length", 1.0)]),
    "nan-attribute": Result.ok({}, [Region((0, 0, 1, 1), "face", 1.0, {"age": float("nan")})]),
    "crowd": Result.ok({}, [Region((0, 0, 1, 1), "face", 1.0)] * 1001),
}


def lying() -> StandIn:
    """A text names the lie that it tells."""
    return StandIn("lying", lambda item: LIES[item.text] if isinstance(item, Text) else brightness(item))


def lying_here() -> StandIn:
    """The same in the caller's process."""
    found = lying()
    more = {"runs": Runs.WORKER, "sends_content_off_host": True}
    return StandIn("lying-here", found.answer, **more)


def _reasons(item: Input) -> Result:
    if isinstance(item, Text) and item.text == "content":
        return Result.abstain("It says: zorblax")
    return Result.abstain("too_dark")


def abstaining() -> StandIn:
    return StandIn("abstaining", _reasons)


def _failing(item: Input) -> Result:
    return Result.error("model_failed") if marked(item) else brightness(item)


def failing() -> StandIn:
    return StandIn("failing", _failing)


def _reach(item: Input) -> Result:
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=1).close()
    except PermissionError:
        return Result.abstain("no_network")
    except OSError:
        return Result.ok({"brightness": 1.0})
    return Result.ok({"brightness": 1.0})


def reaching() -> StandIn:
    return StandIn("reaching", _reach)


def _secret(item: Input) -> Result:
    try:
        Path(item.text if isinstance(item, Text) else "").read_bytes()
    except PermissionError:
        return Result.abstain("no_files")
    return Result.ok({"brightness": 1.0})


def peeking() -> StandIn:
    return StandIn("peeking", _secret)


def here() -> StandIn:
    """A plug-in that would like to run in the caller's process."""
    return StandIn("here", lambda item: Result.ok({"brightness": float(os.getpid() % 1000)}), runs=Runs.WORKER)


def confined() -> StandIn:
    return StandIn("confined", lambda item: Result.ok({"brightness": float(os.getpid() % 1000)}))


def abroad() -> StandIn:
    return StandIn("abroad", brightness, runs=Runs.WORKER, sends_content_off_host=True, offline=False)


class WithWeights(StandIn):
    def load(self, context: LoadContext) -> None:
        self.model = [context.weights.path(name, sha256).read_bytes() for name, sha256 in self.info.weights.items()]

    def score(self, items: Sequence[Input]) -> list[Result]:
        return [Result.ok({"brightness": float(len(self.model[0]))}) for _ in items]


MODEL = b"a model of the tests"


def weighty() -> StandIn:
    import hashlib

    weights = {"weighty.bin": hashlib.sha256(MODEL).hexdigest()}
    return WithWeights("weighty", brightness, weights=weights, weights_licence="MIT", weights_origin="tests")


class Unwilling(StandIn):
    def load(self, context: LoadContext) -> None:
        raise RuntimeError("no")


def unwilling() -> StandIn:
    return Unwilling("unwilling", brightness)


class Refused(StandIn):
    def load(self, context: LoadContext) -> None:
        raise WeightsRefused


def refused() -> StandIn:
    return Refused("refused", brightness)


def unlicensed() -> StandIn:
    return StandIn("unlicensed", brightness, code_licence="")


def agpl() -> StandIn:
    return StandIn("agpl", brightness, weights={"m.bin": "0" * 64}, weights_licence="AGPL-3.0-only")


def undigested() -> StandIn:
    return StandIn("undigested", brightness, weights_licence="MIT", weights_origin="somewhere")


def misnamed() -> StandIn:
    return StandIn("another", brightness)


def no_detector() -> object:
    return object()


def broken() -> object:
    raise RuntimeError("cannot be made")


NAMES = frozenset(
    name.replace("_", "-")
    for name, value in list(globals().items())
    if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == __name__
)
