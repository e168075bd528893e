"""Which characters make up words, and of which kind: the ground for word boundaries.

Words of alphabetic scripts end where letters end. Scripts written without spaces have no such ends, and numbers have
them in every script: 15 years is not 115 years.
"""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from functools import lru_cache

# Scripts in which words are not set apart, or in which particles grow on them.
_UNSEGMENTED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul jamo
    (0x1780, 0x17FF),  # Khmer
    (0x19E0, 0x19FF),
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0x303F),
    (0x3040, 0xA4CF),  # kana, Bopomofo, Hangul letters, Han, Yi
    (0xA960, 0xA97F),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),
    (0xFF66, 0xFFDC),
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_HAN_NUMBERS = frozenset("〇零一二三四五六七八九十百千万萬两兩")


class Kind(IntEnum):
    """What a character is to a word."""

    NONE = 0
    LETTER = 1
    UNSEGMENTED = 2
    NUMBER = 3


@lru_cache(maxsize=4096)
def kind_of(character: str) -> Kind:
    """Return the kind of one character."""
    if character in _HAN_NUMBERS:
        return Kind.NUMBER
    category = unicodedata.category(character)
    if category == "Nd":
        return Kind.NUMBER
    if category[0] not in "LMN":
        return Kind.NONE
    code = ord(character)
    if any(first <= code <= last for first, last in _UNSEGMENTED):
        return Kind.UNSEGMENTED
    return Kind.LETTER


def is_segmented(text: str) -> bool:
    """Return whether a text is of scripts that set words apart."""
    return not any(kind_of(character) is Kind.UNSEGMENTED for character in text) and not holds_number(text)


def holds_number(text: str) -> bool:
    """Return whether there is a Han number in a text: numbers are never put together from parts."""
    return any(character in _HAN_NUMBERS for character in text)


def is_inside_word(before: Kind, first: Kind, *, whole: bool) -> bool:
    """Return whether two neighbours belong to one word, so that a term cannot begin or end between them.

    Args:
        before: The kind of the one.
        first: The kind of the other.
        whole: Whether the term is only found as a whole word. Numbers are never cut, either way.
    """
    if before is Kind.NUMBER and first is Kind.NUMBER:
        return True
    joined = (Kind.LETTER, Kind.NUMBER)
    return whole and before in joined and first in joined
