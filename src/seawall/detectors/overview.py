"""Every detector that there is and what keeps it from being used; and whether it answers its examples as it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seawall.detectors.contract import Result, Status
from seawall.detectors.described import READY, described
from seawall.detectors.gate import objection
from seawall.detectors.host import DetectorSet, open_detectors
from seawall.detectors.processes import weights_of
from seawall.detectors.registry import Problem, Registered, Registry
from seawall.detectors.weights import installed_weights
from seawall.settings import Settings

TOLERANCE = 0.25
"""How far a score may be from the one that an example expects."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a detector answered its own examples.

    Attributes:
        id: The detector.
        version: Its version.
        examples: How many it has.
        as_expected: How many it answered as it says.
        unanswered: How many it could not answer.
        reason: Why, for the first of those.
    """

    id: str
    version: str
    examples: int
    as_expected: int
    unanswered: int
    reason: str | None


def overview(settings: Settings) -> tuple[list[dict[str, Any]], tuple[Problem, ...]]:
    """Return what every detector says of itself and its state, and those that cannot be made."""
    registry = Registry(settings)
    found = [describe(each, registry, settings) for each in registry]
    return found, registry.problems


def describe(each: Registered, registry: Registry, settings: Settings) -> dict[str, Any]:
    """Return what a detector says of itself, its state, and the provenance gate's objection to it, if any."""
    standing = weights_of(each, installed_weights(settings))[1]
    state = READY if standing is None or standing.reason is None else standing.reason
    against = objection(each.info)
    if against is not None and each.info.id not in registry.configuration.allow_licence:
        state = "refused"
    return described(each.info, each.source, state) | {"objection": against}


def rehearse(chosen: DetectorSet) -> Iterator[Rehearsal]:
    """Have each detector answer its own harmless examples."""
    registry = chosen.registry()
    with open_detectors(chosen) as detectors:
        for info in detectors.infos:
            examples = list(registry[info.id].detector.examples())
            answers = detectors.score([item for item, _ in examples], hashed=True)
            got = [each.get(info.id, Result.unsupported("modality")) for each in answers]
            unanswered = [
                result
                for result, (_, expected) in zip(got, examples, strict=True)
                if result.status in (Status.ERROR, Status.UNSUPPORTED) and result.status is not expected.status
            ]
            good = sum(_alike(result, expected) for result, (_, expected) in zip(got, examples, strict=True))
            reason = unanswered[0].reason if unanswered else None
            yield Rehearsal(info.id, info.version, len(examples), good, len(unanswered), reason)


def _alike(result: Result, expected: Result) -> bool:
    if result.status is not expected.status:
        return False
    if expected.status is not Status.OK:
        return expected.reason in (None, result.reason)
    return all(
        abs(result.labels.get(label, float("inf")) - score) <= TOLERANCE for label, score in expected.labels.items()
    )
