"""The views of many texts at once, for speed: whole buffers are translated, and only lines that can differ are built.

The views are those of `views.views`, without the maps; where something is found, that one text is traced again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from seawall.text._bare import EVERY, INSIDE, LETTERS, MARKS, READ_AS, bare_text
from seawall.text._fold import ASCII_DROPPED, ASCII_TABLE, FOLD, SEPARATOR
from seawall.text._marks import code_points, without_floods
from seawall.text.views import View, has_overrides, turned_text

_CODES = 0x110000
_LAST_LETTER = 0xD7FF
_LONGEST_CLUSTER = 4
_SPACE = 0x20
_WIDEST_GAP = 4
_SHORTEST = 2
_SEPARATOR_BYTE = SEPARATOR.encode()


@dataclass(frozen=True, slots=True)
class Lines:
    """One view of some texts, in one buffer.

    Attributes:
        view: Which.
        source: The view that it was made of; differs for `bare` alone.
        owners: Number of the text, by line.
        buffer: The lines in UTF-8, with a NUL between two.
        also_folded: By line, whether the folded view is the same; for `raw` alone.
    """

    view: View
    source: View
    owners: Sequence[int]
    buffer: bytes
    also_folded: Sequence[bool] = ()

    def begins(self) -> NDArray[np.int64]:
        """Return where each line begins."""
        ends = np.flatnonzero(np.frombuffer(self.buffer, np.uint8) == 0)
        return np.concatenate([np.zeros(1, np.int64), ends + 1])


def views_of(texts: Sequence[str], owners: Sequence[int]) -> list[Lines]:
    """Return the views of texts; a view of a text that is equal to an earlier one is left out.

    Args:
        texts: The texts.
        owners: A number for each.
    """
    plain = [index for index, text in enumerate(texts) if text.isascii()]
    found: list[Lines] = []
    if plain:
        found += _ascii_views([texts[index] for index in plain], [owners[index] for index in plain])
    if len(plain) < len(texts):
        others = sorted(set(range(len(texts))) - set(plain))
        found += _other_views([texts[index] for index in others], [owners[index] for index in others])
    return found


def _join(texts: Sequence[str]) -> str:
    joined = SEPARATOR.join(texts)
    if joined.count(SEPARATOR) != len(texts) - 1:
        joined = SEPARATOR.join(text.replace(SEPARATOR, "\x01") for text in texts)
    return joined


def _ascii_views(texts: Sequence[str], owners: Sequence[int]) -> list[Lines]:
    buffer = _one_space(_join(texts).encode().translate(ASCII_TABLE, ASCII_DROPPED))
    raw = Lines(View.RAW, View.RAW, owners, buffer, [True] * len(owners))
    return [raw, *_bare_lines(raw, View.FOLDED)]


def _other_views(texts: Sequence[str], owners: Sequence[int]) -> list[Lines]:
    joined = _join(texts)
    cased = unicodedata.normalize("NFKC", without_floods(joined)).casefold()
    raw = _one_space(cased.encode("utf-8", "surrogatepass").translate(ASCII_TABLE, ASCII_DROPPED))
    folded_text = joined.translate(FOLD)
    folded = _one_space(folded_text.encode("utf-8", "surrogatepass"))
    raw_lines, folded_lines = raw.split(_SEPARATOR_BYTE), folded.split(_SEPARATOR_BYTE)
    same = [one == other for one, other in zip(raw_lines, folded_lines, strict=True)]
    found = [Lines(View.RAW, View.RAW, owners, raw, same)]
    changed = [index for index, equal in enumerate(same) if not equal]
    if changed:
        found.append(_picked(View.FOLDED, folded_lines, changed, owners))
    every = Lines(View.FOLDED, View.FOLDED, owners, folded)
    found += _bare_lines(every, View.FOLDED)
    if has_overrides(joined):
        found += _bidi_views(texts, owners, folded_lines)
    return found


def _bidi_views(texts: Sequence[str], owners: Sequence[int], folded_lines: Sequence[bytes]) -> list[Lines]:
    lines: list[bytes] = []
    chosen: list[int] = []
    for index, text in enumerate(texts):
        if has_overrides(text):
            turned = turned_text(text.replace(SEPARATOR, "\x01")).encode("utf-8", "surrogatepass")
            if turned != folded_lines[index]:
                lines.append(turned)
                chosen.append(owners[index])
    if not lines:
        return []
    bidi = Lines(View.BIDI, View.BIDI, chosen, _SEPARATOR_BYTE.join(lines))
    return [bidi, *_bare_lines(bidi, View.BIDI)]


def _picked(view: View, lines: Sequence[bytes], chosen: Sequence[int], owners: Sequence[int]) -> Lines:
    buffer = _SEPARATOR_BYTE.join(lines[index] for index in chosen)
    return Lines(view, view, [owners[index] for index in chosen], buffer)


def _bare_lines(folded: Lines, source: View) -> list[Lines]:
    """Return the bare view of the lines that have one."""
    chosen = _candidates(folded.buffer)
    if not len(chosen):
        return []
    begins = [*folded.begins().tolist(), len(folded.buffer) + 1]
    lines: list[bytes] = []
    owners: list[int] = []
    for index in chosen.tolist():
        line = folded.buffer[begins[index] : begins[index + 1] - 1].decode("utf-8", "surrogatepass")
        bare = bare_text(line)
        if bare is not None:
            lines.append(bare.encode("utf-8", "surrogatepass"))
            owners.append(folded.owners[index])
    return [Lines(View.BARE, source, owners, _SEPARATOR_BYTE.join(lines))] if lines else []


def _candidates(buffer: bytes) -> NDArray[np.int64]:
    """Return the lines that may be spaced, spelt with signs or stretched; all that are, and a few more."""
    if len(buffer) < _SHORTEST:
        return np.zeros(0, np.int64)
    codes: NDArray[np.unsignedinteger]
    if buffer.isascii():
        codes = np.frombuffer(buffer, np.uint8)
        kinds = np.frombuffer(buffer.translate(_ascii_kinds()), np.uint8)
    else:
        codes = code_points(buffer.decode("utf-8", "surrogatepass"))
        kinds = _kinds()[codes]
    letter = kinds & _LETTER
    marked: list[NDArray[np.int64]] = []
    pair = codes[1:] == codes[:-1]
    marked.append(np.flatnonzero(pair[1:] & pair[:-1] & ((kinds[2:] & (_LETTER | _OTHER)) != 0)))
    # Kinds are bits: what may stand before a letter or behind one, and what may stand between two.
    near = ((kinds[1:] & _BEHIND) & (letter[:-1] << 1)) | ((kinds[:-1] & _BEFORE) & (letter[1:] << 2))
    marked.append(np.flatnonzero(near != 0))
    marked.append(np.flatnonzero(((kinds[1:-1] & _BETWEEN) & (letter[:-2] << 3) & (letter[2:] << 3)) != 0))
    is_mark = (kinds & _MARK) != 0
    if is_mark.any():
        marked += _repeated(codes, is_mark)
        bases = np.flatnonzero(~is_mark)
        marked.append(bases[_apart(kinds[bases])])
    else:
        marked.append(_apart(kinds))
    all_marked = np.concatenate(marked)
    if not len(all_marked):
        return all_marked
    ends = np.flatnonzero(codes == 0)
    return np.flatnonzero(np.bincount(np.searchsorted(ends, all_marked)))


def _apart(kinds: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return where three letters begin that stand apart, close to each other."""
    word = (kinds & _WORD) != 0
    alone = (kinds & _ONE) != 0
    alone[1:] &= ~word[:-1]
    alone[:-1] &= ~word[1:]
    places = np.flatnonzero(alone)
    close = np.diff(places) <= _WIDEST_GAP
    return places[:-2][close[1:] & close[:-1]] if len(places) > 2 else places[:0]


