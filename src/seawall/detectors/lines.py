"""What `seawall detect` says of a file: a line for each detector, and what all lines together mean.

Lines hold scores and places, never content, and never what a detector makes of a single person's age.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from seawall.detectors.contract import Info, Modality, Result, Status
from seawall.detectors.described import model_digest
from seawall.detectors.host import Detectors
from seawall.detectors.inputs import FileInputs
from seawall.errors import ExitCode
from seawall.policy.classes import ADULT_SEXUAL, CHILD_DEPICTION, CSEM_PREFIX

FINDING_FROM = 0.5
"""A score from which a class counts as found, for the exit code alone; policies have thresholds of their own."""

_WORST_FIRST = (Status.ERROR, Status.UNSUPPORTED, Status.ABSTAIN, Status.SKIPPED, Status.OK)
_UNEXAMINED = frozenset({Status.ERROR.value, Status.UNSUPPORTED.value})


def file_lines(path: str, shown: FileInputs, detectors: Detectors, *, hashed: bool) -> Iterator[dict[str, Any]]:
    """Yield a line for each detector that looks at files of this kind.

    Args:
        path: The file, as it was named.
        shown: What it gives them to look at.
        detectors: The open detectors.
        hashed: Whether the file has passed the hash stage.
    """
    if shown.problem is not None:
        asked = [info for info in detectors.infos if shown.modality is None or shown.modality in info.modalities]
        for info in asked:
            yield _line(path, info, [shown.problem], shown)
        if not asked:
            yield _unasked(path, shown.problem)
        return
    answers = detectors.score(shown.inputs, hashed=hashed)
    asked = [info for info in detectors.infos if info.id in answers[0]]
    for info in asked:
        yield _line(path, info, [each[info.id] for each in answers], shown)
    if not asked:
        yield _unasked(path, Result.unsupported("no_detector"))


def exit_code(lines: Iterable[Mapping[str, Any]]) -> ExitCode:
    """Return the exit code that lines call for: 3 beats 1.

    A detector that abstains has looked; a file that nobody could be shown, or a detector that could not look, is 3.
    """
    found = False
    for line in lines:
        if line["status"] in _UNEXAMINED or not line["pictures"] + line["texts"]:
            return ExitCode.UNEXAMINED
        found = found or any(score >= FINDING_FROM and _counts(label) for label, score in line["labels"].items())
    return ExitCode.FINDINGS if found else ExitCode.CLEAN


def _counts(label: str) -> bool:
    return label in (ADULT_SEXUAL, CHILD_DEPICTION) or label.startswith(CSEM_PREFIX)


def _line(path: str, info: Info, results: Sequence[Result], shown: FileInputs) -> dict[str, Any]:
    worst = min(results, key=lambda result: _WORST_FIRST.index(result.status))
    labels: dict[str, float] = {}
    for result in results:
        for label, score in result.labels.items():
            labels[label] = max(score, labels.get(label, score))
    line: dict[str, Any] = {
        "path": path,
        "detector": info.id,
        "version": info.version,
        "status": worst.status.value,
        "reason": worst.reason,
        "labels": labels,
        "model_digest": model_digest(info.weights),
        "ms": round(sum(result.ms for result in results), 3),
        "pictures": len(shown.inputs) if shown.modality is Modality.IMAGE else 0,
        "texts": len(shown.inputs) if shown.modality is Modality.TEXT else 0,
        "flags": sorted(shown.flags),
        "requires_human_review": info.requires_human_review,
    }
    regions = [
        {"picture": number, "box": list(region.box), "label": region.label, "score": region.score}
        for number, result in enumerate(results)
        for region in result.regions
    ]
    return line | ({"regions": regions} if regions else {})


def _unasked(path: str, result: Result) -> dict[str, Any]:
    """Return the line of a file that no chosen detector looks at."""
    return {
        "path": path,
        "detector": None,
        "version": None,
        "status": result.status.value,
        "reason": result.reason,
        "labels": {},
        "model_digest": None,
        "ms": 0.0,
        "pictures": 0,
        "texts": 0,
        "flags": [],
        "requires_human_review": False,
    }
