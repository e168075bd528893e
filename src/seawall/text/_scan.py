"""One pass of an automaton over a buffer of many texts, in bounded memory, and the word boundaries of what it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seawall.text._classes import Kind, is_inside_word, kind_of
from seawall.text._terms import Automaton

_WINDOW = 1 << 18
_CONTINUED = 0xC0
_NON_ASCII = 0x80
_UNKNOWN = 255
_KINDS = np.array([kind_of(chr(byte)) if byte < _NON_ASCII else _UNKNOWN for byte in range(256)], np.uint8)
_COMMA = ord(",")
_DECIMAL = np.isin(np.arange(256), list(b".,"))


@dataclass(frozen=True, slots=True)
class Found:
    """Patterns found in a buffer; arrays of one length.

    Attributes:
        pattern: Number of the pattern.
        start: First byte.
        end: Byte behind the last.
    """

    pattern: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pattern)

    def only(self, chosen: NDArray[np.bool_]) -> Found:
        """Return some of them."""
        return Found(self.pattern[chosen], self.start[chosen], self.end[chosen])


def scan(automaton: Automaton, buffer: bytes, *, boundaries: bool = True) -> Found:
    """Return every pattern in a buffer, overlapping ones too.

    Args:
        automaton: The patterns.
        buffer: Texts, with a NUL between two.
        boundaries: Leave out what is a part of a word or a number.
    """
    parts: list[Found] = []
    for offset in range(0, len(buffer), _WINDOW):
        piece = buffer if len(buffer) <= _WINDOW else buffer[offset : offset + _WINDOW + automaton.longest]
        rows = automaton.find.find_matches_as_indexes(piece, overlapping=True)
        if not rows:
            continue
        table = np.array(rows, np.int64)
        found = Found(table[:, 0], table[:, 1] + offset, table[:, 2] + offset)
        # What begins behind the window is found again with the next one.
        found = found.only(table[:, 1] < _WINDOW)
        parts.append(_bounded(automaton, buffer, found) if boundaries else found)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        nothing = np.zeros(0, np.int64)
        return Found(nothing, nothing, nothing)
    return Found(
        np.concatenate([part.pattern for part in parts]),
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.end for part in parts]),
    )


def character_places(buffer: bytes) -> NDArray[np.int64]:
    """Return, for each byte and for the end, how many characters stand before it."""
    if buffer.isascii():
        return np.arange(len(buffer) + 1)
    begins = (np.frombuffer(buffer, np.uint8) & _CONTINUED) != _NON_ASCII
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(begins)])


def _bounded(automaton: Automaton, buffer: bytes, found: Found) -> Found:
    data = np.frombuffer(buffer, np.uint8)
    last = len(data) - 1
    before = np.where(found.start > 0, _KINDS[data[np.maximum(found.start - 1, 0)]], 0)
    after = np.where(found.end <= last, _KINDS[data[np.minimum(found.end, last)]], 0)
    for index in np.flatnonzero((before == _UNKNOWN) | (after == _UNKNOWN)):
        if before[index] == _UNKNOWN:
            before[index] = kind_of(_character_before(buffer, int(found.start[index])))
        if after[index] == _UNKNOWN:
            after[index] = kind_of(_character_at(buffer, int(found.end[index])))
    first, final = automaton.first[found.pattern], automaton.last[found.pattern]
    whole = automaton.whole[found.pattern]
    inside = _inside(before, first, whole) | _inside(after, final, whole)
    # The 5 of 2.5 is not a number of its own.
    earlier = data[np.maximum(found.start - 2, 0)]
    inside |= (
        (first == Kind.NUMBER)
        & (found.start > 1)
        & _DECIMAL[data[np.maximum(found.start - 1, 0)]]
        & (_KINDS[earlier] == Kind.NUMBER)
    )
    later = data[np.minimum(found.end + 1, last)]
    # Nor is the 1 of 1,000.
    inside |= (
        (final == Kind.NUMBER)
        & (found.end < last)
        & (data[np.minimum(found.end, last)] == _COMMA)
        & (_KINDS[later] == Kind.NUMBER)
    )
    return found.only(~inside)


def _inside(outer: NDArray[np.uint8], inner: NDArray[np.uint8], whole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what `is_inside_word` says, for many at once."""
    return _TABLE[outer, inner, whole.astype(np.uint8)]


_TABLE = np.array(
    [[[is_inside_word(one, other, whole=whole) for whole in (False, True)] for other in Kind] for one in Kind]
)


def _character_at(buffer: bytes, place: int) -> str:
    return buffer[place : place + 4].decode("utf-8", "ignore")[:1] or "\0"


def _character_before(buffer: bytes, place: int) -> str:
    start = max(place - 4, 0)
    while start < place and (buffer[start] & _CONTINUED) == _NON_ASCII:
        start += 1
    return buffer[start:place].decode("utf-8", "ignore")[-1:] or "\0"
