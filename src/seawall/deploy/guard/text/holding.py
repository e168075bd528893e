"""How much of a growing text is held back, and what has been found in it so far.

A text is read in windows that overlap, so that the cost grows with its length alone. What is released can no longer be
a part of anything that is still to be found: no term that is found whole begins in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seawall.text import Hit, Matches

EDGE = 16
"""Characters at the end of an unfinished text in which nothing is taken for a whole word or number yet."""

MARGIN = 48
"""Characters at the beginning of a window that only say what stands before."""

MOST_HELD = 4096
"""Most characters that are held back, however a text is stretched."""

_RUNS = re.compile(r"([^\W_])\1*")


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a growing text that is to be read.

    Attributes:
        text: The part.
        start: Where it begins in the whole.
        end: Where it ends.
        last: Whether nothing follows.
    """

    text: str
    start: int
    end: int
    last: bool


class HeldText:
    """A text that grows, of which only the end is kept.

    Args:
        hold_back: Characters that are held back at least.
        letters: Letters that the longest term may have.
        step: Characters that come together before they are read.
        most: Most new characters in one window.
    """

    def __init__(self, hold_back: int, letters: int, *, step: int, most: int = 1 << 15) -> None:
        self._least = hold_back
        self._letters = letters + EDGE
        self._step = max(step, MARGIN)
        self._most = most
        self._text = ""
        self._start = 0
        self._read = 0
        self._released = 0
        self._pieces: list[str] = []
        self._waiting = 0

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._start + len(self._text) + self._waiting

    @property
    def tail(self) -> str:
        """The end of the text, as far as it is kept."""
        self._gather()
        return self._text

    def add(self, text: str) -> None:
        """Take more."""
        if text:
            self._pieces.append(text)
            self._waiting += len(text)

    def window(self, *, last: bool) -> Window | None:
        """Return what is to be read next, or None if too little has come since.

        Args:
            last: Whether nothing follows.
        """
        # At the end, what was read is read once more: a word at the edge is whole now.
        rest = last and self._released < self.length
        if self.length - self._read < self._step and not rest:
            return None
        self._gather()
        end = min(self.length, self._read + self._most)
        return Window(self._text[: end - self._start], self._start, end, last and end == self.length)

    def took(self, window: Window) -> str:
        """Note that a window was read and is harmless; return what may be released."""
        self._gather()
        self._read = window.end
        text = self._text[: window.end - self._start]
        until = window.end if window.last else window.end - self._hold(text)
        begin = max(until, self._released)
        released = self._text[self._released - self._start : begin - self._start]
        self._released = begin
        keep = max(self._start, begin - MARGIN - EDGE)
        self._text = self._text[keep - self._start :]
        self._start = keep
        return released

    def _hold(self, text: str) -> int:
        """Return how many characters at the end of a text have to be held back."""
        length = self._least + EDGE
        while length < min(len(text), MOST_HELD):
            if len(_RUNS.findall(text[-length:])) >= self._letters:
                return length
            length *= 2
        return min(length, max(MOST_HELD, self._least + EDGE))

    def _gather(self) -> None:
        if self._pieces:
            self._text += "".join(self._pieces)
            self._pieces.clear()
            self._waiting = 0


class Found:
    """What was found in a text so far: of each term the first place and the last, which is all that counts."""

    def __init__(self) -> None:
        self._hits: dict[tuple[object, ...], tuple[Hit, Hit]] = {}
        self._abstained: str | None = None

    def take(self, matches: Matches, window: Window) -> bool:
        """Take what was found in a window; return whether that changes anything."""
        if matches.abstained is not None:
            changed, self._abstained = self._abstained is None, matches.abstained
            return changed
        changed = False
        for hit in matches.hits:
            if hit.start < MARGIN and window.start > 0:
                continue  # Seen whole before, or cut: what stands before it is not all here.
            if hit.end > len(window.text) - EDGE and not window.last:
                continue  # It may go on; it is read again with what follows.
            changed = self._keep(_moved(hit, window.start)) or changed
        return changed

    def matches(self) -> Matches:
        """Return what was found so far."""
        hits = dict.fromkeys(hit for pair in self._hits.values() for hit in pair)
        return Matches(tuple(hits), abstained=self._abstained)

    def _keep(self, hit: Hit) -> bool:
        key = hit.pack, hit.entry, hit.view
        known = self._hits.get(key)
        if known is None:
            self._hits[key] = hit, hit
            return True
        first, last = known
        if hit.start > last.start:
            self._hits[key] = first, hit
            return first is last
        return False


def _moved(hit: Hit, by: int) -> Hit:
    return Hit(
        hit.pack,
        hit.entry,
        hit.category,
        hit.language,
        hit.weight,
        hit.view,
        hit.start + by,
        hit.end + by,
        hit.drill,
    )


def joined(windows: Sequence[tuple[Matches, int]]) -> Matches:
    """Return what was found in windows that begin at these places of one text."""
    hits: dict[Hit, None] = {}
    truncated = False
    for matches, start in windows:
        if matches.abstained is not None:
            return matches
        truncated = truncated or matches.truncated
        hits |= dict.fromkeys(_moved(hit, start) for hit in matches.hits)
    return Matches(tuple(sorted(hits, key=lambda hit: (hit.start, hit.end))), truncated=truncated)
