"""What each character is read as, one at a time: the tables behind the views.

`FOLD` maps a character to what it looks like in small Latin letters and ASCII digits, or to itself. It is filled as
characters are met, so that importing it costs nothing; a character always folds alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

SEPARATOR = "\0"
"""Stands between the texts of a batch; no view moves, drops or joins it."""

ASCII_TABLE = bytes(
    0x20 if byte in b"\t\n\v\f\r\x1c\x1d\x1e\x1f-_" else byte + 0x20 if 0x41 <= byte <= 0x5A else byte
    for byte in range(256)
)
"""How every view reads ASCII: small letters; white space, hyphens and underscores are spaces. Safe on UTF-8."""

ASCII_DROPPED = bytes([*range(1, 9), *range(14, 28), 0x7F])
"""ASCII controls, which every view leaves out."""

_ASCII_TEXT = {index: chr(byte) for index, byte in enumerate(ASCII_TABLE[:128])} | dict.fromkeys(ASCII_DROPPED)

# Marks that only decorate a letter. Vowel signs of Indic and other scripts are no decoration: they stay.
_DECORATIONS = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x08D3, 0x08FF),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE20, 0xFE2F),
)
# Default-ignorable code points that are not of category Cf: variation selectors, fillers and the like.
_IGNORABLE = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0xE0000, 0xE0FFF),
)
_LATIN_BY_NAME = re.compile(
    r"(?:(?:NEGATIVE |CROSSED NEGATIVE )?(?:CIRCLED|SQUARED|PARENTHESIZED) LATIN (?:CAPITAL|SMALL) LETTER"
    r"|REGIONAL INDICATOR SYMBOL LETTER"
    r"|MODIFIER LETTER(?: SMALL| CAPITAL)?"
    r"|LATIN (?:SUBSCRIPT |EPIGRAPHIC )?(?:SMALL |CAPITAL )?LETTER(?: SMALL CAPITAL)?)"
    r"(?: (?:TURNED|REVERSED|SIDEWAYS|DOTLESS|LONG|SCRIPT|INVERTED|INSULAR|OPEN|CLOSED|BARRED|STRETCHED|DIAERESIZED"
    r"|LENIS|BLACKLETTER|VISIGOTHIC))*"
    r" ([A-Z]|ALPHA|IOTA|UPSILON|SCHWA|ETH|ENG|AE|OE|KRA)"
    r"(?: WITH .*)?"
)
_BY_LETTER_NAME = {"ALPHA": "a", "IOTA": "i", "UPSILON": "u", "SCHWA": "e", "ETH": "d", "ENG": "n", "KRA": "k"}


@cache
def lookalikes() -> dict[str, str]:
    """Return the Latin letter for each character of the hand-checked list."""
    table: dict[str, str] = {}
    for line in (files("seawall.text") / "data" / "lookalikes.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            letter, characters = line.split("\t")
            table |= dict.fromkeys(characters, letter)
    return table


def is_decoration(code: int) -> bool:
    """Return whether a code point is a mark that only decorates a letter."""
    return any(first <= code <= last for first, last in _DECORATIONS)


def fold_character(character: str) -> str:
    """Return what a character is read as in the folded view: nothing, one character or a few."""
    code = ord(character)
    if code < 0x80:
        return _ASCII_TEXT[code] or ""
    if (letter := _latin(character)) is not None:
        return letter
    category = unicodedata.category(character)
    if category == "Cf" or any(first <= code <= last for first, last in _IGNORABLE) or is_decoration(code):
        return ""
    if category == "Cc":
        return " " if character == "\x85" else ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] == "Z" or category == "Pd":
        return " "
    if category[0] == "L" or category[0] == "M":
        return _fold_letter(character)
    plain = unicodedata.normalize("NFKC", character)
    if plain != character:
        return "".join(map(fold_character, plain))
    return "." if category[0] in "PS" else character


def _fold_letter(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    if len(plain) > 1 or plain != character:
        return "".join(map(fold_character, plain))
    parts = unicodedata.normalize("NFD", character)
    kept = "".join(part for part in parts if not is_decoration(ord(part)))
    bare = unicodedata.normalize("NFC", kept)
    if bare not in (character, ""):
        return "".join(map(fold_character, bare))
    small = character.casefold()
    if small != character:
        return "".join(map(fold_character, small))
    return character


def _latin(character: str) -> str | None:
    if (letter := lookalikes().get(character)) is not None:
        return letter
    named = _LATIN_BY_NAME.fullmatch(unicodedata.name(character, ""))
    if named is None:
        return None
    return _BY_LETTER_NAME.get(named[1], named[1].lower())


class _Folding(dict[int, str]):
    """A table for `str.translate` that asks once for each character."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = fold_character(chr(code))
        return folded


FOLD = _Folding()
