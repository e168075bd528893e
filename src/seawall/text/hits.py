"""What was found in a text: where, and of which category; never which term."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

from seawall.text.views import View


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found in a text.

    Attributes:
        pack: Name of the pack.
        entry: Number of the term in the pack, for its owner; not the term.
        category: What it says.
        language: Language of the term, if it belongs to one.
        weight: How much it says.
        view: The first view that it was found in.
        start: Where it begins in the text as written.
        end: Where it ends there.
        drill: Whether it is a canary.
    """

    pack: str
    entry: int
    category: str
    language: str | None
    weight: float
    view: View
    start: int
    end: int
    drill: bool = False

    @property
    def second_signal_needed(self) -> bool:
        """Whether it was only found in the bare view, which alone says little."""
        return self.view is View.BARE


@dataclass(frozen=True, slots=True)
class Matches:
    """What was found in one text.

    Attributes:
        hits: In the order of the text.
        abstained: Why the text was not examined, if so: a stable code. Then there are no hits, which says nothing.
        truncated: Whether there were so many hits that only the first of each term are given.
    """

    hits: tuple[Hit, ...] = ()
    abstained: str | None = None
    truncated: bool = False

    def scores(self) -> dict[str, float]:
        """Return the largest weight by category.

        A hit of the bare view alone counts half, unless the text holds another hit elsewhere.
        """
        found: dict[str, float] = {}
        first_end = min((hit.end for hit in self.hits), default=0)
        last_start = max((hit.start for hit in self.hits), default=0)
        for hit in self.hits:
            elsewhere = first_end <= hit.start or hit.end <= last_start
            weight = hit.weight if elsewhere or not hit.second_signal_needed else hit.weight / 2
            found[hit.category] = max(found.get(hit.category, 0.0), weight)
        return found


def settled(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return hits in the order of the text; where a term is found in several views, the earliest view counts."""
    if len(hits) == 1:
        return tuple(hits)
    by_view: dict[View, list[Hit]] = {}
    for hit in hits:
        by_view.setdefault(hit.view, []).append(hit)
    if len(by_view) == 1:
        kept = list(dict.fromkeys(hits))
    else:
        kept = []
        taken: dict[tuple[str, int], _Spans] = {}
        for view in sorted(by_view, key=list(View).index):
            fresh = [
                hit
                for hit in dict.fromkeys(by_view[view])
                if (spans := taken.get((hit.pack, hit.entry))) is None or not spans.touch(hit.start, hit.end)
            ]
            for hit in fresh:
                taken.setdefault((hit.pack, hit.entry), _Spans()).add(hit.start, hit.end)
            kept += fresh
    return tuple(sorted(kept, key=lambda hit: (hit.start, hit.end, hit.pack, hit.entry)))


class _Spans:
    """Where one term has been found so far."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []
        self._widest = 0

    def add(self, start: int, end: int) -> None:
        insort(self._spans, (start, end))
        self._widest = max(self._widest, end - start)

    def touch(self, start: int, end: int) -> bool:
        """Return whether one of them overlaps with a part of the text."""
        first = bisect_left(self._spans, (start - self._widest, 0))
        last = bisect_left(self._spans, (end, 0))
        return any(stop > start for _, stop in self._spans[first:last])


def within(matches: Matches, first: str, second: str, window: int) -> bool:
    """Return whether hits of two categories stand close to each other.

    Where hits were too many to be given whole, both being there is enough.

    Args:
        matches: What was found.
        first: A category.
        second: Another.
        window: Most characters between the two, in the text as written.
    """
    spans = [sorted((hit.start, hit.end) for hit in matches.hits if hit.category == each) for each in (first, second)]
    ones, others = spans
    if not ones or not others:
        return False
    return matches.truncated or _close(ones, others, window) or _close(others, ones, window)


def _close(ones: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]], window: int) -> bool:
    """Return whether one of the others begins at or after one, within the window behind its end."""
    starts = [start for start, _ in others]
    for start, end in ones:
        place = bisect_left(starts, start)
        if place < len(starts) and starts[place] <= end + window:
            return True
    return False
