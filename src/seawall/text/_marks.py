"""Bounds on combining marks, and the places where a text can be cut without changing its NFKC form.

`unicodedata.normalize` takes quadratic time on long runs of marks out of order; no run here is longer than Unicode's
stream-safe format allows.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

LONGEST_RUN = 30
"""Most marks on one letter that are kept, as in the stream-safe text format (UAX 15)."""

_LAST_MARK = 0x1F000
# Beyond are ideographs that stand for one other and join with nothing.
_LAST_COMPOSED = 0x20000
_JAMO = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))


@cache
def _is_mark() -> NDArray[np.bool_]:
    table = np.zeros(0x110000, np.bool_)
    table[:_LAST_MARK] = [unicodedata.combining(chr(code)) != 0 for code in range(_LAST_MARK)]
    # These decompose to marks.
    table[[0xFF9E, 0xFF9F]] = True
    return table


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def kept_marks(text: str) -> NDArray[np.int64] | None:
    """Return the positions of the characters that stay when long runs of marks are cut; None if all stay."""
    marks = _is_mark()[code_points(text)]
    if np.count_nonzero(marks) <= LONGEST_RUN:
        return None
    places = np.arange(len(marks))
    last_letter = np.maximum.accumulate(np.where(marks, -1, places))
    keep = places - last_letter <= LONGEST_RUN
    return None if keep.all() else np.flatnonzero(keep)


def without_floods(text: str) -> str:
    """Return a text in which no run of marks is longer than `LONGEST_RUN`."""
    kept = None if len(text) <= LONGEST_RUN or text.isascii() else kept_marks(text)
    if kept is None:
        return text
    return code_points(text)[kept].tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _joins_backwards() -> frozenset[str]:
    """Return the characters that can compose with, or be reordered before, what stands before them."""
    joining = {chr(code) for code in _JAMO}
    decomposed = []
    for code in range(_LAST_COMPOSED):
        character = chr(code)
        parts = unicodedata.decomposition(character)
        if unicodedata.combining(character):
            joining.add(character)
        elif parts:
            decomposed.append(character)
            if not parts.startswith("<") and len(pair := parts.split()) == 2:
                joining.add(chr(int(pair[1], 16)))
    joining.update(each for each in decomposed if unicodedata.normalize("NFKD", each)[0] in joining)
    return frozenset(joining)


def segments(text: str) -> list[int]:
    """Return where pieces begin whose NFKC forms, joined, are the NFKC form of the text."""
    joining = _joins_backwards()
    return [index for index, character in enumerate(text) if index == 0 or character not in joining]
