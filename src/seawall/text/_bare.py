"""The bare view: letters that stand apart are joined, digits are read as letters, repeated letters are squeezed.

Squeezing and digits lose too much to match on directly (`teen` would become `ten`), so a text and a term are first
compared by their skeletons, and what agrees is then checked against the term letter by letter: a letter written three
times or more stands for any number of them, written once or twice for that number alone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seawall.text._marks import code_points

READ_AS = {
    "0": "o",
    "1": "i",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "g",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "i",
    "|": "i",
    "+": "t",
}
"""Signs that are read as a letter when they stand in a word."""

STRETCHED = 3
"""From so many on, repeated letters stand for any number."""

_LONGEST = 8
_FEWEST_LETTERS = 2
_TRAILING = "!+|"
_ALSO = (("1", "l"), ("!", "l"), ("|", "l"), ("6", "b"), ("9", "q"))
LETTERS = r"a-z\u00df-\u024f\u0370-\u03ff\u0400-\u0587\u05d0-\u05ea\u0620-\u064a\u0671-\u06d3\u10d0-\u10ff"
"""Letters of scripts that set words apart, and in which signs can be read as letters."""

UNSEGMENTED = "\u3041-\u3096\u30a1-\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
"""Letters of scripts that set no words apart: kana, Han, Hangul."""

INDIC = "\u0900-\u0963\u0971-\u0dff\u0e01-\u0e4e"
"""Letters of scripts whose vowels are marks on a letter, and the marks: Devanagari to Thai."""

MARKS = "".join(chr(code) for code in range(0x900, 0xE4F) if unicodedata.category(chr(code))[0] == "M")
"""The marks among them."""

EVERY = LETTERS + UNSEGMENTED + INDIC
"""Every letter of which a term can be looked for in the bare view."""

_ONE = rf"(?:[{EVERY}][{MARKS}]*|[0-9@$!|+])"
_GAP = r"[ .,*~/\\:;'\"()\[\]{}<>=&^%#?]{1,3}"
_EACH = re.compile(_ONE)
_APART = re.compile(
    rf"(?<![^\W_])(?<![{MARKS}]){_ONE}(?:{_GAP}{_ONE}){{2,}}(?![^\W_]|[{MARKS}])|[{UNSEGMENTED}](?:{_GAP}[{UNSEGMENTED}]){{4,}}"
)
_REPEATED = re.compile(rf"([{INDIC}][{MARKS}]*)\1{{2,}}")
INSIDE = ".*~^/:"
"""Signs that are passed over between two letters."""
_INSIDE = re.compile(rf"(?<=[{LETTERS}])[{re.escape(INSIDE)}](?=[{LETTERS}])")
_LETTER = re.compile(rf"[{EVERY}]")
_WORD = re.compile(r"(?:[^\W_]|[@$!|+])+")
_SPELT = re.compile(rf"[{LETTERS}][0-9@$]|[0-9@$!|+][{LETTERS}]")
_ALONE = re.compile(rf"(?<=[{LETTERS}][0-9@$] )[0-9@$](?![^\W_])|(?<![^\W_])[0-9@$](?= [0-9@$]?[{LETTERS}][0-9@$])")
_RUN = re.compile(r"(.)\1+", re.DOTALL)
_STRETCH = re.compile(rf"([{EVERY}][{MARKS}]*)\1\1")
_READ = str.maketrans(READ_AS | {"l": "i"})
_MERGED = str.maketrans({"l": "i"})


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The bare view of a folded text, with its map.

    Attributes:
        text: The skeleton.
        places: For each character of the folded text that is not a sign between letters, where it stands there.
        begins: For each character of the skeleton, where its run begins among them; and their number.
        written: The same characters, no run of them longer than need be.
        first: For each character of the skeleton, where its run begins in `written`; and its length.
        apart: For each character of the skeleton, the number of the part in which letters stood apart, so that nobody
            knows where words end; 0 elsewhere.
    """

    text: str
    places: NDArray[np.int64]
    begins: NDArray[np.int64]
    written: str
    first: NDArray[np.int64]
    apart: NDArray[np.int64]

    def spells(self, start: int, end: int, term: str) -> bool:
        """Return whether a part of the skeleton, as it is written, can be read as a term."""
        written = self.written[int(self.first[start]) : int(self.first[end])]
        # Where letters stood apart, an equal letter beside the term has become one with its own.
        among = bool(self.apart[start]) and self.apart[start] == self.apart[end - 1]
        return _pattern(term, among).fullmatch(written) is not None

    def folded_places(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of the skeleton stands in the folded text."""
        return int(self.places[self.begins[start]]), int(self.places[self.begins[end] - 1]) + 1


def bare_text(folded: str) -> str | None:
    """Return the skeleton of a folded text, or None if nothing in it is spaced, spelt with signs or stretched."""
    cuts, _ = _cuts(folded)
    text = folded
    if cuts:
        edges = [0, *(edge for cut in cuts for edge in cut), len(folded)]
        text = "".join(folded[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2))
    elif _STRETCH.search(text) is None and _SPELT.search(text) is None:
        return None
    return skeleton_of(text)


def skeleton_of(text: str) -> str:
    """Return a text with signs read as letters and repetitions squeezed; `l` and `i` are one letter in it."""
    return _RUN.sub(r"\1", _as_letters(text))


def trace(folded: str) -> Skeleton:
    """Return the skeleton of a folded text with its map."""
    cuts, apart = _cuts(folded)
    keep = np.ones(len(folded), np.bool_)
    for start, end in cuts:
        keep[start:end] = False
    places = np.flatnonzero(keep)
    joined = "".join(folded[place] for place in places)
    merged = code_points(_as_letters(joined))
    begins = np.flatnonzero(np.r_[True, merged[1:] != merged[:-1]]) if len(merged) else np.zeros(0, np.int64)
    lengths = np.diff(begins, append=len(merged))
    run = np.repeat(np.arange(len(begins)), lengths)
    short = np.arange(len(merged)) - begins[run] < _LONGEST
    after = np.cumsum(keep)
    parts = np.zeros(len(begins), np.int64)
    for number, (start, end) in enumerate(apart, 1):
        parts[run[after[start] - 1] : run[after[end - 1] - 1] + 1] = number
    return Skeleton(
        text=skeleton_of(joined),
        places=places,
        begins=np.append(begins, len(merged)),
        written="".join(joined[index] for index in np.flatnonzero(short)),
        first=np.concatenate([np.zeros(1, np.int64), np.cumsum(np.minimum(lengths, _LONGEST))]),
        apart=parts,
    )


@lru_cache(maxsize=4096)
def _pattern(term: str, among: bool) -> re.Pattern[str]:
    """Return the exact reading of a term; `among` others, its first and last letter may be more than one."""
    signs: dict[str, str] = {}
    for sign, letter in (*READ_AS.items(), *_ALSO):
        signs[letter] = signs.get(letter, "") + sign
    parts = []
    runs = list(re.finditer(r"(.)\1*", term, re.DOTALL))
    for run in runs:
        one = f"[{re.escape(run[1] + signs.get(run[1], ''))}]"
        more = "," if among and run in (runs[0], runs[-1]) else ""
        parts.append(f"(?:{one}{{{len(run[0])}{more}}}|{one}{{{STRETCHED},}})")
    return re.compile("".join(parts), re.DOTALL)


def _cuts(folded: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the parts to leave out, and the parts in which letters stand apart."""
    cuts: set[tuple[int, int]] = set()
    apart: list[tuple[int, int]] = []
    for found in _APART.finditer(folded):
        if len(_LETTER.findall(found[0])) < _FEWEST_LETTERS:
            continue
        apart.append(found.span())
        spans = [each.span() for each in _EACH.finditer(folded, *found.span())]
        cuts.update((before, after) for (_, before), (after, _) in pairwise(spans))
    cuts.update(found.span() for found in _INSIDE.finditer(folded))
    # A letter repeated with its marks is one: its characters alternate, so squeezing does not see them.
    cuts.update((found.end(1), found.end()) for found in _REPEATED.finditer(folded))
    return sorted(cuts), apart


def _as_letters(text: str) -> str:
    """Return a text, as long as it was, with the signs in words read as letters; numbers stay numbers.

    A sign that stands alone is read as a letter if a word beside it is spelt with signs.
    """
    if _SPELT.search(text) is None:
        return text.translate(_MERGED)
    return _WORD.sub(_read, _ALONE.sub(lambda sign: sign[0].translate(_READ), text))


def _read(word: re.Match[str]) -> str:
    text = word[0]
    if _SPELT.search(text) is None:
        return text.translate(_MERGED)
    core = text.rstrip(_TRAILING)
    return core.translate(_READ) + text[len(core) :]
