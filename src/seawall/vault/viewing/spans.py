"""Parts of a video or a sound that were played: sets of milliseconds as disjoint spans in order.

Adding never takes anything away, and adding the same again changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Span = tuple[float, float]
"""From and to, in seconds."""

Whole = tuple[int, int]
"""From and to, in milliseconds."""

LONGEST_MS = 1000 * 3600 * 24 * 30
MOST_SPANS = 2000


def whole(spans: Iterable[Span]) -> list[Whole]:
    """Return spans in milliseconds, without those that are empty, backwards, or no numbers."""
    kept = []
    for start, end in spans:
        if math.isfinite(start) and math.isfinite(end):
            first, last = (min(max(0, round(moment * 1000)), LONGEST_MS) for moment in (start, end))
            if first < last:
                kept.append((first, last))
    return kept


def merged(spans: Iterable[Whole]) -> list[Whole]:
    """Return the same milliseconds as disjoint spans that do not touch, in order."""
    result: list[Whole] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def total(spans: Iterable[Whole]) -> int:
    """Return how many milliseconds disjoint spans cover."""
    return sum(end - start for start, end in spans)


def grown(known: Sequence[Whole], new: Iterable[Whole], most: int) -> list[Whole]:
    """Add spans, in the order given, up to a total.

    Args:
        known: Disjoint, in order.
        new: What to add.
        most: How many milliseconds there may be in all; what is known stays in any case.

    Returns:
        Disjoint spans in order; at most `MOST_SPANS`, unless there were more.
    """
    result = list(known)
    room = most - total(result)
    for start, end in new:
        for piece in _missing(result, start, end):
            if room <= 0 or len(result) >= MOST_SPANS:
                return result
            first, last = piece[0], min(piece[1], piece[0] + room)
            room -= last - first
            result = merged([*result, (first, last)])
    return result


def added(known: Sequence[Span], new: Sequence[Span]) -> tuple[Span, ...]:
    """Return the union of spans in seconds, merged and in order."""
    return seconds(merged([*whole(known), *whole(new)]))


def length(spans: Sequence[Span]) -> float:
    """Return how many seconds spans cover, each second once."""
    return total(merged(whole(spans))) / 1000


def seconds(spans: Iterable[Whole]) -> tuple[Span, ...]:
    """Return spans in seconds."""
    return tuple((start / 1000, end / 1000) for start, end in spans)


def _missing(known: Sequence[Whole], start: int, end: int) -> list[Whole]:
    """Return the parts of a span that disjoint spans in order do not cover."""
    gaps = []
    for first, last in known:
        if last <= start:
            continue
        if first >= end:
            break
        if first > start:
            gaps.append((start, first))
        start = max(start, last)
    if start < end:
        gaps.append((start, end))
    return gaps
