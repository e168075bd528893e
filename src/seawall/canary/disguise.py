"""Ways of hiding words in a text, for canaries: each does to a harmless sentence what evasion does to a forbidden one.

A disguise changes how a text is written, never what a reader sees in it or can sound out. Those that need letters of
one script leave other texts as they are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

Disguise = Callable[[str], str]

_CYRILLIC = str.maketrans("aceopxyisjABCEHKMOPTXYS", "асеорхуіѕјАВСЕНКМОРТХУЅ")
_GREEK = str.maketrans("aiouvnpktABEHIKMNOPTXYZ", "αιουνηρκτΑΒΕΗΙΚΜΝΟΡΤΧΥΖ")
_SMALL_CAPITALS = str.maketrans("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ")
_LEET = str.maketrans("aeiostAEIOST", "431057431057")
_HALF_WIDTH = str.maketrans({"ガ": "ｶﾞ", "ラ": "ﾗ", "ス": "ｽ"})
_ARABIC_FORMS = str.maketrans("ابدهوزحطيكلمنسعفصقرشتثخ", "ﺍﺏﺩﻩﻭﺯﺡﻁﻱﻙﻝﻡﻥﺱﻉﻑﺹﻕﺭﺵﺕﺙﺥ")
_ARABIC_MATHS = str.maketrans("بجوزحطيلمنسعفصقرشتثخ", "𞺡𞺢𞺥𞺦𞺧𞺨𞺩𞺫𞺬𞺭𞺮𞺯𞺰𞺱𞺲𞺳𞺴𞺵𞺶𞺷")
_HEBREW_FORMS = str.maketrans("אדהכלםרת", "ﬡﬢﬣﬤﬥﬦﬧﬨ")


def _letters(change: Callable[[str], str]) -> Disguise:
    """Change each letter with its marks by itself."""
    return lambda text: "".join(change(part) if part[0].isalpha() else part for part in clusters(text))


def clusters(text: str) -> list[str]:
    """Split a text into characters as a reader sees them: each with its marks and joiners."""
    found: list[str] = []
    for character in text:
        joined = found and (unicodedata.category(character)[0] == "M" or found[-1][-1] == "्")
        if joined:
            found[-1] += character
        else:
            found.append(character)
    return found


def _plane(upper: int, lower: int) -> Disguise:
    """Move ASCII letters to where Unicode has them again."""
    table = {ord("A") + place: upper + place for place in range(26)}
    table |= {ord("a") + place: lower + place for place in range(26)}
    return lambda text: text.translate(table)


def _full_width(text: str) -> str:
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    return text.translate(wide).translate(_HALF_WIDTH).translate(_ARABIC_FORMS).translate(_HEBREW_FORMS)


def _maths_bold(text: str) -> str:
    greek = {0x3B1 + place: 0x1D6C2 + place for place in range(25)} | {
        0x391 + place: 0x1D6A8 + place for place in range(25)
    }
    return _plane(0x1D400, 0x1D41A)(text).translate(greek).translate(_ARABIC_MATHS)


def _tags(part: str) -> str:
    return part + "\U000e0041"


def _accents(text: str) -> str:
    """Put on marks that the script knows, which readers overlook."""
    marks = {"LATIN": "\u0301", "GREEK": "\u0301", "ARABIC": "\u064e", "HEBREW": "\u05b7", "CYRILLIC": "\u0301"}

    def marked(part: str) -> str:
        script = unicodedata.name(part[0], "").split(" ")[0]
        return unicodedata.normalize("NFC", part + marks.get(script, ""))

    return _letters(marked)(text)


def _regional(text: str) -> str:
    return _plane(0x1F1E6, 0x1F1E6)(text)


def _between(sign: str) -> Disguise:
    def apart(text: str) -> str:
        words = text.split(" ")
        return (sign * 2 if sign == " " else " ").join(sign.join(clusters(word)) for word in words)

    return apart


def _tripled(part: str) -> str:
    return part * 3


def _overridden(text: str) -> str:
    return "\u202e" + "".join(reversed(clusters(text))) + "\u202c"


DISGUISES: Mapping[str, Disguise] = {
    "full-width": _full_width,
    "circled": _plane(0x24B6, 0x24D0),
    "maths-bold": _maths_bold,
    "cyrillic-lookalikes": lambda text: text.translate(_CYRILLIC),
    "greek-lookalikes": lambda text: text.translate(_GREEK),
    "zero-width-space": _letters(lambda part: part + "\u200b"),
    "soft-hyphen": _letters(lambda part: part + "\u00ad"),
    "tag-characters": _letters(_tags),
    "stacked-marks": _letters(lambda part: part + "\u0336\u0353\u0301"),
    "joiner-and-selector": _letters(lambda part: part + "\u200d\ufe0f"),
    "accents": _accents,
    "small-capitals": lambda text: text.lower().translate(_SMALL_CAPITALS),
    "regional-letters": _regional,
    "squared-letters": _plane(0x1F130, 0x1F130),
    "leet-digits": lambda text: text.translate(_LEET),
    "spaced": _between(" "),
    "dotted": _between("."),
    "tripled": _letters(_tripled),
    "right-to-left-override": _overridden,
}
"""Every disguise by name; the rows of the table that measures what text matching recovers."""


def disguise(text: str, name: str) -> str:
    """Return a text in a disguise.

    Args:
        text: A harmless text.
        name: Which, of `DISGUISES`.

    Raises:
        UsageError: If there is no such disguise.
    """
    from seawall.errors import UsageError

    if name not in DISGUISES:
        raise UsageError(f"unknown disguise {name!r}", hint="one of " + ", ".join(DISGUISES))
    return DISGUISES[name](text)