def _repeated(codes: NDArray[np.unsignedinteger], is_mark: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return where letters with marks may stand three times in a row."""
    found = []
    marks = np.flatnonzero(is_mark)
    for length in range(2, _LONGEST_CLUSTER + 1):
        near = marks[(marks > 0) & (marks < len(codes) - 2 * length)]
        near = near[codes[near] == codes[near + length]]
        near = near[codes[near] == codes[near + 2 * length]]
        before = codes[near - 1]
        found.append(near[(before == codes[near + length - 1]) & (before == codes[near + 2 * length - 1])])
    return found


_LETTER, _BEHIND, _BEFORE, _BETWEEN, _WORD, _ONE, _OTHER, _MARK = 1, 2, 4, 8, 16, 32, 64, 128


@cache
def _ascii_kinds() -> bytes:
    return _kinds_below(0x80).tobytes() + bytes(0x80)


@cache
def _kinds() -> NDArray[np.uint8]:
    return _kinds_below(_CODES)


def _kinds_below(limit: int) -> NDArray[np.uint8]:
    table = np.fromiter(map(str.isalnum, map(chr, range(limit))), np.uint8, limit) * np.uint8(_WORD)
    for letter in re.finditer(rf"[{LETTERS}]", "".join(map(chr, range(min(limit, _LAST_LETTER))))):
        table[letter.start()] |= _LETTER | _ONE
    for other in re.finditer(rf"[{EVERY}]", "".join(map(chr, range(min(limit, _LAST_LETTER))))):
        table[other.start()] |= _OTHER | _ONE
    for mark in MARKS:
        if ord(mark) < limit:
            table[ord(mark)] |= _MARK
    for sign in READ_AS:
        table[ord(sign)] |= _BEFORE | _ONE
        if sign.isdigit() or sign in "@$":
            table[ord(sign)] |= _BEHIND
    for sign in INSIDE:
        table[ord(sign)] |= _BETWEEN
    return table


def _one_space(buffer: bytes) -> bytes:
    space = np.frombuffer(buffer, np.uint8) == _SPACE
    if not (space[1:] & space[:-1]).any():
        return buffer
    while b"  " in buffer:
        buffer = buffer.replace(b"  ", b" ")
    return buffer
