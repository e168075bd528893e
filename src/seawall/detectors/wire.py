"""The form of questions and answers between the host and a detector process: plain JSON beside shared memory.

Pixels and texts lie in the memory; a question says where. Answers are rebuilt field by field, and checked afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from seawall.content.pictures import Picture
from seawall.detectors.contract import Input, Region, Result, Status, Text

_PICTURE, _TEXT = "p", "t"
_ERRORS = "surrogatepass"


class BadAnswer(Exception):
    """The detector process's answer makes no sense."""


def size_of(item: Input) -> int:
    """Return how many bytes of shared memory an item takes."""
    if isinstance(item, Picture):
        return item.pixels.nbytes
    return len(item.text) if item.text.isascii() else len(item.text.encode("utf-8", _ERRORS))


def put(items: Sequence[Input], memory: memoryview) -> list[list[Any]]:
    """Write items into shared memory, one after the other; return where each is.

    Raises:
        ValueError: If a picture's pixels are not as the contract says.
    """
    places: list[list[Any]] = []
    at = 0
    for item in items:
        if isinstance(item, Picture):
            pixels = item.pixels
            if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
                raise ValueError("a picture is uint8 (height, width, 3)")
            rows, columns = pixels.shape[:2]
            np.copyto(np.frombuffer(memory, np.uint8, pixels.size, at).reshape(pixels.shape), pixels)
            places.append([_PICTURE, at, rows, columns, item.width, item.height, item.frame, item.time_s])
            at += pixels.nbytes
        else:
            data = item.text.encode("utf-8", _ERRORS)
            memory[at : at + len(data)] = data
            places.append([_TEXT, at, len(data), item.language])
            at += len(data)
    return places


def take(places: Sequence[Sequence[Any]], memory: memoryview) -> list[Input]:
    """Return the items at these places; pictures are views that cannot be written."""
    return [_take(place, memory) for place in places]


def _take(place: Sequence[Any], memory: memoryview) -> Input:
    if place[0] == _TEXT:
        _, at, length, language = place
        return Text(str(memory[at : at + length], "utf-8", _ERRORS), language)
    _, at, rows, columns, width, height, frame, time_s = place
    pixels = np.frombuffer(memory, np.uint8, 3 * rows * columns, at).reshape(rows, columns, 3)
    return Picture(pixels, width, height, frame, time_s)


def to_plain(result: object) -> Any:
    """Return an answer as JSON can write it; None for what is no answer."""
    if not isinstance(result, Result):
        return None
    regions = [
        [[_plain(edge) for edge in each.box], str(each.label), _plain(each.score), _numbers(each.attrs)]
        for each in result.regions
    ]
    version = None if result.raw_version is None else str(result.raw_version)
    reason = None if result.reason is None else str(result.reason)
    return [str(result.status), _numbers(result.labels), regions, reason, version, _plain(result.ms)]


def from_plain(plain: Any) -> Result | None:
    """Return the answer that plain values write; None if they write none. Its values are still to be checked."""
    try:
        status, labels, regions, reason, version, ms = plain
        found = tuple(Region(tuple(box), label, score, dict(attrs)) for box, label, score, attrs in regions)
        return Result(Status(status), dict(labels), found, reason, version, ms)
    except (TypeError, ValueError):
        return None


def results_of(reply: Mapping[str, Any], count: int) -> list[Result | None]:
    """Return the answers in a reply.

    Raises:
        BadAnswer: If they are not as many as there were items.
    """
    plain = reply.get("results")
    if not isinstance(plain, list) or len(plain) != count:
        raise BadAnswer
    return [from_plain(each) for each in plain]


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {str(name): _plain(value) for name, value in values.items()}


def _plain(value: object) -> float | None:
    """Return a number that JSON has; None, which no check lets through, for anything else."""
    try:
        number = float(value)  # type: ignore[arg-type]  # a detector may give anything, such as a NumPy scalar
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
