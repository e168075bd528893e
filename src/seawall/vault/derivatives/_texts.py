"""A text on each rung: how many places of what, then its shape, then all but those places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from seawall.vault.derivatives.model import Mark

_COVER = "▒"
_MOST_MARKS = 10_000


def caption(text: str, marks: Sequence[Mark] | None) -> str:
    """Return how long a text is, and how many places there are of each category."""
    lines = [f"text: {len(text):,} characters, {len(text.split()):,} words, {text.count(chr(10)) + 1:,} lines"]
    if marks is None:
        return lines[0]
    counts = Counter(mark.category for mark in marks)
    lines += [f"{category}: {count:,}" for category, count in counts.most_common()] or ["no places were found in it"]
    return "\n".join(lines)


def covered(text: str) -> str:
    """Return the shape of a text: every letter, digit and sign covered, spaces and lines as they are."""
    return "".join(letter if letter in " \n" else _space(letter) for letter in text)


def redacted(text: str, marks: Sequence[Mark] | None, *, shape: bool) -> str:
    """Return a text without its places, each replaced by its category.

    Args:
        text: The text.
        marks: The places; None if nobody looked for any.
        shape: Cover the rest as well. If there are no places, that is done in any case: nobody knows what to hide.
    """
    marks = marks or ()
    if len(marks) > _MOST_MARKS:
        return covered(text)
    places = _merged(marks, len(text))
    cover = covered if shape or not places else str
    pieces, last = [], 0
    for start, end, categories in places:
        pieces += [cover(text[last:start]), f"[{', '.join(categories)}]"]
        last = end
    pieces.append(cover(text[last:]))
    return "".join(pieces)


def _space(letter: str) -> str:
    return " " if letter.isspace() else _COVER


def _merged(marks: Sequence[Mark], length: int) -> list[tuple[int, int, tuple[str, ...]]]:
    result: list[tuple[int, int, tuple[str, ...]]] = []
    for mark in sorted(marks, key=lambda each: (each.start, each.end)):
        start, end = max(0, mark.start), min(length, mark.end)
        if start >= end:
            continue
        if result and start < result[-1][1]:
            first, last, categories = result[-1]
            known = categories if mark.category in categories else (*categories, mark.category)
            result[-1] = (first, max(last, end), known)
        else:
            result.append((start, end, (mark.category,)))
    return result
