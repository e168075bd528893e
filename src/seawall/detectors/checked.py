"""What a detector answered, read as if it were hostile: only well-formed answers about declared labels get through.

A malformed answer becomes an error of that item; nothing that a detector writes can carry content further.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from seawall.detectors.contract import Info, Region, Result, Status
from seawall.policy.classes import ADULT_SEXUAL, CHILD_DEPICTION, CSEM_PREFIX, MINOR_REFERENCE, UNDER_21

BAD_ANSWER: Final = "bad_answer"
"""Reason of an answer that does not keep to the contract."""

UNSTATED: Final = "unstated"
"""Reason of an answer that should have given one."""

MAX_REGIONS = 1000
_MAX_NUMBER = 1e9
_MAX_ATTRS = 64
_REASON = re.compile(r"[a-z0-9_]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_SHARES = frozenset({ADULT_SEXUAL, CHILD_DEPICTION, UNDER_21, MINOR_REFERENCE})
_ROUNDING = 1e-6


def checked(results: Sequence[object], info: Info, ms: float) -> list[Result]:
    """Return answers as they may be passed on.

    Args:
        results: What the detector gave.
        info: What it says of itself.
        ms: Time that each took, should it not say.
    """
    declared = frozenset(info.labels)
    return [_checked(result, declared, ms) for result in results]


def _checked(result: object, declared: frozenset[str], ms: float) -> Result:
    if type(result) is not Result:
        return Result(Status.ERROR, reason=BAD_ANSWER, ms=ms)
    taken = result.ms if result.ms and _number(result.ms) else ms
    version = result.raw_version
    if version is not None and not (isinstance(version, str) and _NAME.fullmatch(version)):
        version = None
    if result.status is not Status.OK:
        return _not_ok(result, version, taken)
    try:
        labels = _labels(result.labels, declared)
        regions = tuple(_region(each) for each in result.regions) if result.regions else ()
    except (ValueError, TypeError, AttributeError):
        return Result(Status.ERROR, reason=BAD_ANSWER, raw_version=version, ms=taken)
    if len(regions) > MAX_REGIONS:
        return Result(Status.ERROR, reason=BAD_ANSWER, raw_version=version, ms=taken)
    return Result(Status.OK, labels, regions, None, version, taken)


def _not_ok(result: Result, version: str | None, ms: float) -> Result:
    if result.status not in (Status.ABSTAIN, Status.UNSUPPORTED, Status.ERROR):
        return Result(Status.ERROR, reason=BAD_ANSWER, raw_version=version, ms=ms)
    reason = result.reason
    told = reason if isinstance(reason, str) and _REASON.fullmatch(reason) else UNSTATED
    return Result(result.status, reason=told, raw_version=version, ms=ms)


def _labels(labels: Mapping[str, float], declared: frozenset[str]) -> dict[str, float]:
    """Return scores.

    Raises:
        ValueError: If a label is not declared, or a score is no number that it can have.
    """
    found = {}
    for label, score in labels.items():
        if type(score) is float and 0.0 <= score <= 1.0 and label in declared:
            found[label] = score  # nearly all are so, and texts come by the hundred thousand
            continue
        if label not in declared or not _number(score):
            raise ValueError("label or score")
        if score > 1 and (label in _SHARES or label.startswith(CSEM_PREFIX)):
            if score > 1 + _ROUNDING:
                raise ValueError("score")
            score = 1.0
        found[label] = float(score)
    return found


def _region(region: Region) -> Region:
    """Return a region.

    Raises:
        ValueError: If it is malformed.
    """
    box = tuple(_share(edge) for edge in region.box)
    if len(box) != 4 or box[0] > box[2] or box[1] > box[3]:
        raise ValueError("box")
    if not _NAME.fullmatch(region.label) or len(region.attrs) > _MAX_ATTRS:
        raise ValueError("label")
    if not all(_NAME.fullmatch(name) and _finite(value) for name, value in region.attrs.items()):
        raise ValueError("attrs")
    left, top, right, bottom = box
    attrs = {name: float(value) for name, value in region.attrs.items()}
    return Region((left, top, right, bottom), region.label, _share(region.score), attrs)


def _share(value: float) -> float:
    if not _number(value) or value > 1 + _ROUNDING:
        raise ValueError("share")
    return min(1.0, float(value))


def _number(value: object) -> bool:
    return _finite(value) and isinstance(value, int | float) and value >= 0


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and isfinite(value) and abs(value) <= _MAX_NUMBER
