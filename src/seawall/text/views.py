"""The views of a text: what it says as written, and what it says once each way of hiding words is undone.

Every view keeps, for each of its characters, where it comes from, so that what is found in a view can be pointed at in
the text as it was written. This is the careful path, one text at a time; `_bulk` builds the same views of many texts
at once, without the maps, and the tests hold the two together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seawall.text._bare import MARKS, bare_text, trace
from seawall.text._fold import ASCII_DROPPED, ASCII_TABLE, FOLD, SEPARATOR
from seawall.text._marks import code_points, kept_marks, segments, without_floods

_Map = NDArray[np.int64]
_OVERRIDES = "\u202e\u202d"
_POP = "\u202c"
_SPACE = 0x20
_VOWEL_SIGNS = frozenset(map(ord, MARKS))
_SPACES = "  "


class View(StrEnum):
    """How a text is read. The order is that of trust: a term found in one view is not reported again for a later."""

    RAW = "raw"
    """As written: NFKC, case folded. Every script keeps all that it has."""
    FOLDED = "folded"
    """By its looks: marks, invisible characters and look-alikes of other scripts undone."""
    BIDI = "bidi"
    """Folded, with the runs that are shown from right to left by force turned round."""
    BARE = "bare"
    """Folded, digits read as letters, spaced letters joined, repetitions squeezed. Needs a second signal."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One view of a text.

    Attributes:
        view: Which.
        text: The view itself.
        starts: For each character of the view, where it begins in the text as written.
        ends: For each character of the view, where it ends there.
    """

    view: View
    text: str
    starts: _Map
    ends: _Map

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of the view stands in the text as written."""
        return int(self.starts[start:end].min()), int(self.ends[start:end].max())


def raw_text(text: str) -> str:
    """Return the raw view of a text."""
    cased = unicodedata.normalize("NFKC", without_floods(text)).casefold()
    return _one_space(_ascii(cased))


def folded_text(text: str) -> str:
    """Return the folded view of a text."""
    return _one_space(text.translate(FOLD))


def without_separators(text: str) -> str:
    """Return a text in which nothing can be taken for the end of a text."""
    return text.replace(SEPARATOR, "\x01")


def raw_view(text: str) -> Traced:
    """Return the raw view with its map."""
    if unicodedata.is_normalized("NFKC", text) and len(raw := raw_text(text)) == len(text.casefold()) == len(text):
        places = np.arange(len(text))
        return Traced(View.RAW, raw, places, places + 1)
    kept = kept_marks(text)
    calm = without_floods(text)
    begins = segments(calm)
    pieces = [
        _ascii(unicodedata.normalize("NFKC", calm[start:end]).casefold())
        for start, end in pairwise([*begins, len(calm)])
    ]
    places = np.array([*begins, len(calm)], np.int64)
    if kept is not None:
        places = np.append(kept, len(text))[places]
    return _traced(View.RAW, pieces, places[:-1], places[1:])


def folded_view(text: str) -> Traced:
    """Return the folded view with its map."""
    return _folded(text, np.arange(len(text)), View.FOLDED)


def bidi_view(text: str) -> Traced:
    """Return the folded view, with its map, of the text as it is shown."""
    order = visual_order(text)
    return _folded("".join(text[index] for index in order), np.array(order, np.int64), View.BIDI)


def turned_text(text: str) -> str:
    """Return the bidi view of a text."""
    return folded_text("".join(text[index] for index in visual_order(text)))


def views(text: str) -> list[Traced]:
    """Return the views of a text, in the order of `View`; one that is equal to the view before it is left out."""
    text = without_separators(text)
    raw, folded = raw_view(text), folded_view(text)
    found = [raw] if raw.text == folded.text else [raw, folded]
    sources = [folded]
    if has_overrides(text) and (bidi := bidi_view(text)).text != folded.text:
        found.append(bidi)
        sources.append(bidi)
    return found + [bare for source in sources if (bare := _bare(source)) is not None]


def has_overrides(text: str) -> bool:
    """Return whether a text forces the direction of a run."""
    return any(mark in text for mark in _OVERRIDES)


def visual_order(text: str) -> list[int]:
    """Return the places of the characters of a text with runs under a forced direction turned round.

    A run under a right-to-left override is turned. One under a left-to-right override is turned if its letters are of
    a script that runs from right to left. A run ends with its pop, with another override, or with its line.
    """
    order: list[int] = []
    run: list[int] = []
    forced = ""

    def close() -> None:
        turned = forced == _OVERRIDES[0] or any(unicodedata.bidirectional(text[index]) in ("R", "AL") for index in run)
        order.extend(_turned(text, run) if turned else run)
        run.clear()

    for index, character in enumerate(text):
        if character in _OVERRIDES or character in (_POP, "\n"):
            if forced:
                close()
            forced = character if character in _OVERRIDES else ""
            order.append(index)
        else:
            (run if forced else order).append(index)
    if forced:
        close()
    return order


def _turned(text: str, run: Sequence[int]) -> list[int]:
    """Return a run of places from its end to its beginning.

    A mark stays behind its letter, as it is shown; but where marks stand without a letter, the text was turned
    character by character, and so is the run.
    """
    is_mark = [ord(text[index]) in _VOWEL_SIGNS for index in run]
    if not any(is_mark):
        return list(reversed(run))
    before = [" ", *(text[index] for index in run)]
    if any(mark and not (before[place].isalpha() or is_mark[place - 1]) for place, mark in enumerate(is_mark)):
        return list(reversed(run))
    turned: list[int] = []
    end = len(run)
    for start in range(len(run) - 1, -1, -1):
        if not is_mark[start]:
            turned += run[start:end]
            end = start
    return turned


def _folded(text: str, places: _Map, view: View) -> Traced:
    return _traced(view, [FOLD[ord(character)] for character in text], places, places + 1)


def _traced(view: View, pieces: Sequence[str], starts: _Map, ends: _Map) -> Traced:
    """Return a view made of a piece for each part of the text, with one space where there are several."""
    text = "".join(pieces)
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    if view is not View.BIDI:
        # What left nothing, such as a mark, belongs to the character before it.
        kept = np.flatnonzero(lengths)
        ends = ends.copy()
        ends[kept] = np.append(starts[kept[1:]], ends[-1:])[: len(kept)]
    origin = np.repeat(np.arange(len(pieces)), lengths)
    spaces = code_points(text) == _SPACE
    spaces[1:] &= spaces[:-1].copy()
    spaces[:1] = False
    return Traced(view, _one_space(text), starts[origin[~spaces]], ends[origin[~spaces]])


def _bare(source: Traced) -> Traced | None:
    if bare_text(source.text) is None:
        return None
    bare = trace(source.text)
    starts = np.minimum.reduceat(source.starts[bare.places], bare.begins[:-1])
    ends = np.maximum.reduceat(source.ends[bare.places], bare.begins[:-1])
    return Traced(View.BARE, bare.text, starts, ends)


def _ascii(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass").translate(ASCII_TABLE, ASCII_DROPPED)
    return data.decode("utf-8", "surrogatepass")


def _one_space(text: str) -> str:
    while _SPACES in text:
        text = text.replace(_SPACES, " ")
    return text
